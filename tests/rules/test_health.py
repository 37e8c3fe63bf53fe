"""A hook's health: every rule of docs/delivery.md."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.base import Answer, Format
from hub.rules.health import DEFAULT_PAUSE_S, SLOW_S, Health, cleared, disabled, enabled, judge, stays_well
from hub.rules.outcome import Kind, Outcome

SCHEDULE = (5.0, 60.0, 300.0)


def after(health: Health, kind: Kind, started_at: float, duration_s: float = 0.1, **how: Any) -> Health:
    told = {name: how.pop(name) for name in ("resume_at", "blames_event") if name in how}
    outcome = Outcome(kind, started_at, duration_s, reason=None if kind == "success" else f"a {kind}", **told)
    rules = {"origin": "api", "failure_limit": 5, "schedule": SCHEDULE, "max_in_flight": 8, "chance": 0.5}
    return judge(health, outcome, **{**rules, **how})


def failed(times: int, **how: Any) -> Health:
    health = Health()
    for n in range(times):
        health = after(health, "failure", 100.0 + n, **how)
    return health


def test_eight_failures_of_one_moment_are_one() -> None:
    health = Health()
    for n in range(8):
        health = after(health, "failure", 100.0 + n / 100, 1.0 + n / 100)
    assert (health.consecutive_failures, health.state) == (1, "failing")


def test_a_request_that_began_when_the_last_failure_ended_counts() -> None:
    health = after(Health(), "failure", 100.0, 1.0)
    assert after(health, "failure", 100.999).consecutive_failures == 1
    assert after(health, "failure", 101.0).consecutive_failures == 2


def test_a_count_that_a_wrong_clock_has_left_years_ahead_hides_no_failure() -> None:
    ahead = replace(failed(1), counted_until=100.0 + 365 * 86_400)
    assert after(ahead, "failure", 200.0).consecutive_failures == 2
    assert after(replace(ahead, counted_until=3600.0), "failure", 200.0).consecutive_failures == 1


def test_a_failure_that_is_not_counted_still_shows_its_error() -> None:
    health = after(Health(), "failure", 100.0, 1.0)
    late = judge(
        health,
        Outcome("failure", 100.5, 2.0, reason="late"),
        origin="api",
        failure_limit=5,
        schedule=SCHEDULE,
        max_in_flight=8,
        chance=0.5,
    )
    assert late == replace(health, last_error="late")


def test_any_success_sets_the_count_to_zero() -> None:
    health = after(failed(4), "success", 200.0)
    assert (health.consecutive_failures, health.state, health.open_until, health.last_error) == (
        0,
        "active",
        None,
        None,
    )
    assert health.last_success_at == pytest.approx(200.1)


@pytest.mark.parametrize(
    ("status", "failed_at", "counts"),
    [
        (400, 199.0, False),  # others have got through since it failed first
        (500, 199.0, False),
        (400, None, True),  # its first failure: it may be the receiver
        (400, 200.5, True),  # nobody has got through since
        (404, 199.0, True),  # no such receiver, which is no fault of the event
        (503, 199.0, True),
        (None, 199.0, True),  # no answer at all
    ],
)
def test_an_event_that_alone_is_refused_does_not_blame_its_hook(
    status: int | None, failed_at: float | None, counts: bool
) -> None:
    well = after(Health(), "success", 200.0)
    blames = "receiver" if status is None else Format().judge(Answer(status)).blames
    later = after(well, "failure", 300.0, blames_event=blames == "event", failed_at=failed_at)
    assert later.consecutive_failures == int(counts)
    assert later.state == ("failing" if counts else "active")
    assert later.last_error == "a failure"


def test_even_a_success_that_began_before_the_failures() -> None:
    assert after(failed(4), "success", 1.0, 200.0).consecutive_failures == 0


def test_it_is_switched_off_at_the_limit_and_not_before() -> None:
    assert failed(4).state == "failing"
    health = failed(5)
    assert (health.state, health.consecutive_failures, health.open_until) == ("auto_disabled", 5, None)
    assert health.disabled_reason == "5 requests in a row failed, the last: a failure"
    assert health.disabled_at == pytest.approx(104.1)


def test_a_lower_limit_applies_from_the_next_failure_on() -> None:
    health = failed(4)
    assert after(health, "failure", 200.0, failure_limit=3).state == "auto_disabled"
    assert after(health, "success", 200.0, failure_limit=3).state == "active"


def test_a_limit_of_one_is_reached_by_the_first_failure() -> None:
    assert failed(1, failure_limit=1).state == "auto_disabled"
    assert failed(1, failure_limit=1).disabled_reason == "1 request failed, the last: a failure"


def test_a_limit_of_zero_never_switches_off() -> None:
    health = failed(1000, failure_limit=0)
    assert (health.state, health.consecutive_failures) == ("failing", 1000)


@pytest.mark.parametrize("kind", ["refused", "fault", "unknown"])
def test_what_is_not_the_receivers_fault_is_shown_and_never_counted(kind: Kind) -> None:
    for before in (Health(), failed(1), failed(4)):
        assert after(before, kind, 500.0, failure_limit=1) == replace(before, last_error=f"a {kind}")


@pytest.mark.parametrize(
    "before", [Health(), Health(slow_start=5), failed(1)], ids=["well", "ramping", "failing"]
)
def test_a_receiver_that_asks_for_a_pause_gets_it_and_is_not_counted(before: Health) -> None:
    paused = after(before, "later", 500.0, resume_at=530.0, failure_limit=1)
    assert paused == replace(before, last_error="a later", open_until=530.0, slow_start=1)
    assert paused.allowance(8, 0) == 1


def test_a_pause_is_never_cut_short_by_another() -> None:
    paused = after(failed(3), "later", 102.5, resume_at=103.0)
    assert paused.open_until == failed(3).open_until
    assert (
        after(after(Health(), "later", 1.0, resume_at=60.0), "later", 2.0, resume_at=30.0).open_until == 60.0
    )


def test_a_success_that_was_under_way_does_not_end_a_pause() -> None:
    paused = after(Health(last_success_at=1.0), "later", 100.0, resume_at=130.0)
    assert after(paused, "success", 99.0, 2.0).open_until == 130.0


def test_a_pause_is_over_with_the_first_success_after_it() -> None:
    paused = after(Health(last_success_at=1.0), "later", 100.0, resume_at=130.0)
    assert after(paused, "success", 131.0).open_until is None


def test_a_failure_under_way_does_not_cut_a_pause_short() -> None:
    paused = after(failed(1), "later", 101.0, resume_at=900.0)
    again = after(paused, "failure", 101.5)
    assert (again.consecutive_failures, again.open_until) == (2, 900.0)


def test_a_pause_switches_nothing_on_or_off() -> None:
    off = disabled(Health(), "by hand", 1.0)
    assert after(off, "later", 2.0, resume_at=60.0) == replace(off, last_error="a later")


def test_one_failure_gates_no_other_delivery_but_the_next_goes_alone() -> None:
    health = failed(1)
    assert health.open_until is None
    assert health.allowance(8, 0) == 1
    assert health.allowance(8, 1) == 0


def test_from_the_second_failure_on_it_waits_as_the_schedule_says() -> None:
    assert failed(2).open_until == pytest.approx(101.1 + 60)
    assert failed(3).open_until == pytest.approx(102.1 + 300)
    assert failed(4).open_until == pytest.approx(103.1 + 300)
    assert failed(2, chance=0.0).open_until == pytest.approx(101.1 + 48)
    assert failed(2, schedule=()).open_until == pytest.approx(101.1 + DEFAULT_PAUSE_S)
    assert failed(3).allowance(8, 1) == 0


def test_retry_after_of_the_second_failure_gates_the_hook() -> None:
    assert after(failed(1), "failure", 200.0, resume_at=200.1 + 3600).open_until == pytest.approx(
        200.1 + 3600
    )
    assert after(failed(1), "failure", 200.0, resume_at=200.1 + 1).open_until == pytest.approx(200.1 + 60)
    assert after(Health(), "failure", 200.0, resume_at=200.1 + 3600).open_until is None


def test_requests_under_way_at_the_first_failure_leave_no_room_for_a_probe() -> None:
    assert failed(1).allowance(8, 7) == 0


def test_after_a_success_it_ramps_up_to_one_two_four_in_flight() -> None:
    health = after(failed(3), "success", 200.0)
    rounds = []
    for n in range(5):
        allowed = health.allowance(8, 0)
        rounds.append(allowed)
        for k in range(allowed):
            health = after(health, "success", 300.0 + n * 10 + k / 10)
    assert rounds == [1, 2, 4, 8, 8]
    assert health.slow_start is None


@pytest.mark.parametrize("most", [1, 2, 3, 8])
def test_no_ramp_goes_beyond_what_a_hook_may_have_in_flight(most: int) -> None:
    health = after(failed(1), "success", 200.0, max_in_flight=most)
    for n in range(20):
        assert 1 <= health.allowance(most, 0) <= most
        health = after(health, "success", 300.0 + n, max_in_flight=most)
    assert health.allowance(most, 0) == most


def test_a_failure_in_the_middle_of_a_ramp_starts_it_again() -> None:
    health = after(after(after(failed(2), "success", 200.0), "success", 201.0), "success", 202.0)
    assert health.slow_start == 3
    assert after(health, "failure", 203.0).allowance(8, 0) == 1


@pytest.mark.parametrize("origin", ["api", "app"])
def test_410_ends_an_apps_subscription_at_once(origin: str) -> None:
    health = after(Health(), "gone", 100.0, origin=origin)
    assert (health.state, health.consecutive_failures) == ("gone", 1)
    assert "410" in str(health.disabled_reason)
    assert health.disabled_at == pytest.approx(100.1)


def test_410_switches_a_pages_hook_off_with_that_reason() -> None:
    health = after(Health(), "gone", 100.0, origin="page")
    assert health.state == "auto_disabled"
    assert "410" in str(health.disabled_reason)
    assert enabled(health).state == "active"


def test_410_ends_it_even_where_failures_never_do() -> None:
    assert after(Health(), "gone", 100.0, failure_limit=0).state == "gone"


def test_eight_410s_at_once_end_it_once() -> None:
    first = after(Health(), "gone", 100.0)
    assert after(first, "gone", 100.0, 0.5) == first
    page = after(Health(), "gone", 100.0, origin="page")
    assert after(page, "gone", 100.0, 0.5, origin="page").disabled_at == page.disabled_at


@pytest.mark.parametrize(
    "off", [failed(5), disabled(Health(), "switched off", 150.0), after(Health(), "gone", 100.0)]
)
@pytest.mark.parametrize("kind", ["success", "failure", "fault", "refused"])
def test_a_result_under_way_never_switches_a_hook_on(off: Health, kind: Kind) -> None:
    health = after(off, kind, 90.0, 100.0)
    assert (health.state, health.disabled_reason, health.disabled_at) == (
        off.state,
        off.disabled_reason,
        off.disabled_at,
    )
    assert after(off, kind, 500.0).state == off.state


def test_switching_on_starts_anew_and_ramps() -> None:
    health = enabled(failed(5))
    assert (health.state, health.consecutive_failures, health.open_until, health.disabled_at) == (
        "active",
        0,
        None,
        None,
    )
    assert (health.disabled_reason, health.last_error) == (None, None)
    assert health.allowance(8, 0) == 1


def test_switching_on_what_is_on_changes_nothing() -> None:
    assert enabled(failed(3)) == failed(3)
    assert enabled(Health()) == Health()


def test_switching_off_keeps_the_first_reason() -> None:
    health = disabled(Health(), "switched off by ann", 150.0)
    assert (health.state, health.disabled_reason, health.disabled_at) == (
        "disabled",
        "switched off by ann",
        150.0,
    )
    assert disabled(health, "again", 160.0) == health


def test_a_ping_clears_failing_and_nothing_else() -> None:
    health = cleared(failed(3))
    assert (health.state, health.consecutive_failures, health.open_until, health.allowance(8, 0)) == (
        "active",
        0,
        None,
        1,
    )
    for kept in (
        Health(),
        Health(slow_start=3),
        failed(5),
        disabled(Health(), "off", 1.0),
        after(Health(), "gone", 1.0),
    ):
        assert cleared(kept) == kept


def test_a_hook_is_slow_from_its_last_success_and_while_it_fails() -> None:
    assert not after(Health(is_slow=True), "success", 100.0, SLOW_S).is_slow
    assert after(Health(), "success", 100.0, SLOW_S + 0.01).is_slow
    assert failed(1).is_slow


HEALTHS = st.builds(
    Health,
    state=st.sampled_from(["active", "active", "failing", "disabled", "auto_disabled", "gone"]),
    consecutive_failures=st.sampled_from([0, 0, 3]),
    slow_start=st.sampled_from([None, None, 2]),
    open_until=st.sampled_from([None, None, 150.0]),
    last_error=st.sampled_from([None, None, "answered 500"]),
    is_slow=st.sampled_from([False, False, True]),
)


@given(
    HEALTHS,
    st.lists(st.tuples(st.sampled_from(["success", "failure", "later"]), st.floats(0, 2)), max_size=4),
)
def test_one_that_stays_well_is_what_judging_each_outcome_makes_of_it(
    before: Health, ended: list[tuple[Kind, float]]
) -> None:
    health = before
    for n, (kind, duration_s) in enumerate(ended):
        health = after(health, kind, 200.0 + n, duration_s)
    outcomes = [Outcome(kind, 200.0 + n, took_s) for n, (kind, took_s) in enumerate(ended)]
    same = replace(before, last_success_at=health.last_success_at)
    assert (before.state == "active" and health == same) or not stays_well(before, outcomes)


def test_a_well_hook_stays_so_by_quick_successes_alone() -> None:
    outcomes = [Outcome("success", 100.0, SLOW_S), Outcome("success", 101.0, 0.1)]
    assert stays_well(Health(), outcomes)
    assert not stays_well(Health(), [*outcomes, Outcome("success", 102.0, SLOW_S + 0.1)])
    assert not stays_well(Health(), [*outcomes, Outcome("fault", 102.0, 0.1)])
