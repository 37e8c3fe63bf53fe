"""The calls about hooks.

Owns the shape of a hook's answers. It must never decide who may do what: `subscriptions` does, for every door
alike.
"""

import json
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field

from connectors import registry
from connectors.base import Event
from connectors.icescrum.catalogue import examples
from hub.engine.delivery import MASK
from hub.errors import Invalid
from hub.operations import ping
from hub.operations.subscriptions import OVERLAP_HOURS_DEFAULT, OVERLAP_HOURS_MAX, Asker, Made, origin_of
from hub.rules import catalogue
from hub.rules.access import refusal
from hub.rules.matching import OWN_EVENT_TYPES, matches
from hub.store import events, history, hooks
from hub.store.models import Hook
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import PAGED, Answer, Ask, Call, Parameter
from hub.web.api.events import hidden_types
from hub.web.api.models import Deleted, HookAnswer, HookFields, HookWithSecret, Input, NewHook, Secret

STATES = ("active", "failing", "disabled", "auto_disabled", "gone")
SAMPLES_MAX = 10
_SAMPLES_SEARCHED = 500
_NEVER_NULL = ("target_url", "events", "verify_ssl", "format", "enabled", "manual_edit")
_EXAMPLE_ID = "evt_00000000000070008000{:012x}"


def asker_of(ask: Ask) -> Asker:
    return Asker(ask.party, ask.actor, ask.project)


def hook_answer(
    ask: Ask, hook: Hook, secret: str | None = None, shows_secret: bool = False
) -> dict[str, Any]:
    """A hook as the API shows it; on the calling thread's connection."""
    body = {
        "id": hook.id,
        "target_url": hook.target_url,
        "events": json.loads(str(hook.events)),
        "name": hook.name,
        "enabled": hook.state in ("active", "failing"),
        "verify_ssl": bool(hook.verify_ssl),
        "format": hook.format,
        "headers": dict.fromkeys(_header_names(ask, hook), MASK),
        "manual_edit": bool(hook.manual_edit),
        "handshake": hook.handshake,
        "state": hook.state,
        "has_secret": bool(hook.secrets),
        "origin": {
            "kind": hook.origin_kind,
            "app": hook.origin_app,
            "created_by": hook.created_by,
            "created_at": iso(hook.created_at),
        },
        "can_edit": refusal(ask.party, origin_of(hook), "edit") is None,
        "consecutive_failures": hook.consecutive_failures,
        "last_error": hook.last_error,
        "last_success_at": iso_or_none(hook.last_success_at),
        "disabled_reason": hook.disabled_reason,
        "next_attempt_at": _next_attempt_at(ask, hook),
        "created_at": iso(hook.created_at),
        "updated_at": iso(hook.updated_at),
    }
    return {**body, "secret": secret} if shows_secret else body


def _header_names(ask: Ask, hook: Hook) -> list[str]:
    if not hook.headers:
        return []
    try:
        return list(hooks.headers_of(ask.services.box, hook))
    except Exception:  # sealed with another key: the hook can still be looked at, and mended
        return []


def _next_attempt_at(ask: Ask, hook: Hook) -> str | None:
    if hook.state != "failing":
        return None
    first = ask.services.database.read(lambda: history.first_retry_at(str(hook.id)))
    return iso_or_none(hooks.next_attempt_at(hook, first))


def _made(ask: Ask, made: Made, status: int) -> Answer:
    headers = {"Location": ask.url(f"/api/v1/hooks/{made.hook.id}")} if status == 201 else {}
    return Answer(
        hook_answer(ask, made.hook, made.secret, status == 201 or made.secret is not None), status, headers
    )


def create(ask: Ask) -> Answer:
    fields = ask.body.model_dump(exclude_unset=True)
    return _made(ask, ask.services.subscriptions.make(asker_of(ask), fields), 201)


def list_hooks(ask: Ask) -> Answer:
    filters = {name: ask.query[name] for name in ("target_url", "state", "before") if name in ask.query}
    rows = ask.services.subscriptions.find(asker_of(ask), **filters, limit=ask.limit)
    return ask.page(rows, [hook_answer(ask, row) for row in rows])


def get(ask: Ask) -> Answer:
    return Answer(hook_answer(ask, ask.services.subscriptions.get(asker_of(ask), ask.path["id"])))


def change(ask: Ask) -> Answer:
    fields = ask.body.model_dump(exclude_unset=True)
    empty = [(name, "must not be null") for name in _NEVER_NULL if name in fields and fields[name] is None]
    if empty:
        raise Invalid(empty)
    for name, nothing in (("name", ""), ("headers", {})):
        if name in fields and fields[name] is None:
            fields[name] = nothing
    return _made(ask, ask.services.subscriptions.change(asker_of(ask), ask.path["id"], fields), 200)


def delete(ask: Ask) -> Answer:
    ask.services.subscriptions.delete(asker_of(ask), ask.path["id"])
    return Answer({"id": ask.path["id"], "deleted": True})


def enable(ask: Ask) -> Answer:
    return Answer(hook_answer(ask, ask.services.subscriptions.switch(asker_of(ask), ask.path["id"], True)))


def disable(ask: Ask) -> Answer:
    return Answer(hook_answer(ask, ask.services.subscriptions.switch(asker_of(ask), ask.path["id"], False)))


def take_over(ask: Ask) -> Answer:
    return Answer(hook_answer(ask, ask.services.subscriptions.take_over(asker_of(ask), ask.path["id"])))


class RotateInput(Input):
    secret: Secret | None = Field(None, description="Yours; without it one is made")
    overlap_hours: Annotated[float, Field(ge=0, le=OVERLAP_HOURS_MAX)] = OVERLAP_HOURS_DEFAULT


def rotate(ask: Ask) -> Answer:
    made = ask.services.subscriptions.rotate(
        asker_of(ask), ask.path["id"], ask.body.secret, ask.body.overlap_hours
    )
    return _made(ask, made, 200)


def send_ping(ask: Ask) -> Answer:
    hook = ask.services.subscriptions.check(asker_of(ask), ask.path["id"], "test")
    services = ask.services
    sent = ping.ping(services.database, services.box, services.outbound, ask.project, hook)
    outcome = sent.outcome
    return Answer(
        {
            "hook_id": hook.id,
            "delivery_id": sent.delivery_id,
            "event_id": sent.event_id,
            "success": outcome.kind == "success",
            "status": outcome.status,
            "reason": outcome.reason,
            "phase": outcome.phase,
            "duration_ms": round(outcome.duration_s * 1000, 1),
        }
    )


class PingAnswer(BaseModel):
    hook_id: str
    delivery_id: str
    event_id: str
    success: bool
    status: int | None
    reason: str | None
    phase: str
    duration_ms: float


def samples(ask: Ask) -> Answer:
    """What this hook would have got: recent events, or examples where there are none."""
    hook = ask.services.subscriptions.get(asker_of(ask), ask.path["id"])
    patterns = json.loads(str(hook.events))
    limit = int(ask.query.get("limit", 3))
    hidden = hidden_types(ask.party)

    def is_wanted(code: str) -> bool:
        return code not in hidden and any(matches(pattern, code) for pattern in patterns)

    rows = ask.services.database.read(
        lambda: events.newest_wanted(ask.project.id, is_wanted, _SAMPLES_SEARCHED, limit)
    )
    sent = [events.as_sent(row, ask.project.key) for row in rows] or _examples(ask, patterns, limit)
    form = registry.format_of(str(hook.format))
    return Answer([msgspec.Raw(form.body(event)) for event in sent])


def _examples(ask: Ask, patterns: list[str], limit: int) -> list[Event]:
    known = catalogue.types_of(ask.project.catalogue)
    if known is None:
        seen = ask.services.database.read(lambda: events.types_of(ask.project.id))
        codes = [str(row.code) for row in seen] or ["example.event"]
    else:
        codes = list(known)
    codes += list(OWN_EVENT_TYPES)
    chosen = [code for code in codes if any(matches(pattern, code) for pattern in patterns)]
    chosen = chosen or [
        pattern.removesuffix(".*") + ".example" if pattern.endswith(".*") else pattern for pattern in patterns
    ]
    now = iso(ask.services.database.clock.now())
    return [
        Event(_EXAMPLE_ID.format(n), code, now, ask.project.key, examples(code))
        for n, code in enumerate(chosen[:limit], 1)
    ]


_FILTERS = (
    Parameter("target_url", "Only hooks with exactly this target"),
    Parameter(
        "state",
        "Only hooks in this state; gone ones are listed only so",
        {"type": "string", "enum": list(STATES)},
    ),
    *PAGED,
)
_SAMPLES = Parameter(
    "limit", "How many at the most", {"type": "integer", "minimum": 1, "maximum": SAMPLES_MAX, "default": 3}
)
_OWN = ("subscribe", "manage")
_LOOK = ("subscribe", "read", "manage")

CALLS = (
    Call("GET", "/hooks", list_hooks, "Hooks, newest first", _LOOK, list[HookAnswer], query=_FILTERS),
    Call("POST", "/hooks", create, "Subscribe", _OWN, HookWithSecret, 201, NewHook, problems=(409,)),
    Call("GET", "/hooks/{id}", get, "One hook", _LOOK, HookAnswer),
    Call("PATCH", "/hooks/{id}", change, "Change a hook", _OWN, HookWithSecret, body=HookFields, problems=(409,)),
    Call("PUT", "/hooks/{id}", change, "Change a hook: the same as PATCH", _OWN, HookWithSecret, body=HookFields, problems=(409,)),
    Call("DELETE", "/hooks/{id}", delete, "Unsubscribe", _OWN, Deleted, problems=(409,)),
    Call("POST", "/hooks/{id}/enable", enable, "Switch a hook on; what was held is sent", ("manage",), HookAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/disable", disable, "Switch a hook off", ("manage",), HookAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/ping", send_ping, "Send a test, once", _OWN, PingAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/rotate-secret", rotate, "Give a hook a new secret", ("manage",), HookWithSecret,
         body=RotateInput, is_body_optional=True, problems=(409,)),
    Call("POST", "/hooks/{id}/take-over", take_over, "Make an app's hook the page's", ("manage",), HookAnswer, problems=(409,)),
    Call("GET", "/hooks/{id}/samples", samples, "Payloads exactly as this hook would get them", _LOOK, list[dict[str, Any]],
         query=(_SAMPLES,)),
)  # fmt: skip
