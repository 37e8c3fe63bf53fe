"""Hooks that are sent to in order: the lowest number goes, alone, whatever becomes of it."""

from typing import Any

import pytest

from hub.rules.fairness import Ahead
from hub.rules.health import Switched
from hub.rules.pace import Entry, Pace
from hub.store import redelivery
from hub.store.models import Delivery
from tests.rigs.stage import Stage

FIFO = Pace(ordering="fifo")
IN_ORDER = Entry(is_fifo=True)


def ordered(store: Stage, count: int = 3, pace: Pace = FIFO) -> tuple[str, list[str]]:
    """A hook, and its deliveries in the order in which they were published."""
    hook_id = store.hook(pace=pace)
    more(store, hook_id, count)
    return hook_id, by_seq(store, hook_id)


def more(store: Stage, hook_id: str, count: int = 1) -> None:
    store.publish([hook_id], count, entries={hook_id: IN_ORDER})


def by_seq(store: Stage, hook_id: str) -> list[str]:
    rows = Delivery.select().where(Delivery.hook_id == hook_id).order_by(Delivery.seq, Delivery.id)
    return store.read(lambda: [str(row.id) for row in rows])


def sent(store: Stage, kind: Any = "success") -> list[str]:
    claims = store.claim()
    store.record(claims, kind)
    return [claim.delivery_id for claim in claims]


def test_one_goes_at_a_time_in_the_order_of_numbers(store: Stage) -> None:
    hook_id, ids = ordered(store)
    [first] = store.claim(ahead=Ahead(10, 10**9, 10, 10**9))
    assert (first.delivery_id, first.is_in_run) == (ids[0], False)
    assert store.claim("b") == []
    store.record([first])
    assert sent(store) + sent(store) + sent(store) == ids[1:]
    assert store.row(hook_id).last_seq == 3


def test_one_that_failed_stops_the_others_until_it_has_gone(store: Stage) -> None:
    hook_id, ids = ordered(store)
    assert sent(store, "failure") == ids[:1]
    assert store.claim() == []
    [row] = store.read(lambda: list(Delivery.select().where(Delivery.id == ids[0])))
    assert store.row(hook_id).ready_at == row.next_at
    more(store, hook_id)
    assert store.claim() == [], "what is published looks at the lane again, and finds the same"
    store.clock.advance(6.1)
    assert sent(store) == ids[:1], "also where nobody has promoted it"
    assert sent(store) + sent(store) == ids[1:]


def test_one_that_failed_for_good_is_given_up_and_the_next_goes(store: Stage) -> None:
    hook_id, ids = ordered(store, pace=Pace(ordering="fifo", retry_schedule_s=()))
    assert sent(store, "failure") == ids[:1]
    assert store.states(hook_id)[0] == "failed"
    assert sent(store) == ids[1:2]


def test_or_stops_the_hook_and_is_the_first_when_that_is_switched_on(store: Stage) -> None:
    pace = Pace(ordering="fifo", fifo_on_failure="hold", retry_schedule_s=())
    hook_id, ids = ordered(store, pace=pace)
    switched = store.record(store.claim(), "failure")
    [(after, reason)] = [(one.after, one.reason) for one in switched if isinstance(one, Switched)]
    assert after == "auto_disabled"
    assert reason == f"events go in order, and delivery {ids[0]} has failed for good: a failure"
    assert [one.state for one in store.shown(hook_id)] == ["held"] * 3
    assert store.claim() == []
    store.switch(hook_id, True)
    assert sent(store) + sent(store) + sent(store) == ids


def test_the_end_of_a_subscription_holds_nothing(store: Stage) -> None:
    pace = Pace(ordering="fifo", fifo_on_failure="hold")
    hook_id, ids = ordered(store, pace=pace)
    assert sent(store, "gone") == ids[:1]
    assert store.row(hook_id).state == "gone"
    assert store.states(hook_id)[0] == "failed"


def test_after_a_crash_the_same_one_goes_first(store: Stage) -> None:
    _, ids = ordered(store)
    [lost] = store.claim()
    store.rescue(lambda owner: owner == "a")
    [again] = store.claim("b")
    assert (again.delivery_id, again.attempt) == (ids[0], lost.attempt + 1)


def test_what_was_open_before_goes_before_what_comes_after(store: Stage) -> None:
    hook_id = store.hook()
    store.publish([hook_id], 3)
    before = [str(row.id) for row in store.of(hook_id)]
    store.record(store.claim(free=1), "failure")
    store.change(hook_id, ordering="fifo")
    more(store, hook_id)
    store.clock.advance(10)
    assert [sent(store) for _ in range(4)] == [[one] for one in by_seq(store, hook_id)]
    assert by_seq(store, hook_id)[:3] == before


def test_what_came_without_a_number_goes_when_nothing_has_one(store: Stage) -> None:
    hook_id, ids = ordered(store, 1)
    [unnumbered] = store.publish([hook_id])
    assert sent(store) == ids
    [claim] = store.claim()
    assert claim.event_id == unnumbered


def test_what_is_sent_again_has_its_old_place(store: Stage) -> None:
    hook_id, ids = ordered(store)
    sent(store)
    more(store, hook_id)
    assert store.do(lambda: redelivery.retry_now(store.database, ids[0], hook_id, store.clock.now()))
    assert sent(store) == ids[:1]
    assert sent(store) == ids[1:2]


def test_trying_now_tries_the_first(store: Stage) -> None:
    hook_id, ids = ordered(store)
    sent(store, "failure")
    assert store.do(lambda: redelivery.try_now(store.database, hook_id, store.clock.now()))
    assert sent(store) == ids[:1]


def test_a_delay_keeps_the_order(store: Stage) -> None:
    hook_id = store.hook(pace=Pace(ordering="fifo", delay_s=30))
    entry = {hook_id: Entry(30, is_fifo=True)}
    store.publish([hook_id], 2, entries=entry)
    store.clock.advance(20)
    store.publish([hook_id], 1, entries=entry)
    ids = by_seq(store, hook_id)
    assert store.claim() == []
    store.clock.advance(10)
    assert sent(store) + sent(store) == ids[:2]
    assert store.claim() == []
    assert store.row(hook_id).ready_at == pytest.approx(store.clock.now() + 20)


def test_the_first_is_found_by_the_index(store: Stage) -> None:
    if store.database.is_postgresql:
        return
    plan = store.read(
        lambda: store.database.execute(
            "EXPLAIN QUERY PLAN SELECT id, state, next_at FROM delivery WHERE hook_id = ? AND seq IS NOT NULL"
            " AND state IN ('waiting', 'retrying') ORDER BY seq, id LIMIT 1",
            ("hook_1",),
        ).fetchall()
    )
    assert "delivery_fifo" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
