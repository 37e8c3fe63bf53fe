"""What every publisher is held to, whichever door the event came through."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import Forbidden, Invalid
from hub.rules.access import Requester
from hub.rules.matching import OWN_EVENT_TYPES, PING_EVENT_TYPE
from hub.rules.payload import Published
from tests.rigs.engine import Engine
from tests.rigs.waiting import DEADLINE_S

PUBLISHER = Requester("somebody", frozenset({"publish"}))


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def event(code: str) -> Published:
    return Published(code, b"{}", None, None)


def test_an_event_is_written_and_its_receipt_given(engine: Engine) -> None:
    publishing = engine.services.publishing
    [receipt] = publishing.publish(PUBLISHER, engine.project, [event("story.create")]).result(DEADLINE_S)
    assert (receipt.type, receipt.deliveries, receipt.is_duplicate) == ("story.create", 0, False)
    assert [row.id for row in engine.events("story.create")] == [receipt.id]


@pytest.mark.parametrize("code", [*OWN_EVENT_TYPES, PING_EVENT_TYPE])
def test_the_hubs_own_types_are_refused_at_every_door(engine: Engine, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        engine.services.publishing.publish(PUBLISHER, engine.project, [event(code)])
    assert refused.value.errors == [("type", f"{code} is the hub's own: only the hub publishes it")]


def test_of_several_each_wrong_one_is_named_by_its_place_and_none_is_taken(engine: Engine) -> None:
    project = replace(engine.project, catalogue="icescrum")
    several = [event("story.create"), event("story.creat"), event("No")]
    with pytest.raises(Invalid) as refused:
        engine.services.publishing.publish_for(None, lambda ended: None, project, several, is_many=True)
    assert [field for field, _ in refused.value.errors] == ["[1].type", "[2].type"]
    assert "did you mean story.create?" in refused.value.errors[0][1]
    assert engine.events("story.create") == []


def test_it_needs_the_scope_and_an_open_project(engine: Engine) -> None:
    publishing = engine.services.publishing
    with pytest.raises(Forbidden, match="scope publish"):
        publishing.publish(Requester("reader", frozenset({"read"})), engine.project, [event("a.b")])
    with pytest.raises(Forbidden, match="archived"):
        publishing.publish(PUBLISHER, replace(engine.project, archived_at=1.0), [event("a.b")])
