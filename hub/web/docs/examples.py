"""Bodies to copy, for the OpenAPI document: a story of one project, `TRAVEL`, whose hook hears of a new
story.

Owns nothing but these values. Every one is checked against its schema by the tests, and the requests against
a running hub.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from connectors.base import Event
from hub.web.api.hook_answers import HookAnswer, HookWithSecret, example_of

EVENT_ID = "evt_019ab2a6c1d27a3b9c4d5e6f708192a3"
DELIVERY_ID = "dlv_019ab2a6c1d87b4c8d5e6f708192a3b4"
TIME = "2026-11-23T21:04:06.123Z"
DATA = {"id": 23, "name": "Book a night train", "effort": 5}
SENT = Event(EVENT_ID, "story.create", TIME, "TRAVEL", msgspec.json.encode(DATA))

PUBLISH_ONE: dict[str, Any] = {
    "type": "story.create",
    "data": DATA,
    "id": "story-23-created",
    "occurred_at": TIME,
}
PUBLISH_MANY: list[dict[str, Any]] = [
    {"type": "story.create", "data": DATA},
    {"type": "story.update", "data": {**DATA, "effort": 8}},
]
PUBLISH_LINES = "".join(msgspec.json.encode(event).decode() + "\n" for event in PUBLISH_MANY)
RECEIPT: dict[str, Any] = {
    "id": EVENT_ID,
    "type": "story.create",
    "timestamp": TIME,
    "deliveries": 1,
    "duplicate": False,
    "deliver_at": None,
}
RECEIPTS: dict[str, Any] = {"accepted": 1, "events": [RECEIPT]}

ENVELOPE: dict[str, Any] = {
    "id": EVENT_ID,
    "type": "story.create",
    "timestamp": TIME,
    "project": "TRAVEL",
    "data": DATA,
}
HOOK = example_of(HookAnswer)
_SUBSCRIBED = example_of(HookWithSecret)


@dataclass(frozen=True, slots=True)
class Said:
    """What is shown for one call."""

    bodies: dict[str, Any] = field(default_factory=dict)
    answer: Any = None


SAID = {
    ("POST", "/hooks"): Said(
        {
            "one type": {"target_url": "https://example.com/hooks/stories", "events": ["story.create"]},
            "a pattern": {
                "target_url": "https://example.com/hooks/stories",
                "events": ["story.*", "task.*"],
                "name": "Stories and tasks",
            },
            "with a filter, as text": {
                "target_url": "https://example.com/hooks/stories",
                "events": ["story.*"],
                "filter": 'state = 3\nor\ntags = "urgent"',
            },
            "with a filter, as an object": {
                "target_url": "https://example.com/hooks/stories",
                "events": ["story.*"],
                "filter": {"any": [{"all": [{"field": "state", "op": "=", "value": 3}]}]},
            },
            "a chat, with a text of its own": {
                "target_url": "https://hooks.slack.com/services/T000/B000/XXXX",
                "events": ["story.create"],
                "format": "slack",
                "template": "*{{ name }}* is new",
            },
        },
        _SUBSCRIBED,
    ),
    ("GET", "/hooks"): Said(answer=[HOOK]),
    ("GET", "/hooks/{id}"): Said(answer=HOOK),
    ("PATCH", "/hooks/{id}"): Said(
        {"more events": {"events": ["story.*", "sprint.*"]}, "switch off": {"enabled": False}}, HOOK
    ),
    ("PUT", "/hooks/{id}"): Said({"another name": {"name": "Stories"}}, HOOK),
    ("DELETE", "/hooks/{id}"): Said(answer={"id": HOOK["id"], "deleted": True}),
    ("GET", "/hooks/{id}/samples"): Said(answer=[ENVELOPE]),
    ("GET", "/events"): Said(answer=[ENVELOPE]),
    ("GET", "/events/{id}"): Said(answer=ENVELOPE),
    ("POST", "/events/preview"): Said(
        {"an event": {"type": "story.create", "data": DATA}},
        {
            "matched": [HOOK["id"]],
            "not_matched": [{"id": "hook_019ab2a6b7c97f20a1b2c3d4e5f60718", "reason": "it wants sprint.*"}],
        },
    ),
    ("POST", "/hooks/preview"): Said(
        {
            "a filter": {
                "target_url": "https://example.com/hooks/stories",
                "events": ["story.*"],
                "filter": "state = 3",
                "event_id": EVENT_ID,
            }
        }
    ),
    ("POST", "/hooks/{id}/replay"): Said(
        {"since noon": {"since": "2026-11-23T12:00:00Z", "state": "failed"}}, {"count": 12, "dry_run": False}
    ),
    ("POST", "/schedules"): Said(
        {
            "nine o'clock on weekdays": {
                "name": "Morning report",
                "event_type": "report.due",
                "cron": "0 9 * * 1-5",
                "time_zone": "Europe/Berlin",
                "data": {"team": "A"},
            },
            "every hour": {"event_type": "report.due", "every_s": 3600},
        }
    ),
    ("POST", "/sources"): Said(
        {
            "GitHub": {"kind": "github", "name": "monorepo"},
            "a token in a header": {"kind": "token", "settings": {"header": "X-Token"}, "prefix": "shop"},
        }
    ),
    ("GET", "/me"): Said(
        answer={
            "id": "tok_019ab2a6a0b17c2d8e3f405162738495",
            "name": "deploy",
            "project": {"key": "TRAVEL", "name": "Travel"},
            "app": None,
            "scopes": ["publish", "subscribe"],
        }
    ),
}
_DETAILS: dict[int, tuple[str, str, list[dict[str, str]]]] = {
    401: ("No token", "send Authorization: Bearer TOKEN or X-API-Key: TOKEN", []),
    403: ("Scope missing", "this token may not do that: it needs the scope manage", []),
    404: ("No such hook", "there is no such hook", []),
    409: ("Another's hook", "this hook belongs to Zapier: by hand it can be viewed and tested", []),
    422: (
        "Wrong fields",
        "target_url: is missing: say where to send to",
        [{"field": "target_url", "message": "is missing: say where to send to"}],
    ),
}


def of(method: str, path: str) -> Said:
    return SAID.get((method, path), Said())


def phrase(status: int) -> str:
    """RFC 9110's words for a status; `http` had older ones for two of them before Python 3.13."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase


def problem(status: int) -> dict[str, Any]:
    title, detail, errors = _DETAILS.get(status, (phrase(status), phrase(status), []))
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors}
