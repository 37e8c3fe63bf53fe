"""Any order of publishing, claiming, ending, crashing and waiting: a hook that is sent to in order gets nothing
before what came before it is over, and none gets more than its rate.
"""

from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.rules.outcome import Kind
from hub.rules.pace import Entry, Pace, RateLimit
from hub.rules.settings import Settings
from hub.store.leases import LEASE_MARGIN_S, Claim
from hub.store.models import Attempt, Delivery, Event, Hook
from tests.rigs.stage import Stage

WORKERS = ("a", "b")
KINDS: tuple[Kind, ...] = ("success", "success", "failure", "later", "fault")
OVER = ("delivered", "failed", "refused")
RATE = RateLimit(3, 6)
PACES = (
    Pace(ordering="fifo"),
    Pace(ordering="fifo", fifo_on_failure="hold"),
    Pace(RATE),
    Pace(RATE, ordering="fifo", delay_s=2),
)


class Paced(RuleBasedStateMachine):
    def __init__(self, store: Stage) -> None:
        super().__init__()
        self.store = store
        self.held: dict[str, list[tuple[Claim, float]]] = {worker: [] for worker in WORKERS}
        self.begun: list[float] = []
        store.settings = Settings(retry_schedule_s=(5, 60), failure_limit=0, max_in_flight_per_hook=3)

    @initialize(pace=st.sampled_from(PACES))
    def a_hook(self, pace: Pace) -> None:
        def write() -> None:
            for table in (Attempt, Delivery, Event, Hook):
                table.delete().execute()

        self.store.do(write)
        self.pace = pace
        self.hook_id = self.store.hook(pace=pace)

    @rule(count=st.integers(1, 3))
    def publish(self, count: int) -> None:
        entry = Entry(self.pace.delay_s or 0.0, self.pace.is_fifo)
        entries = {self.hook_id: entry} if entry != Entry() else {}
        self.store.publish([self.hook_id], count, entries=entries)

    @rule(worker=st.sampled_from(WORKERS), free=st.integers(0, 4), is_promoted=st.booleans())
    def claim(self, worker: str, free: int, is_promoted: bool) -> None:
        if is_promoted:
            self.store.promote()
        claims = self.store.claim(worker, free)
        now = self.store.clock.now()
        if self.pace.is_fifo:
            self.check_order(claims)
        until = now + self.store.settings.attempt_timeout_s + LEASE_MARGIN_S
        self.held[worker] += [(claim, until) for claim in claims]
        self.begun += [now] * len(claims)
        if self.pace.rate_limit is not None:
            for n, since in enumerate(self.begun):
                assert len(self.begun) - n <= RATE.count + (now - since) * RATE.count / RATE.per_s + 1e-3

    def check_order(self, claims: list[Claim]) -> None:
        rows = self.store.of(self.hook_id)
        assert sum(row.state == "sending" for row in rows) <= 1
        places = {str(row.id): (row.seq, row.id) for row in rows}
        for claim in claims:
            before = [row for row in rows if (row.seq, row.id) < places[claim.delivery_id]]
            assert {row.state for row in before} <= set(OVER)

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def end(self, data: Any, kind: Kind) -> None:
        worker = data.draw(st.sampled_from([name for name, claims in self.held.items() if claims]))
        item = data.draw(st.sampled_from(self.held[worker]))
        self.held[worker].remove(item)
        self.store.record([item[0]], kind, worker)

    @rule(worker=st.sampled_from(WORKERS), is_known=st.booleans())
    def crash(self, worker: str, is_known: bool) -> None:
        self.held[worker] = []
        if is_known:
            self.store.rescue(lambda owner: owner == worker)

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.0, 6.0, 31.0, 80.0]))
    def time_passes(self, seconds: float) -> None:
        now = self.store.clock.advance(seconds)
        self.store.rescue()
        for worker, claims in self.held.items():
            self.held[worker] = [item for item in claims if item[1] > now]

    @rule()
    def switch_on(self) -> None:
        self.store.switch(self.hook_id, True)

    def teardown(self) -> None:
        """The receiver is well again: all of it comes to an end."""
        if not hasattr(self, "hook_id"):
            return
        for _ in range(150):  # more than can have been published, one at a time
            if {row.state for row in self.store.of(self.hook_id)} <= set(OVER):
                break
            self.store.switch(self.hook_id, True)
            self.store.clock.advance(100)
            self.store.rescue()
            self.store.promote()
            claims = self.store.claim("z")
            if self.pace.is_fifo:
                self.check_order(claims)
            self.store.record(claims, "success", "z")
        assert {row.state for row in self.store.of(self.hook_id)} <= set(OVER)
        if self.pace.fifo_on_failure == "hold":
            rows = self.store.of(self.hook_id)
            assert all(row.state == "delivered" or "set aside" in (row.reason or "") for row in rows)


def test_order_and_rate_hold_whatever_happens(store: Stage) -> None:
    run_state_machine_as_test(
        lambda: Paced(store),
        settings=hypothesis_settings(
            max_examples=3 if store.database.is_postgresql else 10,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
