"""What an app must not see looks exactly as if it were not there."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rigs.api import LiveHub
from tests.rigs.origins import ORIGINS, Json, Origins, origins_of
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


class _Statements(logging.Handler):
    """Every statement that names an id, in order: what is asked decides how long an answer takes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[Any, ...]]] = []
        self.lock_seen = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, tuple):
            sql, params = record.msg
            with self.lock_seen:
                self.seen.append((sql, tuple(params or ())))

    def about(self, some_id: str) -> list[str]:
        with self.lock_seen:
            return [sql for sql, params in self.seen if some_id in params]


@pytest.fixture
def statements() -> Iterator[_Statements]:
    handler, logger = _Statements(), logging.getLogger("peewee")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


UNKNOWN_HOOK = "hook_0199ffffffff7fffbfffffffffffffff"
UNKNOWN_DELIVERY = "dlv_0199ffffffff7fffbfffffffffffffff"
HIDDEN_CALLS: tuple[tuple[str, str, Json | None], ...] = (
    ("GET", "/hooks/{hook}", None),
    ("PATCH", "/hooks/{hook}", {"name": "x"}),
    ("PATCH", "/hooks/{hook}", {"enabled": False}),
    ("PATCH", "/hooks/{hook}", {"target_url": "http://127.0.0.1:4711/x", "handshake": "rest-hooks"}),
    ("PATCH", "/hooks/{hook}", {"events": ["Not A Type"]}),
    ("PUT", "/hooks/{hook}", {"name": "x"}),
    ("POST", "/hooks/{hook}/ping", None),
    ("POST", "/hooks/{hook}/enable", None),
    ("POST", "/hooks/{hook}/rotate-secret", {}),
    ("POST", "/hooks/{hook}/replay", {"since": "2020-01-01T00:00:00Z"}),
    ("POST", "/hooks/{hook}/take-over", None),
    ("GET", "/hooks/{hook}/samples", None),
    ("GET", "/hooks/{hook}/deliveries", None),
    ("GET", "/deliveries/{delivery}", None),
    ("POST", "/deliveries/{delivery}/retry", None),
    ("DELETE", "/hooks/{hook}", None),
)


def wait_until_parked(origins: Origins, hook_id: str) -> None:
    """Until the dispatcher has looked at it: from then on only calls ask the database about it."""
    until(lambda: origins.row(hook_id)["ready_at"], lambda ready_at: ready_at is None)


@pytest.mark.parametrize(("method", "path", "body"), HIDDEN_CALLS)
def test_another_apps_hook_is_answered_exactly_like_an_unknown_id(
    origins: Origins, statements: _Statements, method: str, path: str, body: Json | None
) -> None:
    hook_id = origins.make("switch")
    delivery_id = origins.delivery(hook_id)
    other = origins.clients["other"]
    wait_until_parked(origins, hook_id)
    ids = ({"hook": hook_id, "delivery": delivery_id}, {"hook": UNKNOWN_HOOK, "delivery": UNKNOWN_DELIVERY})
    statements.seen.clear()
    hidden, unknown = (other.request(method, path.format(**one), json=body) for one in ids)
    assert hidden.status_code in (403, 404, 422)
    assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content)
    assert {**hidden.headers, "date": ""} == {**unknown.headers, "date": ""}
    name = "delivery" if "delivery" in path else "hook"
    assert statements.about(ids[0][name]) == statements.about(ids[1][name])
    if hidden.status_code == 404:
        assert statements.about(ids[0][name])  # the comparison is not empty


def test_an_app_lists_its_own_hooks_and_deliveries_and_no_others(live: LiveHub, target: Receiver) -> None:
    origins = origins_of(live, target)
    made = {origin: origins.make(origin) for origin in ORIGINS}
    mine = (
        origins.clients["other"]
        .post("/hooks", json={"target_url": origins.target_url, "event": "*"})
        .json()["id"]
    )
    deliveries = {hook_id: origins.delivery(hook_id) for hook_id in [*made.values(), mine]}
    other = origins.clients["other"]
    assert [hook["id"] for hook in other.get("/hooks").json()] == [mine]
    assert [hook["id"] for hook in other.get("/hooks", params={"target_url": origins.target_url}).json()] == [
        mine
    ]
    assert [delivery["id"] for delivery in other.get("/deliveries").json()] == [deliveries[mine]]
    preview = other.post("/events/preview", json={"type": "a.b"}).json()
    assert preview == {"matched": [mine], "not_matched": []}
    subscribed = [hook["id"] for hook in origins.clients["subscribe"].get("/hooks").json()]
    assert sorted(subscribed) == sorted([made["api"], made["manual"]])
    seen = [hook["id"] for hook in origins.clients["read"].get("/hooks").json()]
    assert sorted(seen) == sorted([*made.values(), mine])


def test_an_apps_token_of_another_project_sees_nothing_of_it(live: LiveHub, origins: Origins) -> None:
    hook_id = origins.make("switch")
    stranger = live.client("subscribe", "read", project=live.project(), app="zapier")
    assert stranger.get(f"/hooks/{hook_id}").status_code == 404
    assert stranger.delete(f"/hooks/{hook_id}").status_code == 404
    assert stranger.get("/hooks", params={"project": origins.project}).status_code == 403
