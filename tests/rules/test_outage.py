"""When the hub suspects its own network: the rule by examples, then any attempts against the rule as it is
worded.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.errors import Phase
from hub.rules.outage import (
    ATTEMPTS_MIN,
    CLEAR,
    HOSTS_MIN,
    QUIET_MAX_S,
    SLOW_START_END,
    WINDOW_S,
    Outage,
    after,
    as_counted,
    at,
)
from hub.rules.outcome import Kind, Outcome


def outcome(
    ended_at: float = 0.0, host: str = "a.example", kind: Kind = "failure", phase: Phase = "connect"
) -> Outcome:
    return Outcome(
        kind, ended_at, 0.0, phase=phase, reason="refused the connection", url=f"https://{host}/hook"
    )


def failing(times: int, *, hosts: int = HOSTS_MIN, every_s: float = 1.0, outage: Outage = CLEAR) -> Outage:
    for n in range(times):
        outage = after(outage, outcome(n * every_s, f"h{n % hosts}.example"))
    return outage


def test_twenty_attempts_to_five_hosts_in_a_minute_are_suspicious_and_fewer_are_not() -> None:
    assert not failing(ATTEMPTS_MIN - 1).is_suspected
    suspected = failing(ATTEMPTS_MIN)
    assert suspected.suspected_since == ATTEMPTS_MIN - 1
    assert not failing(200, hosts=HOSTS_MIN - 1).is_suspected, "four hosts can be down"
    assert not failing(ATTEMPTS_MIN, every_s=WINDOW_S / (ATTEMPTS_MIN - 1)).is_suspected, (
        "not within a minute"
    )
    assert failing(ATTEMPTS_MIN, every_s=WINDOW_S / ATTEMPTS_MIN).is_suspected


@pytest.mark.parametrize("phase", ["tls", "sent", "head", "body"])
@pytest.mark.parametrize("kind", ["success", "failure", "gone", "later"])
def test_whoever_was_connected_to_proves_the_network(kind: Kind, phase: Phase) -> None:
    through = outcome(30, kind=kind, phase=phase)
    assert after(failing(ATTEMPTS_MIN - 1), through) == CLEAR
    assert after(failing(ATTEMPTS_MIN), through) == Outage(allowed=1)


@pytest.mark.parametrize(
    ("kind", "phase"), [("refused", "dns"), ("refused", "connect"), ("fault", "none"), ("unknown", "none")]
)
def test_what_was_never_on_the_way_says_nothing(kind: Kind, phase: Phase) -> None:
    for outage in (CLEAR, failing(7), failing(ATTEMPTS_MIN), Outage(allowed=3)):
        assert after(outage, outcome(30, kind=kind, phase=phase)) == outage


def test_faults_of_the_hubs_own_on_the_way_are_signs_too() -> None:
    outage = CLEAR
    for n in range(ATTEMPTS_MIN):
        outage = after(outage, outcome(n, f"h{n}.example", "fault", "dns"))
    assert outage.is_suspected


def test_while_it_suspects_itself_a_failure_on_the_way_counts_as_its_own_fault() -> None:
    suspected = failing(ATTEMPTS_MIN)
    counted = as_counted(suspected, outcome())
    assert (counted.kind, counted.phase) == ("fault", "connect")
    assert "refused the connection" in str(counted.reason)
    assert "suspects its own network" in str(counted.reason)
    for other in (
        outcome(kind="failure", phase="head"),
        outcome(kind="success", phase="body"),
        outcome(kind="refused", phase="connect"),
        outcome(kind="gone", phase="body"),
        outcome(kind="fault", phase="dns"),
    ):
        assert as_counted(suspected, other) == other
    assert as_counted(CLEAR, outcome()) == outcome()


def test_afterwards_it_starts_slowly() -> None:
    outage = after(failing(ATTEMPTS_MIN), outcome(40, kind="success", phase="body"))
    seen = []
    while outage.allowed is not None:
        seen.append(outage.allowed)
        outage = after(outage, outcome(41, kind="success", phase="body"))
    assert seen == list(range(1, SLOW_START_END))
    assert outage == CLEAR
    slow = Outage(allowed=3)
    assert after(slow, outcome(50)).allowed == 3, "a failure on the way is no reason for more, nor for less"


def test_a_suspicion_that_nothing_confirms_any_more_is_dropped() -> None:
    suspected = failing(ATTEMPTS_MIN)
    assert at(suspected, ATTEMPTS_MIN + QUIET_MAX_S - 2) == suspected
    assert at(suspected, ATTEMPTS_MIN + QUIET_MAX_S) == Outage(allowed=1)
    assert at(CLEAR, 1e9) == CLEAR


attempts = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 1.0, 2.0, 15.0]),
        st.sampled_from("abcdefg"),
        st.sampled_from(["dns", "connect", "connect", "connect", "connect", "connect", "body", "none"]),
    ),
    max_size=120,
)


@given(attempts)
def test_it_suspects_itself_exactly_when_the_rule_says_so(drawn: list[tuple[float, str, Phase]]) -> None:
    outage, now = CLEAR, 0.0
    since_reached: list[tuple[float, str]] = []
    for pause_s, host, phase in drawn:
        now += pause_s
        outage = replace(after(outage, outcome(now, host, phase=phase)), allowed=None)
        if phase == "body":
            since_reached = []
        elif phase != "none":
            since_reached.append((now, host))
        recent = [one for one in since_reached if one[0] > now - WINDOW_S]
        is_reason = len(recent) >= ATTEMPTS_MIN and len({host for _, host in recent}) >= HOSTS_MIN
        if phase in ("dns", "connect") and is_reason:
            assert outage.is_suspected
        if outage.is_suspected:
            began = [
                one
                for one in since_reached
                if outage.suspected_since is not None and one[0] <= outage.suspected_since
            ]
            then = [one for one in began if one[0] > (outage.suspected_since or 0.0) - WINDOW_S]
            assert len(then) >= ATTEMPTS_MIN
            assert len({host for _, host in then}) >= HOSTS_MIN
        assert len(outage.failures) <= ATTEMPTS_MIN
        assert len(outage.hosts) <= HOSTS_MIN
