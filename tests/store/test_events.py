"""Events, their keys and their types."""

import threading

import pytest

from connectors.base import Event as SentEvent
from hub.errors import Conflict
from hub.ids import new_id
from hub.store import events
from hub.store.events import KEY_LIFETIME_S, EventHead, NewEvent
from hub.store.models import Delivery
from hub.timestamps import iso
from tests.rigs.stage import Stage


def take(store: Stage, key: str, event_id: str, project_id: int | None = None) -> str | None:
    digest = events.key_digest(key)
    return store.do(
        lambda: events.claim_key(
            store.database, project_id or store.project.id, digest, event_id, store.clock.now()
        )
    )


def test_an_event_is_written_with_a_delivery_for_each_of_its_hooks(store: Stage) -> None:
    hooks = [store.hook(), store.hook(), store.hook()]
    data = b'{ "a":1.10,\r\n"\xc3\xab":"\\u00eb" }'
    [event_id] = store.publish(hooks[:2], data=data)
    row = store.read(lambda: events.get(store.project.id, event_id))
    assert row is not None
    assert row.data == data
    assert store.read(lambda: events.head(store.project.id, event_id)) == EventHead(
        event_id, "story.create", store.clock.now(), len(data)
    )
    assert [store.states(hook) for hook in hooks] == [["waiting"], ["waiting"], []]
    assert store.read(lambda: events.count_deliveries(event_id)) == 2
    assert [store.row(hook).ready_at for hook in hooks] == [store.clock.now(), store.clock.now(), None]
    assert store.read(lambda: events.get(store.project.id + 1, event_id)) is None
    assert events.as_sent(row, "DEMO") == SentEvent(
        event_id, "story.create", iso(store.clock.now()), "DEMO", data
    )


def test_a_batch_is_written_as_one(store: Stage) -> None:
    same = new_id("evt")
    made = [
        NewEvent(same, store.project.id, "a.b", 0, b"{}"),
        NewEvent(same, store.project.id, "a.b", 0, b"{}"),
    ]
    with pytest.raises(Conflict):
        store.do(lambda: events.add(store.database, made, store.clock.now()))
    assert store.read(lambda: events.get(store.project.id, same)) is None


def test_a_key_answers_its_first_event_for_seven_days(store: Stage) -> None:
    assert take(store, "k", "evt_1") is None
    assert take(store, "k", "evt_2") == "evt_1"
    assert take(store, "other", "evt_2") is None
    assert take(store, "k", "evt_3", store.project.id + 1) is None, "keys are a project's own"
    store.clock.advance(KEY_LIFETIME_S)
    assert take(store, "k", "evt_4") == "evt_1"
    store.clock.advance(1)
    assert take(store, "k", "evt_5") is None
    assert take(store, "k", "evt_6") == "evt_5"


def test_of_two_who_take_a_key_at_once_one_gets_it(store: Stage) -> None:
    start = threading.Barrier(4)
    answers: dict[str, list[str | None]] = {}

    def race(name: str) -> None:
        start.wait()
        answers[name] = [take(store, f"key {n}", f"{name}-{n}") for n in range(25)]

    threads = [threading.Thread(target=race, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(25):
        winners = [name for name, given in answers.items() if given[n] is None]
        assert len(winners) == 1
        assert {given[n] for given in answers.values()} == {None, f"{winners[0]}-{n}"}


def test_any_text_can_be_a_key(store: Stage) -> None:
    for key in ("x" * 5000, "\0", "\ud800", "ключ", ""):
        assert take(store, key, "evt_1") is None
        assert take(store, key, "evt_2") == "evt_1"


def test_an_event_for_nobody_has_no_delivery(store: Stage) -> None:
    store.publish([])
    assert store.read(lambda: Delivery.select().count()) == 0
