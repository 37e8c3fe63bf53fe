"""What becomes of what was sent: results, early and late, and retries."""

import pytest

from hub.ids import new_id
from hub.rules import retry
from hub.rules.outcome import Outcome
from hub.store import attempts, deliveries, hooks
from hub.store.events import NewEvent
from hub.store.models import Event
from tests.rigs.stage import Stage


def test_a_late_result_changes_nothing(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    late = store.claim("a")
    store.clock.advance(31)
    assert store.rescue() == 1
    again = store.claim("b")
    assert [claim.attempt for claim in again] == [2]
    before = store.delivery(late[0].delivery_id).__data__
    store.record(late, "success", "a")
    store.record(late, "failure", "a")
    assert store.delivery(late[0].delivery_id).__data__ == before
    assert store.row(hook).in_flight == 1
    assert store.row(hook).consecutive_failures == 0
    store.record(again, "success", "b")
    assert store.states(hook) == ["delivered"]
    kinds = store.read(
        lambda: [(a.number, a.outcome.kind) for a in attempts.of_delivery(late[0].delivery_id)]
    )
    assert kinds == [(1, "unknown"), (2, "success")]


def test_a_result_recorded_twice_counts_once(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    claims = store.claim()
    store.record(claims, "failure")
    store.clock.advance(5)
    store.record(claims, "failure")
    assert store.row(hook).consecutive_failures == 1
    assert store.row(hook).in_flight == 0
    assert store.of(hook)[0].failures == 1


def test_due_retries_come_back_in_batches(store: Stage) -> None:
    hooks_ = [store.hook() for _ in range(7)]
    store.publish(hooks_)
    store.record(store.claim(), "failure")
    assert store.promote(3) == 0
    store.clock.advance(6)
    assert [store.promote(3), store.promote(3), store.promote(3), store.promote(3)] == [3, 3, 1, 0]
    assert len(store.claim()) == 7


def test_next_due_is_the_first_of_retries_and_probes(store: Stage) -> None:
    assert store.read(lambda: deliveries.next_due(store.database)) is None
    hook = store.hook()
    store.publish([hook])
    assert store.read(lambda: deliveries.next_due(store.database)) == store.clock.now()
    store.record(store.claim(), "failure")
    store.claim()
    assert store.read(lambda: deliveries.next_due(store.database)) == pytest.approx(store.clock.now() + 5)


def test_a_result_that_switches_a_hook_off_says_so_once(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 8)
    claims = store.claim()
    now = store.clock.now()
    outcomes = [
        (claim, Outcome("gone", now - 1, 0.5 + n / 10, reason="answered 410"))
        for n, claim in enumerate(claims)
    ]
    ended = store.record_all(outcomes)
    assert [(one.hook_id, one.after) for one in ended] == [(hook, "gone")]
    assert store.row(hook).in_flight == 0
    assert store.row(hook).ready_at is None


def test_outcomes_are_judged_in_the_order_in_which_they_ended(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 2)
    first, second = store.claim()
    now = store.clock.now()
    failure = Outcome("failure", now - 5, 1.0, reason="early")
    success = Outcome("success", now - 5, 4.0)
    store.record_all([(second, success), (first, failure)])
    assert (store.row(hook).state, store.row(hook).consecutive_failures) == ("active", 0)


def test_a_gone_hooks_row_still_makes_room_for_its_last_results(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 3)
    claims = store.claim()

    def end() -> None:
        locked = hooks.locked(store.database, hook)
        assert locked is not None
        hooks.delete(locked, store.clock.now())

    store.do(end)
    store.record(claims, "failure")
    assert store.row(hook).in_flight == 0
    assert store.row(hook).state == "gone"
    assert store.claim() == []


def test_a_test_delivery_is_kept_finished_and_moves_no_lane(store: Stage) -> None:
    hook = store.hook()
    new = NewEvent(new_id("evt"), store.project.id, "hook.ping", store.clock.now(), b"{}")
    outcome = Outcome("failure", store.clock.now(), 0.2, status=500, reason="answered 500")
    store.do(lambda: deliveries.add_finished(store.database, new_id("dlv"), new, hook, outcome))
    [row] = store.of(hook)
    assert (row.state, row.attempts, row.reason) == ("failed", 1, "answered 500")
    assert store.row(hook).ready_at is None
    assert store.read(lambda: Event.select().count()) == 1
    assert store.claim() == []


def test_a_receiver_that_asks_for_a_pause_is_left_alone_for_as_long_and_not_counted(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 3)
    [first, *others] = store.claim()
    now = store.clock.now()
    store.record([first], "later", status=429, resume_at=now + 30)
    store.record(others, "later", status=429)
    health = store.row(hook)
    assert (health.state, health.consecutive_failures, health.open_until) == ("active", 0, now + 30)
    rows = [store.delivery(claim.delivery_id) for claim in (first, *others)]
    assert {(row.state, row.failures, row.faults, row.deferrals) for row in rows} == {("retrying", 0, 0, 1)}
    assert [row.next_at for row in rows] == pytest.approx([now + 30, now + 2, now + 2])

    store.publish([hook])
    store.clock.advance(29)
    store.promote()
    assert store.claim() == [], "the whole hook pauses"
    store.clock.advance(1.1)
    store.promote()
    assert len(store.claim()) == 1, "and begins again with one"


def test_what_is_put_off_too_often_fails_by_the_schedule(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    for n in range(retry.DEFERRALS_MAX + 1):
        [claim] = store.claim()
        store.record([claim], "later", status=429, resume_at=store.clock.now() + 1)
        row = store.delivery(claim.delivery_id)
        assert (row.deferrals, row.failures) == (
            min(n + 1, retry.DEFERRALS_MAX),
            int(n == retry.DEFERRALS_MAX),
        )
        store.clock.advance(10)
        store.promote()
    assert store.row(hook).consecutive_failures == 1
    kinds = [one.outcome.kind for one in store.read(lambda: attempts.of_delivery(claim.delivery_id))]
    assert kinds == ["later"] * retry.DEFERRALS_MAX + ["failure"]
