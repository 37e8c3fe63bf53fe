"""Any sequence of outcomes, switches and waits against what must always hold of a hook's health."""

from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from hub.rules.health import Health, cleared, disabled, enabled, judge
from hub.rules.outcome import Kind, Outcome

SCHEDULE = (5.0, 60.0, 300.0)


def after(health: Health, kind: Kind, started_at: float, duration_s: float = 0.1, **how: Any) -> Health:
    told = {name: how.pop(name) for name in ("resume_at", "blames_event") if name in how}
    outcome = Outcome(kind, started_at, duration_s, reason=None if kind == "success" else f"a {kind}", **told)
    rules = {"origin": "api", "failure_limit": 5, "schedule": SCHEDULE, "max_in_flight": 8, "chance": 0.5}
    return judge(health, outcome, **{**rules, **how})


class AnyHistory(RuleBasedStateMachine):
    """Outcomes of requests that overlap as they like, settings that change, people and apps that switch."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.health = Health()
        self.limit = 5
        self.open: list[float] = []
        self.since_success: list[tuple[float, float]] = []
        """(began, ended) of failures since the last reset, for the count as the documents word it."""
        self.may_be_off = False
        self.was_put_off = False

    @rule(seconds=st.floats(0.01, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def a_request_starts(self) -> None:
        self.open.append(self.now)

    @precondition(lambda self: self.open)
    @rule(
        kind=st.sampled_from(
            ["success", "failure", "failure", "failure", "later", "fault", "refused", "unknown", "gone"]
        ),
        which=st.integers(0, 7),
    )
    def one_ends(self, kind: Kind, which: int) -> None:
        started_at = self.open.pop(which % len(self.open))
        before = self.health
        duration_s = self.now - started_at
        resume_at = self.now + 10 if kind == "later" else None
        self.health = after(
            before, kind, started_at, duration_s, failure_limit=self.limit, resume_at=resume_at
        )
        if not before.is_live:
            assert self.health.state in (before.state, "gone")
            if kind == "success":
                assert self.health.consecutive_failures == 0
            return
        counts = kind == "failure" and started_at >= before.counted_until
        if kind == "success":
            assert (self.health.state, self.health.consecutive_failures) == ("active", 0)
        elif counts:
            assert self.health.consecutive_failures == before.consecutive_failures + 1
            assert (self.health.state == "auto_disabled") == (
                0 < self.limit <= self.health.consecutive_failures
            )
        elif kind == "gone":
            assert self.health.state == "gone"
        elif kind == "later":
            self.was_put_off = True
            open_until = max(before.open_until or 0.0, self.now + 10)
            assert replace(self.health, last_error=None) == replace(
                before, last_error=None, slow_start=1, open_until=open_until
            )
        else:
            assert replace(self.health, last_error=None) == replace(before, last_error=None)

    @rule(limit=st.integers(0, 6))
    def the_limit_changes(self, limit: int) -> None:
        self.limit = limit

    @rule()
    def a_person_switches_on(self) -> None:
        if self.health.state != "gone":  # nobody can: the API refuses it
            self.health = enabled(self.health)
            assert self.health.is_live

    @rule()
    def a_person_switches_off(self) -> None:
        self.health = disabled(self.health, "by hand", self.now)
        assert not self.health.is_live

    @rule()
    def a_ping_succeeds(self) -> None:
        was_live = self.health.is_live
        self.health = cleared(self.health)
        assert self.health.is_live == was_live

    @invariant()
    def its_fields_agree(self) -> None:
        health = self.health
        assert (health.state == "failing") == (health.is_live and health.consecutive_failures > 0)
        assert health.is_live == (health.disabled_at is None) == (health.disabled_reason is None)
        assert health.open_until is None or health.is_live
        assert (
            self.was_put_off
            or health.open_until is None
            or (health.state == "failing" and health.consecutive_failures >= 2)
        )
        assert 0 <= health.allowance(8, 0) <= 8
        assert health.state != "failing" or health.allowance(8, 0) == 1
        assert health.counted_until <= self.now + 1e-6


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)
