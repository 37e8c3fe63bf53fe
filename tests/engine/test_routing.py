"""Who gets an event where hooks have filters: asked by the publisher, checked by the writer, held where a
filter cannot be read.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.engine.routing import Routing
from hub.ids import new_id
from hub.operations import replay_pages
from hub.operations.replay_pages import Span
from hub.rules import filters
from hub.rules.filters import Filter
from hub.rules.hook_fields import HookChange
from hub.rules.payload import Published
from hub.store import hooks, models
from hub.store.events import NewEvent
from tests.rigs.engine import Engine
from tests.rigs.receivers import Receiver
from tests.rigs.requesters import ADMIN
from tests.rigs.waiting import until

URL = "http://127.0.0.1:9/"


def only_if(text: str) -> Filter:
    found = filters.read(text)
    assert isinstance(found, Filter)
    return found


def data(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(database_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


def change(engine: Engine, hook_id: str, wanted: HookChange) -> None:
    def write() -> None:
        hook = hooks.locked(engine.database, hook_id)
        assert hook is not None
        hooks.update(engine.services.box, hook, wanted, engine.database.clock.now())

    engine.do(write)


def test_a_delivery_is_made_only_for_hooks_whose_filter_lets_the_event_through(engine: Engine) -> None:
    plain, three = engine.hook(URL), engine.hook(URL, filter=only_if("state = 3"))
    for _ in range(2):  # the writer asks the first time, the publisher from then on
        assert [one.deliveries for one in engine.publish(data=data(state=3))] == [2]
        assert [one.deliveries for one in engine.publish(data=data(state=2))] == [1]
    change(engine, three, HookChange(filter=only_if("state = 2")))
    assert [one.deliveries for one in engine.publish(data=data(state=2))] == [2]
    change(engine, three, HookChange(filter=None))
    assert [one.deliveries for one in engine.publish(data=data(state=9))] == [2]
    assert (len(engine.deliveries(plain)), len(engine.deliveries(three))) == (6, 4)


def test_a_filter_may_ask_for_the_source_that_took_an_event_in(engine: Engine) -> None:
    engine.hook(URL, filter=only_if('@source = "src_1"'))
    published = [Published("a.b", b"{}", None, None)]
    for source_id in ("src_1", "src_2", None) * 2:
        receipts = engine.services.intake.accept(
            engine.project.id, published, remembers_types=True, source_id=source_id
        ).result()
        assert [one.deliveries for one in receipts] == [int(source_id == "src_1")]
    assert engine.services.intake.takes_time(engine.project.id)


def test_what_the_publisher_found_is_asked_again_only_where_a_hook_has_changed_since(engine: Engine) -> None:
    three = engine.hook(URL, filter=only_if("state = 3"))
    routing = Routing()
    assert not routing.has_filters(engine.project.id)
    first = event(engine, state=3)
    routing.route_ahead([first])
    assert first.routed_by is None, "nothing is known in memory yet"
    engine.database.read(lambda: routing.route([first]))
    assert first.hook_ids == [three]
    assert routing.has_filters(engine.project.id)

    same, moved = event(engine, state=3), event(engine, state=3)
    routing.route_ahead([same, moved])
    same.data = moved.data = b"no JSON: whoever asks again fails"
    engine.database.read(lambda: routing.route([same]))
    assert same.hook_ids == [three]
    change(engine, three, HookChange(filter=only_if("state = 4")))
    moved.data = data(state=3)
    engine.database.read(lambda: routing.route([moved]))
    assert moved.hook_ids == []


def event(engine: Engine, **fields: Any) -> NewEvent:
    return NewEvent(new_id("evt"), engine.project.id, "a.b", 0.0, data(**fields))


def test_the_hubs_own_events_pass_filters_too(engine: Engine) -> None:
    off = engine.hook(URL, ["hook.*"], filter=only_if('state = "disabled"'))
    on = engine.hook(URL, ["hook.*"], filter=only_if('state = "active"'))
    third = engine.hook(URL, ["a.b"])
    engine.services.subscriptions.switch(ADMIN, engine.project, third, False)
    assert (len(engine.deliveries(off)), len(engine.deliveries(on))) == (1, 0)


def test_a_replay_takes_in_what_the_filter_lets_through_now(engine: Engine) -> None:
    hook_id = engine.hook(URL, filter=only_if("state = 3"))
    for state in (1, 2, 3, 2):
        engine.publish(data=data(state=state))
    change(engine, hook_id, HookChange(filter=only_if("state = 2")))
    hook = engine.database.read(lambda: hooks.get(hook_id))
    assert hook is not None
    assert replay_pages.replay(engine.database, hook, Span(0, 2e9), is_dry_run=False) == 2
    assert len(engine.deliveries(hook_id)) == 3


def test_a_filter_that_cannot_be_read_holds_its_hook_alone_and_lets_nothing_through(
    database_url: str, tmp_path: Path
) -> None:
    with Receiver() as receiver, Engine(database_url, tmp_path) as engine:
        hook_id = engine.hook(receiver.url, origin="page", filter=only_if("state = 3"))
        other = engine.hook(receiver.url)
        broken = {"filter_rows": '{"any": 7}', "routing": 10**6, "version": 7}
        engine.do(lambda: models.Hook.update(broken).where(models.Hook.id == hook_id).execute())
        engine.do(lambda: models.Project.update(routing_version=10**6).execute())
        engine.publish(data=data(state=2))
        engine.publish(data=data(state=3))
        until(lambda: engine.states(hook_id), lambda found: found == ["held", "held"])
        engine.settled(other)
        row = engine.row(hook_id)
        assert (row.state, row.consecutive_failures) == ("auto_disabled", 0)
        for said in (row.last_error, row.disabled_reason):
            assert "its filter cannot be read: filter.any must be a list" in str(said)
        assert [(one.failures, one.faults) for one in engine.deliveries(hook_id)] == [(0, 0)] * 2
        hook = engine.database.read(lambda: hooks.get(hook_id))
        with pytest.raises(Exception, match="cannot be read"):
            replay_pages.check_on(hook)

        mended = HookChange(filter=only_if("state = 3"))
        sent_before = len(receiver.requests)
        engine.services.subscriptions.update(ADMIN, engine.project, hook_id, mended)
        assert engine.row(hook_id).state == "active"
        until(lambda: sorted(engine.states(hook_id)), lambda found: found == ["delivered", "refused"])
        assert len(receiver.requests) == sent_before + 1
        refused = next(one for one in engine.deliveries(hook_id) if one.state == "refused")
        assert refused.reason == "not sent: the filter's row state = 3 failed"
