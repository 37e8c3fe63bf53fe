"""Who may see a delivery, and when one may be sent again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Conflict, Invalid, NotFound
from hub.operations.replay_pages import Span
from hub.rules.access import Requester
from hub.store.history import Delivery
from tests.rigs.engine import Engine

MANAGER = Requester("manager", frozenset({"read", "manage"}))
APP = Requester("app", frozenset({"read", "subscribe"}), "zapier")
URL = "http://127.0.0.1:9/"
EVER = Span(0, 4e9)


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def one_delivery(engine: Engine, hook_id: str) -> Delivery:
    [found] = engine.services.deliveries.find(MANAGER, engine.project, hook_id=hook_id)
    return found


def test_a_delivery_is_seen_by_whoever_sees_its_hook(engine: Engine) -> None:
    theirs = engine.hook(URL, origin="app", origin_app="zapier")
    others = engine.hook(URL)
    event_id = engine.publish()[0].id
    deliveries = engine.services.deliveries
    assert len(deliveries.find(MANAGER, engine.project, event_id=event_id)) == 2
    seen = deliveries.find(APP, engine.project)
    assert [one.hook_id for one in seen] == [theirs]
    assert deliveries.get(APP, engine.project, seen[0].id) == seen[0]
    with pytest.raises(NotFound):
        deliveries.get(APP, engine.project, one_delivery(engine, others).id)
    with pytest.raises(NotFound):
        deliveries.find(APP, engine.project, hook_id=others)
    with pytest.raises(NotFound):
        deliveries.find(MANAGER, engine.project, event_id="evt_unknown")


def test_a_hook_that_is_off_is_sent_nothing_again(engine: Engine) -> None:
    hook = engine.hook(URL)
    engine.publish()
    delivery = one_delivery(engine, hook)
    engine.switch(hook, False)
    for again in (
        lambda: engine.services.deliveries.retry(MANAGER, engine.project, delivery.id),
        lambda: engine.services.deliveries.replay(MANAGER, engine.project, hook, EVER, is_dry_run=False),
        lambda: engine.services.deliveries.replay(MANAGER, engine.project, hook, EVER, is_dry_run=True),
    ):
        with pytest.raises(Conflict, match="switched off"):
            again()
    assert one_delivery(engine, hook).state == "held"


def test_a_span_is_understood_or_refused(engine: Engine) -> None:
    hook = engine.hook(URL, ["a.*"])
    for span, field in (
        (Span(2, 1), "until"),
        (Span(0, 1, type="a.*"), "type"),
        (Span(0, 1, type=""), "type"),
    ):
        with pytest.raises(Invalid) as refused:
            engine.services.deliveries.replay(MANAGER, engine.project, hook, span, is_dry_run=True)
        assert refused.value.errors[0][0] == field
