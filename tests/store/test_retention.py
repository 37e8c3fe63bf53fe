"""The end of held deliveries, and retention."""

import time

from hub.ids import new_id
from hub.rules.settings import Settings
from hub.store import events, redelivery, retention, workers
from hub.store.events import NewEvent
from hub.store.models import Attempt, Delivery, Event, EventKey, Worker
from hub.store.retention import TIDY_MAX
from tests.rigs.stage import Stage

DAY = 86_400.0


def expire(store: Stage, rows_max: int = TIDY_MAX) -> int:
    return store.do(lambda: retention.expire_held(Settings(), store.clock.now(), rows_max))


def forget(store: Stage, rows_max: int = TIDY_MAX) -> int:
    return store.do(lambda: retention.forget(Settings(), store.clock.now(), rows_max))


def now_is_the_wall_clock(store: Stage) -> None:
    """Ids carry the wall clock; retention and holding compare them with the hub's."""
    store.clock.at = time.time()


def test_what_was_held_too_long_is_given_up(store: Stage) -> None:
    now_is_the_wall_clock(store)
    off, on = store.mixed(), store.hook()
    store.publish([on])
    store.switch(off, False)
    store.clock.advance(6.9 * DAY)
    assert expire(store) == 0
    store.clock.advance(0.2 * DAY)
    assert expire(store) == 2
    assert expire(store) == 0
    assert store.states(off) == ["delivered", "failed", "failed"]
    assert store.of(off)[1].reason == "held longer than 7 days"
    assert store.states(on) == ["waiting"]


def test_holding_begins_when_the_hook_goes_off_not_when_the_event_came(store: Stage) -> None:
    now_is_the_wall_clock(store)
    hook = store.hook()
    store.publish([hook])
    store.clock.advance(20 * DAY)
    store.switch(hook, False)
    store.clock.advance(1)
    assert expire(store) == 0
    store.clock.advance(7 * DAY)
    assert expire(store) == 1


def test_a_gone_hooks_open_deliveries_are_cancelled_and_what_is_under_way_is_left(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 4)
    store.claim(free=1)
    store.delete(hook)
    assert expire(store) == 3
    assert store.states(hook) == ["sending", "cancelled", "cancelled", "cancelled"]
    assert store.of(hook)[1].finished_at == store.clock.now()


def test_tidying_takes_a_bounded_batch_at_a_time(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 10)
    store.delete(hook)
    assert [expire(store, rows_max=4) for _ in range(4)] == [4, 4, 2, 0]


def test_looking_for_held_ones_reads_no_finished_ones(sqlite: Stage) -> None:
    hook = sqlite.mixed()
    sqlite.switch(hook, False)
    seen: list[str] = []

    def look() -> None:
        connection = sqlite.database._db.connection()
        connection.set_trace_callback(seen.append)
        retention.expire_held(Settings(), sqlite.clock.now() + 30 * DAY)
        connection.set_trace_callback(None)

    sqlite.do(look)
    connection = sqlite.read(lambda: sqlite.database._db.connection())
    plans = [
        str(connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall())
        for text in seen
        if text.startswith("SELECT") and "delivery" in text
    ]
    assert plans
    assert all("delivery_waiting" in plan or "delivery_hook_retrying" in plan for plan in plans), plans


def test_what_is_older_than_the_retention_is_forgotten_with_all_that_hangs_on_it(store: Stage) -> None:
    now_is_the_wall_clock(store)
    hook = store.hook()
    store.publish([hook], 2)
    store.publish([])
    store.record(store.claim(free=1))
    store.do(lambda: workers.beat("old", store.clock.now()))
    store.clock.advance(13.9 * DAY)
    assert forget(store) == 0
    store.clock.advance(0.2 * DAY)
    assert forget(store) == 3, "a delivery, its event, and the event that nobody wanted"
    assert store.states(hook) == ["waiting"], "what is open stays, with its event"
    assert store.read(lambda: Event.select().count()) == 1
    assert store.read(lambda: Attempt.select().count()) == 0
    assert store.read(lambda: Worker.select().count()) == 0


def test_an_event_stays_as_long_as_one_of_its_deliveries(store: Stage) -> None:
    now_is_the_wall_clock(store)
    done, open_ = store.hook(), store.hook()
    store.publish([done, open_])
    claims = store.claim()
    store.record([claim for claim in claims if claim.hook_id == done])
    store.clock.advance(15 * DAY)
    forget(store)
    assert (store.states(done), store.states(open_)) == ([], ["sending"])
    assert store.read(lambda: Event.select().count()) == 1


def test_keys_are_forgotten_after_their_seven_days(store: Stage) -> None:
    store.do(
        lambda: events.claim_key(
            store.database, store.project.id, events.key_digest("k"), "evt_1", store.clock.now()
        )
    )
    store.clock.advance(6.9 * DAY)
    forget(store)
    assert store.read(lambda: EventKey.select().count()) == 1
    store.clock.advance(0.2 * DAY)
    forget(store)
    assert store.read(lambda: EventKey.select().count()) == 0


def test_forgetting_takes_a_bounded_batch_at_a_time(store: Stage) -> None:
    now_is_the_wall_clock(store)
    store.publish([], 7)
    store.clock.advance(15 * DAY)
    assert [forget(store, rows_max=3) for _ in range(4)] == [3, 3, 1, 0]


def test_a_delivery_that_is_retried_while_it_is_forgotten_stays(store: Stage) -> None:
    """Retried by hand between the reading of what is old and its deletion."""
    now_is_the_wall_clock(store)
    hook = store.hook()
    store.publish([hook])
    store.record(store.claim(), "refused")
    store.clock.advance(15 * DAY)
    old = store.read(lambda: retention.finished_before(store.clock.now() - DAY, 10))
    [row] = store.of(hook)
    assert old == [row.id]
    assert store.do(lambda: redelivery.retry_now(store.database, row.id, hook, store.clock.now()))
    assert store.do(lambda: retention.delete_finished(old)) == 0
    assert store.states(hook) == ["waiting"]
    assert [claim.attempt for claim in store.claim()] == [2]
    assert store.read(lambda: Attempt.select().count()) == 1


def test_a_replayed_event_is_not_forgotten_before_its_new_delivery(store: Stage) -> None:
    now_is_the_wall_clock(store)
    hook = store.hook()
    old = NewEvent(new_id("evt"), store.project.id, "a.b", store.clock.now(), b"{}", [])
    store.do(lambda: events.add(store.database, [old], store.clock.now()))
    store.clock.advance(15 * DAY)
    store.do(
        lambda: Delivery.create(
            id=new_id("dlv"),
            event_id=old.id,
            hook_id=hook,
            project_id=store.project.id,
            type="a.b",
            state="waiting",
        )
    )
    assert forget(store) == 0
