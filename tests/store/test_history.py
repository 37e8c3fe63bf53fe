"""The log: states as people see them, the end of held deliveries, retention."""

import pytest

from hub.ids import new_id
from hub.rules.settings import Settings
from hub.store import events, history, hooks, workers
from hub.store.events import NewEvent
from hub.store.models import Attempt, Delivery, Event, EventKey, Worker
from tests.rigs.stage import Stage

DAY = 86_400.0


def shown(store: Stage, hook: str) -> list[str]:
    found = store.read(lambda: history.find(store.project.id, hook_id=hook))
    return [history.shown_state(row, owner) for row, owner in reversed(found)]


def in_state(store: Stage, state: str) -> int:
    return len(store.read(lambda: history.find(store.project.id, state=state)))


def delete(store: Stage, hook: str) -> None:
    def write() -> None:
        locked = hooks.locked(store.database, hook)
        assert locked is not None
        hooks.delete(locked, store.clock.now())

    store.do(write)


def expire(store: Stage, **settings: float) -> int:
    return store.do(lambda: history.expire_held(store.database, Settings(**settings), store.clock.now()))  # type: ignore[arg-type]


def forget(store: Stage, **settings: float) -> int:
    return store.do(lambda: history.forget(store.database, Settings(**settings), store.clock.now()))  # type: ignore[arg-type]


def now_is_the_wall_clock(store: Stage) -> None:
    """Ids carry the wall clock; retention and holding compare them with the hub's."""
    from time import time

    store.clock.at = time()


def mixed(store: Stage) -> str:
    """A hook with a delivered, a retrying and a waiting delivery."""
    hook = store.hook()
    store.publish([hook], 3)
    delivered, retrying = store.claim(free=2)
    store.record([delivered])
    store.record([retrying], "failure")
    return hook


def test_open_deliveries_are_shown_as_their_hook_is(store: Stage) -> None:
    hook = mixed(store)
    assert shown(store, hook) == ["delivered", "retrying", "waiting"]
    store.switch(hook, False)
    assert shown(store, hook) == ["delivered", "held", "held"]
    assert (in_state(store, "held"), in_state(store, "waiting"), in_state(store, "retrying")) == (2, 0, 0)
    store.switch(hook, True)
    assert (in_state(store, "held"), in_state(store, "waiting"), in_state(store, "retrying")) == (0, 1, 1)
    delete(store, hook)
    assert shown(store, hook) == ["delivered", "cancelled", "cancelled"]
    assert (in_state(store, "cancelled"), in_state(store, "held"), in_state(store, "waiting")) == (2, 0, 0)


def test_every_shown_state_finds_exactly_what_is_shown_as_it(store: Stage) -> None:
    mixed(store)
    store.switch(mixed(store), False)
    delete(store, mixed(store))
    everything = [
        history.shown_state(row, hook)
        for row, hook in store.read(lambda: history.find(store.project.id, limit=200))
    ]
    assert {state: in_state(store, state) for state in history.SHOWN_STATES} == {
        s: everything.count(s) for s in history.SHOWN_STATES
    }


def test_lists_are_newest_first_and_page_by_id(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 5)
    first = store.read(lambda: history.find(store.project.id, limit=2))
    rest = store.read(lambda: history.find(store.project.id, before=str(first[-1][0].id)))
    listed = [row.id for row, _ in [*first, *rest]]
    assert listed == sorted(listed, reverse=True)
    assert len(listed) == 5
    assert store.read(lambda: history.find(store.project.id + 1)) == []
    assert (
        len(
            store.read(
                lambda: history.find(
                    store.project.id, type="story.create", event_id=str(first[0][0].event_id)
                )
            )
        )
        == 1
    )
    assert store.read(lambda: history.get(store.project.id + 1, listed[0])) is None


def test_what_was_held_too_long_is_given_up(store: Stage) -> None:
    now_is_the_wall_clock(store)
    off, on = mixed(store), store.hook()
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
    delete(store, hook)
    assert expire(store) == 3
    assert store.states(hook) == ["sending", "cancelled", "cancelled", "cancelled"]
    assert store.of(hook)[1].finished_at == store.clock.now()


def test_tidying_takes_a_bounded_batch_at_a_time(store: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "TIDY_MAX", 4)
    hook = store.hook()
    store.publish([hook], 10)
    delete(store, hook)
    assert [expire(store) for _ in range(4)] == [4, 4, 2, 0]


def test_looking_for_held_ones_reads_no_finished_ones(sqlite: Stage) -> None:
    hook = mixed(sqlite)
    sqlite.switch(hook, False)
    seen: list[str] = []

    def look() -> None:
        connection = sqlite.database._db.connection()
        connection.set_trace_callback(seen.append)
        history.expire_held(sqlite.database, Settings(), sqlite.clock.now() + 30 * DAY)
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
    store.do(lambda: events.claim_key(store.project.id, events.key_digest("k"), "evt_1", store.clock.now()))
    store.clock.advance(6.9 * DAY)
    forget(store)
    assert store.read(lambda: EventKey.select().count()) == 1
    store.clock.advance(0.2 * DAY)
    forget(store)
    assert store.read(lambda: EventKey.select().count()) == 0


def test_forgetting_takes_a_bounded_batch_at_a_time(store: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    now_is_the_wall_clock(store)
    monkeypatch.setattr(history, "TIDY_MAX", 3)
    store.publish([], 7)
    store.clock.advance(15 * DAY)
    assert [forget(store) for _ in range(4)] == [3, 3, 1, 0]


def test_a_delivery_that_is_retried_while_it_is_forgotten_stays(
    postgresql: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retried by hand between the reading of what is old and its deletion."""
    from hub.store import deliveries

    store = postgresql
    now_is_the_wall_clock(store)
    hook = store.hook()
    store.publish([hook])
    store.record(store.claim())
    store.clock.advance(15 * DAY)
    [row] = store.of(hook)
    original = Delivery.delete

    def meanwhile() -> object:
        if not retried:
            retried.append(
                store.database.write(
                    lambda: deliveries.retry_now(store.database, row, store.clock.now())
                ).result(20)
            )
        return original()

    retried: list[bool] = []
    monkeypatch.setattr(Delivery, "delete", meanwhile)
    forget(store)
    monkeypatch.undo()
    assert retried == [True]
    assert store.states(hook) == ["waiting"]
    assert [claim.attempt for claim in store.claim()] == [2]
    assert store.read(lambda: Attempt.select().count()) == 1


def test_the_backlog_is_what_waits_and_what_will_be_retried(store: Stage) -> None:
    mixed(store)
    assert store.read(history.backlog) == 2


def test_the_first_retry_of_a_hook_is_the_soonest(store: Stage) -> None:
    hook = mixed(store)
    assert store.read(lambda: history.first_retry_at(hook)) == pytest.approx(store.clock.now() + 5)
    assert store.read(lambda: history.first_retry_at("hook_none")) is None


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
