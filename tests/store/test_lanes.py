"""Lanes: which hooks a claim may look at, in what order, and what an outcome leaves behind."""

from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.rules.health import Health
from hub.rules.outcome import Outcome
from hub.rules.pace import Pace, RateLimit
from hub.store import lanes, projects
from hub.store.lanes import Lane
from tests.rigs.stage import Stage


def ready(store: Stage, *, is_slow: bool = False, limit: int = 10) -> list[str]:
    now = store.clock.now()
    found = store.do(lambda: lanes.take_ready(store.database, now, is_slow=is_slow, limit=limit))
    return [lane.hook_id for lane in found]


def lane(store: Stage, hook_id: str) -> Lane:
    return store.do(lambda: lanes.lock(store.database, [hook_id]))[hook_id]


def test_quick_and_slow_lanes_are_taken_apart_longest_ready_first(store: Stage) -> None:
    late, early, slow = store.hook(), store.hook(), store.hook(quick=False)
    now = store.clock.now()
    for hook, at in ((late, now - 1), (early, now - 2), (slow, now - 3)):
        store.set(hook, ready_at=at)
    store.set(store.hook(), ready_at=now + 1)
    assert ready(store) == [early, late]
    assert ready(store, limit=1) == [early]
    assert ready(store, limit=0) == []
    assert ready(store, is_slow=True) == [slow]


def test_a_lane_of_an_archived_project_is_parked_until_it_is_back(store: Stage) -> None:
    hook = store.hook()
    store.arm(hook)
    store.do(lambda: projects.archive(store.database, store.project, True, store.clock.now()))
    assert ready(store) == []
    assert store.row(hook).ready_at is None
    store.do(lambda: projects.archive(store.database, store.project, False, store.clock.now()))
    assert ready(store) == [hook]


def test_arming_waits_for_an_open_breaker_keeps_an_earlier_turn_and_wakes_nobody_who_is_off(
    store: Stage,
) -> None:
    now = store.clock.now()
    probing, waiting, off = store.hook(), store.hook(), store.hook(enabled=False)
    store.set(probing, open_until=now + 9)
    store.set(waiting, ready_at=now - 5)
    store.do(lambda: lanes.arm(store.database, [probing, waiting, off], now))
    assert [store.row(hook).ready_at for hook in (probing, waiting, off)] == [now + 9, now - 5, None]
    store.do(lambda: lanes.park(store.database, [probing, waiting]))
    assert [store.row(hook).ready_at for hook in (probing, waiting)] == [None, None]


def test_health_and_the_last_outcome_are_written_together(store: Stage) -> None:
    hook, other = store.hook(), store.hook()
    store.set(hook, in_flight=3)
    health = Health(
        "failing", consecutive_failures=2, open_until=99.5, last_error="answered 500", is_slow=True
    )
    ended = [Outcome("failure", 10.0, 0.5, status=502), Outcome("failure", 20.0, 0.5, status=500)]
    store.do(lambda: lanes.write(store.database, [(hook, health, ended)], store.clock.now()))
    found = lane(store, hook)
    assert (found.health, found.in_flight) == (health, 1)
    row = store.row(hook)
    assert (row.last_at, row.last_status, row.last_duration_s) == (20.5, 500, 0.5)
    assert lane(store, other).health.state == "active"


def test_requests_that_end_without_an_outcome_make_room_again(store: Stage) -> None:
    one, two = store.hook(), store.hook()
    for hook in (one, two):
        store.set(hook, in_flight=5)
    store.do(lambda: lanes.end(store.database, {one: 2, two: 5}))
    assert [lane(store, hook).in_flight for hook in (one, two)] == [3, 0]


def test_a_hooks_health_is_set_with_what_changes_beside_it_and_its_breaker_is_closed_alone(
    store: Stage,
) -> None:
    hook = store.hook()
    health = replace(lane(store, hook).health, state="failing", consecutive_failures=3, open_until=50.0)
    store.do(lambda: lanes.set_health(hook, health, name="Ledger"))
    assert (lane(store, hook).health, store.row(hook).name) == (health, "Ledger")
    store.do(lambda: lanes.close_breaker(hook))
    assert lane(store, hook).health == replace(health, open_until=None)


def test_marking_as_slow_touches_these_hooks_only(store: Stage) -> None:
    hanging, well = store.hook(), store.hook()
    store.do(lambda: lanes.mark_slow(store.database, [hanging]))
    assert [lane(store, hook).health.is_slow for hook in (hanging, well)] == [True, False]
    assert store.do(lambda: lanes.lock(store.database, [])) == {}


def test_single_events_are_the_newest_beside_hooks_that_have_had_their_turn(store: Stage) -> None:
    busy, done, single = store.hook(), store.hook(), store.hook()
    store.publish([busy], 20)
    store.publish([done])
    claims = store.claim()
    store.clock.advance(1)
    store.publish([single])
    store.clock.advance(0.1)
    store.record(claims)
    newest = store.do(
        lambda: lanes.take_ready(store.database, store.clock.now(), is_slow=False, limit=9, newest=True)
    )
    assert [lane.hook_id for lane in newest] == [single, busy]


@given(
    state=st.sampled_from(["active", "failing", "disabled", "auto_disabled", "gone"]),
    slow_start=st.sampled_from([None, 1]),
    open_until=st.sampled_from([None, 5.0]),
    last_success_at=st.sampled_from([None, 5.0]),
    is_slow=st.booleans(),
    format=st.sampled_from(["standard", "slack"]),
    pace=st.sampled_from([Pace(), Pace(rate_limit=RateLimit(1, 1)), Pace(ordering="fifo"), Pace(delay_s=1)]),
)
@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_who_is_well_for_the_database_is_so_for_the_claim(store: Stage, pace: Pace, **columns: Any) -> None:
    hook = store.hook()
    store.set(hook, pace=pace.json, **columns)
    fresh = store.do(lambda: lanes.fresh(store.database, [hook]))
    assert fresh == ({hook: store.row(hook).version} if lanes.is_well(lane(store, hook)) else {})


def test_of_a_hook_for_which_something_waits_nothing_new_is_leased(store: Stage) -> None:
    one, other = store.hook(), store.hook()
    store.publish([one])
    store.set(one, ready_at=None)
    assert list(store.do(lambda: lanes.fresh(store.database, [one, other]))) == [other]
