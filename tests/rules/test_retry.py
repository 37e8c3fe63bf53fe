"""The retry schedule's arithmetic, value by value."""

import math
import time
from datetime import UTC, datetime
from email.utils import format_datetime, formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Phase
from hub.rules.outcome import Kind, Outcome
from hub.rules.retry import (
    DEFERRALS_MAX,
    FAULTS_MAX,
    WAIT_MAX_S,
    delay_s,
    judge,
    longest_wait_s,
    resume_at,
    retry_after_at,
    settled,
)
from hub.rules.settings import Settings

DEFAULT = Settings().retry_schedule_s
NOW = 1_800_000_000.0
DAY = 86_400.0


def outcome(kind: Kind = "failure", retry_after: str | None = None) -> Outcome:
    return Outcome(
        kind, NOW - 2, 2.0, reason="answered 500", resume_at=resume_at(None, retry_after or "", NOW)
    )


@pytest.mark.parametrize(
    ("failures", "step"), [*enumerate([5, 60, 300, 1800, 7200, 18_000, 36_000, 86_400], start=1)]
)
def test_each_step_of_the_default_schedule_is_kept_within_a_fifth(failures: int, step: float) -> None:
    assert delay_s(DEFAULT, failures, 0.0) == pytest.approx(step * 0.8)
    assert delay_s(DEFAULT, failures, 0.5) == pytest.approx(step)
    assert delay_s(DEFAULT, failures, 0.999_999) == pytest.approx(step * 1.2, rel=1e-5)
    verdict = judge(outcome(), failures=failures - 1, faults=0, schedule=DEFAULT, chance=0.5)
    assert (verdict.state, verdict.failures, verdict.faults) == ("retrying", failures, 0)
    assert verdict.next_at == pytest.approx(NOW + step)
    assert verdict.reason == "answered 500"


@given(st.lists(st.floats(0, 604_800), max_size=50), st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_never_beyond_a_fifth_of_its_step(
    schedule: list[float], failures: int, chance: float
) -> None:
    found = delay_s(schedule, failures, chance)
    step = schedule[min(failures, len(schedule)) - 1] if schedule else 0.0
    assert step * 0.8 - 1e-6 <= found <= step * 1.2 + 1e-6


@given(st.floats(0, 1, exclude_max=True))
def test_chance_moves_a_delay_to_either_side_of_its_step(chance: float) -> None:
    if chance < 0.499:
        assert delay_s((60,), 1, chance) < 60
    if chance > 0.501:
        assert delay_s((60,), 1, chance) > 60


def test_the_last_try_ends_it() -> None:
    verdict = judge(outcome(), failures=8, faults=0, schedule=DEFAULT, chance=0.5)
    assert (verdict.state, verdict.failures, verdict.next_at, verdict.reason) == (
        "failed",
        9,
        None,
        "answered 500",
    )


def test_an_empty_schedule_means_one_try() -> None:
    assert judge(outcome(), failures=0, faults=0, schedule=(), chance=0.5).state == "failed"


def test_a_shorter_schedule_ends_what_has_failed_more_often_already() -> None:
    assert judge(outcome(), failures=5, faults=0, schedule=(1, 2), chance=0.5).state == "failed"


def test_success_delivers_whatever_was_before() -> None:
    verdict = judge(outcome("success"), failures=7, faults=3, schedule=DEFAULT, chance=0.5)
    assert (verdict.state, verdict.failures, verdict.faults, verdict.next_at) == ("delivered", 7, 3, None)


def test_gone_is_never_tried_again() -> None:
    assert judge(outcome("gone"), failures=0, faults=0, schedule=DEFAULT, chance=0.5).state == "failed"


def test_what_the_hub_refuses_to_send_is_not_tried_again_and_not_a_failure() -> None:
    verdict = judge(outcome("refused"), failures=1, faults=0, schedule=DEFAULT, chance=0.5)
    assert (verdict.state, verdict.failures) == ("refused", 1)


@pytest.mark.parametrize("kind", ["fault", "unknown"])
def test_the_hubs_own_faults_use_no_try_and_wait_longer_each_time(kind: Kind) -> None:
    waits = [
        judge(outcome(kind), failures=2, faults=n, schedule=DEFAULT, chance=0.5)
        for n in range(FAULTS_MAX - 1)
    ]
    assert {verdict.failures for verdict in waits} == {2}
    assert [verdict.faults for verdict in waits] == list(range(1, FAULTS_MAX))
    assert [verdict.next_at for verdict in waits] == [
        NOW + min(2**n, WAIT_MAX_S) for n in range(1, FAULTS_MAX)
    ]
    last = judge(outcome(kind), failures=2, faults=FAULTS_MAX - 1, schedule=DEFAULT, chance=0.5)
    assert last.state == "failed"
    assert "set aside" in str(last.reason)


def test_a_pause_that_the_receiver_asks_for_uses_no_try_and_ends_when_it_says() -> None:
    asked = settled(outcome("later", "30"), deferrals=3)
    verdict = judge(asked, failures=2, faults=1, deferrals=3, schedule=DEFAULT, chance=0.5)
    assert (verdict.state, verdict.failures, verdict.faults, verdict.deferrals, verdict.next_at) == (
        "retrying",
        2,
        1,
        4,
        NOW + 30,
    )


def test_a_pause_of_unsaid_length_grows_each_time() -> None:
    waits = [settled(outcome("later"), deferrals=n).resume_at for n in range(DEFERRALS_MAX)]
    assert waits == [NOW + min(2 ** (n + 1), WAIT_MAX_S) for n in range(DEFERRALS_MAX)]


def test_after_fifty_pauses_the_next_is_a_failure_that_still_says_when() -> None:
    assert settled(outcome("later", "30"), DEFERRALS_MAX - 1).kind == "later"
    worn = settled(outcome("later", "30"), DEFERRALS_MAX)
    assert (worn.kind, worn.resume_at) == ("failure", NOW + 30)
    verdict = judge(worn, failures=0, faults=0, deferrals=DEFERRALS_MAX, schedule=DEFAULT, chance=0.5)
    assert (verdict.failures, verdict.deferrals) == (1, DEFERRALS_MAX)


def test_only_a_pause_is_settled() -> None:
    for kind in ("success", "failure", "gone", "refused", "fault", "unknown"):
        assert settled(outcome(kind), 1000) == outcome(kind)


@pytest.mark.parametrize("phase", ["dns", "connect", "tls"])
def test_an_outage_of_the_hubs_own_uses_no_try_and_is_waited_out(phase: Phase) -> None:
    faults, waits = 0, []
    for _ in range(1000):
        verdict = judge(
            Outcome("fault", NOW - 2, 2.0, phase, reason="no network"),
            failures=2,
            faults=faults,
            age_s=6 * DAY,
            schedule=DEFAULT,
            chance=0.5,
        )
        assert (verdict.state, verdict.failures) == ("retrying", 2)
        faults = verdict.faults
        waits.append(verdict.next_at)
    assert waits[:3] == [NOW + 2, NOW + 4, NOW + 8]
    assert waits[-1] == NOW + WAIT_MAX_S
    assert faults < FAULTS_MAX - 5, "a bug of the hub in the same delivery still has room"


def test_a_receiver_that_this_machine_can_never_reach_is_not_tried_for_ever() -> None:
    outage = Outcome("fault", NOW - 2, 2.0, "connect", reason="no network")
    verdict = judge(outage, failures=0, faults=9, age_s=7.2 * DAY, schedule=DEFAULT, chance=0.5)
    assert (verdict.state, verdict.reason) == ("failed", "set aside after 7 days: no network")
    again = judge(outage, failures=0, faults=15, age_s=0, schedule=DEFAULT, chance=0.5)
    assert again.faults == 15, "what was counted before stays"


@pytest.mark.parametrize(
    ("after_s", "header", "wait_s"),
    [
        (None, "30", 30.0),
        (0.25, "30", 0.25),  # the body says it finer than the header can
        (0, "30", None),
        (-1.0, "", None),
        (math.nan, "", None),
        (1e9, "", DAY),
        (math.inf, "", DAY),
        (None, "", None),
    ],
)
def test_the_body_of_an_answer_says_best_how_long_to_wait(
    after_s: float | None, header: str, wait_s: float | None
) -> None:
    assert resume_at(after_s, header, NOW) == (None if wait_s is None else NOW + wait_s)


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("86400", DAY),
        ("86401", DAY),
        ("1000000000", DAY),
        ("9" * 400, DAY),
        ("0", None),
        ("-5", None),
        ("1e9", None),
        ("NaN", None),
        ("inf", None),
        ("Infinity", None),
        (".", None),
        ("", None),
        ("   ", None),
        ("soon", None),
        ("٣", None),
        ("²", None),
        ("120 seconds", None),
        ("Fri, 32 Feb 2099 00:00:00 GMT", None),
        ("\x00", None),
    ],
)
def test_it_reads_seconds_and_passes_over_what_it_does_not_understand(
    header: str, wait_s: float | None
) -> None:
    assert retry_after_at(header, NOW) == (None if wait_s is None else NOW + wait_s)


def test_it_reads_a_date_at_most_a_day_ahead() -> None:
    assert retry_after_at(formatdate(NOW + 90, usegmt=True), NOW) == NOW + 90
    assert retry_after_at(formatdate(NOW + 10 * DAY, usegmt=True), NOW) == NOW + DAY
    assert retry_after_at(formatdate(NOW - 90, usegmt=True), NOW) is None
    assert retry_after_at("Wed, 21 Oct 1515 07:28:00 GMT", NOW) is None
    assert retry_after_at("Sun Nov  6 08:49:37 1994", NOW) is None


def test_a_date_without_a_zone_is_in_utc_wherever_the_hub_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        plain = format_datetime(datetime.fromtimestamp(NOW + 90, UTC)).removesuffix(" +0000")
        assert retry_after_at(plain, NOW) == NOW + 90
        assert retry_after_at(f"{plain} -0000", NOW) == NOW + 90
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.one_of(st.text(max_size=60), st.text("0123456789+-:., GMTUtcMonFriNovJan", max_size=40)))
def test_no_header_can_do_more_than_ask_for_a_day(header: str) -> None:
    asked_for = retry_after_at(header, NOW)
    assert asked_for is None or (math.isfinite(asked_for) and NOW < asked_for <= NOW + DAY)


def test_a_receiver_may_ask_for_more_than_the_schedule_but_not_for_less() -> None:
    later = judge(outcome(retry_after="600"), failures=0, faults=0, schedule=DEFAULT, chance=0.5)
    sooner = judge(outcome(retry_after="1"), failures=0, faults=0, schedule=DEFAULT, chance=0.5)
    assert later.next_at == NOW + 600
    assert sooner.next_at == NOW + 5


@given(
    st.sampled_from(["success", "failure", "later", "gone", "refused", "fault", "unknown"]),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 60),
    st.lists(st.floats(0, 604_800), max_size=10),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.none(), st.text(max_size=20)),
)
def test_every_verdict_either_ends_a_delivery_or_says_when_it_goes_on(
    kind: Kind,
    failures: int,
    faults: int,
    deferrals: int,
    schedule: list[float],
    chance: float,
    header: str | None,
) -> None:
    counted = settled(outcome(kind, header), deferrals)
    verdict = judge(
        counted,
        failures=failures,
        faults=faults,
        deferrals=deferrals,
        schedule=schedule,
        chance=chance,
    )
    assert (verdict.state == "retrying") == (verdict.next_at is not None)
    assert verdict.next_at is None or verdict.next_at >= NOW
    assert verdict.failures - failures == (counted.kind in ("failure", "gone"))
    assert verdict.deferrals - deferrals == (counted.kind == "later")
    assert verdict.faults - faults == (kind in ("fault", "unknown"))


@given(st.lists(st.floats(0, 604_800), max_size=50), st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_nothing_is_put_off_for_longer_than_the_longest_wait(
    schedule: list[float], failures: int, chance: float
) -> None:
    longest = longest_wait_s(schedule)
    assert delay_s(schedule, failures, chance) <= longest
    asked_for = retry_after_at("1000000000", NOW)
    assert asked_for is not None
    assert asked_for - NOW <= longest
