"""Any order of publishing, claiming, ending, crashing and waiting: a hook that is sent to in order gets nothing
before what came before it is over, none gets more than its rate, and what went in one request goes in it again.
"""

from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.rules.outcome import Kind
from hub.rules.pace import Digest, Entry, Pace, RateLimit
from hub.rules.settings import Settings
from hub.store import redelivery
from hub.store.leases import LEASE_MARGIN_S, Claim
from hub.store.models import Attempt, Delivery, Event, Hook
from tests.rigs.stage import Stage

WORKERS = ("a", "b")
KINDS: tuple[Kind, ...] = ("success", "success", "failure", "later", "fault")
OVER = ("delivered", "failed", "refused")
RATE = RateLimit(3, 6)
DIGEST = Digest(4, 3)
PACES = (
    Pace(ordering="fifo"),
    Pace(ordering="fifo", fifo_on_failure="hold"),
    Pace(RATE),
    Pace(RATE, ordering="fifo", delay_s=2),
    Pace(digest=DIGEST),
    Pace(RATE, digest=DIGEST, delay_s=2),
    Pace(digest=DIGEST, ordering="fifo"),
    Pace(digest=DIGEST, ordering="fifo", fifo_on_failure="hold", delay_s=2),
)


class Paced(RuleBasedStateMachine):
    def __init__(self, store: Stage) -> None:
        super().__init__()
        self.store = store
        self.held: dict[str, list[tuple[Claim, float]]] = {worker: [] for worker in WORKERS}
        self.begun: list[float] = []
        self.batches: dict[str, tuple[str, ...]] = {}
        """What went in each."""
        self.came: dict[str, float] = {}
        self.may_be_early = False
        """Somebody does not want to wait for the window, or a full batch of it has gone."""
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
        made = self.store.publish([self.hook_id], count, entries=entries)
        self.came |= dict.fromkeys(made, self.store.clock.now())

    @rule(worker=st.sampled_from(WORKERS), free=st.integers(0, 4), is_promoted=st.booleans())
    def claim(self, worker: str, free: int, is_promoted: bool) -> None:
        if is_promoted:
            self.store.promote()
        self.take(worker, free)

    @precondition(lambda self: self.pace.digest is not None)
    @rule(worker=st.sampled_from(WORKERS), count=st.integers(0, 3))
    def a_window_passes(self, worker: str, count: int) -> None:
        """What has come gathers, and goes."""
        if count:
            self.publish(count)
        for _ in range(2):
            self.store.promote()
            self.take(worker, 1)
            self.time_passes(6.0)
        self.take(worker, 1)

    def take(self, worker: str, free: int) -> None:
        claims = self.store.claim(worker, free)
        now = self.store.clock.now()
        if self.pace.is_fifo:
            self.check_order(claims)
        if self.pace.digest is not None:
            self.check_batches(claims)
        until = now + self.store.settings.attempt_timeout_s + LEASE_MARGIN_S
        self.held[worker] += [(claim, until) for claim in claims]
        self.begun += [now] * len(claims)
        if self.pace.rate_limit is not None:
            for n, since in enumerate(self.begun):
                assert len(self.begun) - n <= RATE.count + (now - since) * RATE.count / RATE.per_s + 1e-3

    def check_order(self, claims: list[Claim]) -> None:
        rows = self.store.of(self.hook_id)
        assert sum(row.state == "sending" for row in rows) <= (1 if self.pace.digest is None else DIGEST.max)
        places = {str(row.id): (row.seq, row.id) for row in rows}
        for claim in claims:
            mine = [part.delivery_id for part in claim.parts]
            assert mine == sorted(mine, key=lambda one: places[one])
            before = [row for row in rows if (row.seq, row.id) < places[mine[-1]]]
            assert {row.state for row in before if row.id not in mine} <= set(OVER)

    def check_batches(self, claims: list[Claim]) -> None:
        """One at a time, all of it, and the same each time; a new one is full or has gathered for long
        enough.
        """
        sending = [row for row in self.store.of(self.hook_id) if row.state == "sending"]
        assert len({row.batch_id for row in sending}) <= 1
        for claim in claims:
            ids = tuple(part.delivery_id for part in claim.parts)
            assert claim.batch_id is not None
            assert sorted(ids) == sorted(str(row.id) for row in sending)
            assert {(str(row.id), row.attempts) for row in sending} == {
                (part.delivery_id, part.attempt) for part in claim.parts
            }
            assert self.batches.setdefault(claim.batch_id, ids) == ids
            assert len(ids) <= DIGEST.max
            if all(part.attempt == 1 for part in claim.parts):
                oldest = min(self.came[part.event_id] for part in claim.parts)
                has_waited = self.store.clock.now() - oldest >= DIGEST.window_s
                assert has_waited or len(ids) == DIGEST.max or self.may_be_early
                self.may_be_early = len(ids) == DIGEST.max

    @invariant()
    def what_is_under_way_is_counted(self) -> None:
        if hasattr(self, "hook_id"):
            rows = self.store.of(self.hook_id)
            assert self.store.row(self.hook_id).in_flight == sum(row.state == "sending" for row in rows)

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), kind=st.sampled_from(KINDS), blames_event=st.booleans())
    def end(self, data: Any, kind: Kind, blames_event: bool) -> None:
        worker = data.draw(st.sampled_from([name for name, claims in self.held.items() if claims]))
        item = data.draw(st.sampled_from(self.held[worker]))
        self.held[worker].remove(item)
        blamed = kind == "failure" and blames_event
        self.store.record([item[0]], kind, worker, blames_event=blamed)

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

    @rule(data=st.data())
    def retry_by_hand(self, data: Any) -> None:
        rows = self.store.of(self.hook_id)
        if rows and self.pace.digest is not None:
            one = data.draw(st.sampled_from(rows)).id
            now = self.store.clock.now()
            self.store.do(lambda: redelivery.retry_now(self.store.database, one, self.hook_id, now))
            self.may_be_early = True

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
            if self.pace.digest is not None:
                self.check_batches(claims)
            self.store.record(claims, "success", "z")
        assert {row.state for row in self.store.of(self.hook_id)} <= set(OVER)
        if self.pace.fifo_on_failure == "hold":
            rows = self.store.of(self.hook_id)
            assert all(row.state == "delivered" or "set aside" in (row.reason or "") for row in rows)


def test_order_and_rate_hold_whatever_happens(store: Stage) -> None:
    run_state_machine_as_test(
        lambda: Paced(store),
        settings=hypothesis_settings(
            max_examples=6 if store.database.is_postgresql else 20,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
