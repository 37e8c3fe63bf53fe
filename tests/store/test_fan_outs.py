"""Large fan-outs: what is promised with its event is written once, in order, whatever comes between."""

import time
from collections import Counter

import pytest

from hub.ids import new_id
from hub.rules.pace import Entry
from hub.rules.settings import Settings
from hub.store import events, fan_outs, history, lanes, retention
from hub.store.events import NewEvent
from hub.store.fan_outs import AT_ONCE_MAX, PART_MAX
from hub.store.models import Delivery, Event, FanOut
from tests.rigs.stage import Stage

WIDE = AT_ONCE_MAX + PART_MAX // 2


def hooks_of(count: int) -> list[str]:
    """Nothing here asks for their rows."""
    return [new_id("hook") for _ in range(count)]


def accept(store: Stage, hook_ids: list[str], count: int = 1, **more: object) -> list[str]:
    """As `Stage.publish`, without writing what was put off."""
    made = [
        NewEvent(new_id("evt"), store.project.id, "a.b", store.clock.now(), b"{}", list(hook_ids), **more)  # type: ignore[arg-type]
        for _ in range(count)
    ]
    store.do(lambda: events.add(store.database, made, store.clock.now()))
    return [event.id for event in made]


def write(store: Stage, rows_max: int = PART_MAX) -> int:
    return store.do(lambda: fan_outs.write_some(store.database, store.project.id, rows_max))


def write_all(store: Stage) -> None:
    while write(store):
        pass


def pairs(store: Stage) -> list[tuple[str, str]]:
    return store.read(
        lambda: [(row.event_id, row.hook_id) for row in Delivery.select().order_by(Delivery.id)]
    )


@pytest.mark.parametrize(("width", "count"), [(WIDE, 2), (100, 12), (1, WIDE), (PART_MAX, 3)])
def test_each_hook_gets_each_event_once_in_the_order_of_acceptance(
    store: Stage, width: int, count: int
) -> None:
    hook_ids = hooks_of(width)
    event_ids = accept(store, hook_ids, count)
    assert len(pairs(store)) <= AT_ONCE_MAX
    assert store.read(lambda: len(pairs(store)) + fan_outs.promised()) == width * count
    assert store.read(lambda: events.count_deliveries(event_ids[-1])) == width
    write_all(store)
    later = accept(store, hook_ids[:1])
    found = pairs(store)
    assert Counter(found) == Counter(
        [(event_id, hook_id) for event_id in event_ids for hook_id in hook_ids] + [(later[0], hook_ids[0])]
    )
    assert [event for event, hook in found if hook == hook_ids[0]] == event_ids + later
    assert not store.read(FanOut.select().exists)


def test_a_wide_event_leaves_others_of_its_transaction_their_place(store: Stage) -> None:
    wide, single = hooks_of(WIDE), hooks_of(1)
    made = [
        NewEvent(new_id("evt"), store.project.id, "a.b", store.clock.now(), b"{}", hook_ids)
        for hook_ids in (wide, single)
    ]
    store.do(lambda: events.add(store.database, made, store.clock.now()))
    assert pairs(store) == [(made[1].id, single[0])]


def test_a_turn_that_fails_neither_loses_nor_doubles(store: Stage) -> None:
    hook_ids = hooks_of(WIDE)
    [event_id] = accept(store, hook_ids)
    write(store)

    def killed() -> None:
        fan_outs.write_some(store.database, store.project.id, PART_MAX)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.do(killed)
    assert len(pairs(store)) == PART_MAX
    write_all(store)
    assert sorted(pairs(store)) == sorted((event_id, hook_id) for hook_id in hook_ids)


def test_lanes_become_ready_as_of_the_acceptance(store: Stage) -> None:
    early, late = store.hook(), store.hook()
    accept(store, [early, *hooks_of(WIDE)])
    store.clock.advance(5)
    store.publish([late])
    write_all(store)
    newest = store.do(
        lambda: lanes.take_ready(store.database, store.clock.now(), is_slow=False, limit=2, newest=True)
    )
    assert [lane.hook_id for lane in newest] == [late, early]


def test_what_is_promised_to_one_hook_can_be_written_first(store: Stage) -> None:
    hook_ids = hooks_of(WIDE)
    mine = hook_ids[-1]
    [event_id] = accept(store, hook_ids)
    assert store.do(lambda: fan_outs.bring_forward(store.database, store.project.id, mine)) == 1
    assert pairs(store) == [(event_id, mine)]
    assert store.do(lambda: fan_outs.bring_forward(store.database, store.project.id, mine)) == 0
    assert store.read(lambda: fan_outs.promised_of(event_id)) == WIDE - 1
    write_all(store)
    assert [hook_id for _, hook_id in pairs(store)] == hook_ids


def test_projects_have_their_turns_one_after_the_other(store: Stage) -> None:
    for project_id in (3, 7):
        event = NewEvent(new_id("evt"), project_id, "a.b", 1.0, b"{}", hooks_of(WIDE))
        store.do(lambda event=event: events.add(store.database, [event], 1.0))  # type: ignore[misc]
    turns = [0]
    for _ in range(4):
        turns.append(store.read(lambda: fan_outs.next_project(turns[-1])) or 0)
    assert turns[1:] == [3, 7, 3, 7]


def test_hooks_that_do_not_take_an_event_at_once_are_written_with_it(store: Stage) -> None:
    delayed = new_id("hook")
    [event_id] = accept(store, [delayed, *hooks_of(WIDE)], entries={delayed: Entry(60.0)})
    assert pairs(store) == [(event_id, delayed)]
    assert store.read(lambda: events.count_deliveries(event_id)) == WIDE + 1


def test_an_event_shows_what_is_promised_as_waiting(store: Stage) -> None:
    hook_ids = [store.hook(), *hooks_of(WIDE)]
    [event_id] = accept(store, hook_ids)
    shown = store.read(lambda: history.states_of_events([event_id], 1000))
    assert shown == {event_id: Counter(waiting=WIDE + 1)}


def test_retention_leaves_events_whose_deliveries_are_promised(store: Stage) -> None:
    [event_id] = accept(store, hooks_of(WIDE))
    long_after = time.time() + 1000 * 86_400
    store.do(lambda: retention.forget(Settings(), long_after))
    assert store.read(lambda: Event.get_or_none(Event.id == event_id)) is not None


def test_of_a_deleted_project_nothing_more_is_written(store: Stage) -> None:
    accept(store, hooks_of(WIDE))
    store.do(lambda: fan_outs.forget_project(store.project.id))
    assert write(store) == 0
    assert pairs(store) == []


def test_what_retention_took_meanwhile_is_not_delivered(store: Stage) -> None:
    [event_id] = accept(store, hooks_of(WIDE))
    store.do(lambda: Event.delete().where(Event.id == event_id).execute())
    write_all(store)
    assert pairs(store) == []
