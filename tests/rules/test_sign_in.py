"""Waits grow and end by themselves; sessions end."""

from hypothesis import given
from hypothesis import strategies as st

from hub.rules import sign_in


def test_the_first_tries_are_free_and_then_each_waits_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    waits = [sign_in.wait_s(failures, 10) for failures in range(17)]
    assert waits == [0] * 10 + [60, 120, 240, 480, 900, 900, 900]


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_nobody_is_ever_shut_out_for_good(failures: int, tries: int) -> None:
    assert 0 <= sign_in.wait_s(failures, tries) <= sign_in.WAIT_MAX_S < sign_in.FORGET_S


def test_a_quiet_hour_forgets_what_was_before() -> None:
    assert sign_in.failures_now(12, 1000, 4599) == 12
    assert sign_in.failures_now(12, 1000, 4600) == 0


def test_a_session_is_over_when_unused_and_after_a_month_in_any_case() -> None:
    assert not sign_in.is_over(0, 0, sign_in.SESSION_IDLE_S - 1)
    assert sign_in.is_over(0, 0, sign_in.SESSION_IDLE_S)
    assert not sign_in.is_over(0, sign_in.SESSION_LIFE_S - 1, sign_in.SESSION_LIFE_S - 1)
    assert sign_in.is_over(0, sign_in.SESSION_LIFE_S - 1, sign_in.SESSION_LIFE_S)
