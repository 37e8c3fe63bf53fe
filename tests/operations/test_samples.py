"""Samples: what a hook would get, before anything has happened and after."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.ids import new_id
from hub.rules.access import Requester
from hub.rules.matching import PING_EVENT_TYPE
from hub.store import events
from hub.store.events import NewEvent
from tests.rigs.engine import Engine

READER = Requester("reader", frozenset({"read"}))
URL = "http://127.0.0.1:9/"


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def samples(engine: Engine, hook_id: str, limit: int = 3) -> list[dict[str, object]]:
    found = engine.services.samples.find(READER, engine.project, hook_id, limit)
    return [json.loads(body) for body in found]


def test_the_newest_events_that_the_hook_wants_are_its_samples(engine: Engine) -> None:
    hook = engine.hook(URL, ["a.*"])
    for n, code in enumerate(("a.x", "b.x", "a.y", "a.x", "a.x")):
        engine.publish(code=code, data=b'{"n":%d}' % n)
    assert [(one["type"], one["data"]) for one in samples(engine, hook)] == [
        ("a.x", {"n": 4}),
        ("a.x", {"n": 3}),
        ("a.y", {"n": 2}),
    ]


def test_tests_are_no_samples(engine: Engine) -> None:
    ping = NewEvent(new_id("evt"), engine.project.id, PING_EVENT_TYPE, 0, b"{}")
    engine.do(lambda: events.add(engine.database, [ping], 0))
    assert [one["type"] for one in samples(engine, engine.hook(URL, ["hook.*"]))] == [
        "hook.disabled",
        "hook.enabled",
        "hook.gone",
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"), [("*", "example.event"), ("a.*", "a.example"), ("a.b", "a.b")]
)
def test_where_nothing_has_happened_an_example_is_made_up(
    engine: Engine, pattern: str, expected: str
) -> None:
    assert [one["type"] for one in samples(engine, engine.hook(URL, [pattern]))] == [expected]


def test_a_declared_type_is_an_example_before_its_first_event(engine: Engine) -> None:
    manager = Requester("manager", frozenset({"manage"}))
    engine.services.event_types.declare(manager, engine.project, "a.declared", "", "")
    assert [one["type"] for one in samples(engine, engine.hook(URL, ["a.*"]))] == ["a.declared"]
