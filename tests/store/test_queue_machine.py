"""Any order of publishing, claiming, ending, crashing, switching and waiting, on both engines, against what
must always hold.
"""

from collections import Counter
from collections.abc import Sequence
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

from hub.rules.fairness import Ahead
from hub.rules.outcome import Kind
from hub.rules.retry import CRASHES_MAX
from hub.rules.settings import Settings
from hub.store import lanes, leases, projects, redelivery
from hub.store.events import NewEvent
from hub.store.fan_outs import NewDelivery
from hub.store.leases import BEGIN_WITHIN_S, Claim
from hub.store.models import Attempt, Delivery, Event, Hook
from tests.rigs.stage import Stage

WORKERS = ("a", "b")
HOOKS = 3
KINDS: tuple[Kind, ...] = ("success", "failure", "failure", "failure", "later", "fault", "refused", "gone")


class Queue(RuleBasedStateMachine):
    """Workers keep their claims until they end or die; a dead worker's late results may still come.

    Alone or together, workers also lease runs ahead: of those they begin as many as they may, and what has
    not begun goes back after any outcome but success, and whenever somebody likes.
    """

    def __init__(self, store: Stage) -> None:
        super().__init__()
        self.store = store
        self.held: dict[str, list[tuple[Claim, float]]] = {worker: [] for worker in WORKERS}
        self.waiting: dict[str, list[tuple[Claim, float]]] = {worker: [] for worker in WORKERS}
        """Leased ahead and not begun."""
        self.doomed: list[tuple[str, Claim]] = []
        """To be given back."""
        self.lost: list[tuple[str, Claim]] = []
        self.published = 0
        self.seen: set[tuple[str, int]] = set()
        """The attempts that rows say, or said, had begun."""
        store.settings = Settings(retry_schedule_s=(5, 60), failure_limit=3, max_in_flight_per_hook=3)

    @initialize(mode=st.sampled_from(["at once", "alone", "together"]))
    def a_fresh_queue(self, mode: str) -> None:
        self.mode = mode
        self.part = 1 if mode == "together" else None

        def write() -> None:
            for table in (Attempt, Delivery, Event, Hook):
                table.delete().execute()
            projects.archive(self.store.database, self.store.project, False, 0)

        self.store.do(write)
        self.hooks = [self.store.hook(origin_kind="page" if n else "api") for n in range(HOOKS)]

    @rule(which=st.sets(st.integers(0, HOOKS - 1)), count=st.integers(1, 4))
    def publish(self, which: set[int], count: int) -> None:
        wanted = [
            self.hooks[n]
            for n in sorted(which)
            if self.store.row(self.hooks[n]).state in ("active", "failing", "auto_disabled")
        ]
        self.store.publish(wanted, count)
        self.published += count * len(wanted)

    @precondition(lambda self: self.mode != "at once")
    @rule(which=st.sets(st.integers(0, HOOKS - 1), min_size=1), worker=st.sampled_from(WORKERS))
    def publish_to_who_is_well(self, which: set[int], worker: str) -> None:
        """What is new is leased by the process that takes it in."""
        worker = "a" if self.mode == "alone" else worker
        wanted = [self.hooks[n] for n in sorted(which) if self.store.row(self.hooks[n]).state == "active"]
        waited = {hook_id: self.waits_for(hook_id) for hook_id in wanted}
        is_archived = self.store.read(lambda: projects.by_key("DEMO")).archived_at is not None  # type: ignore[union-attr]
        now = self.store.clock.now()
        until = leases.ends_at(self.store.settings, now)
        taken: list[Claim] = []

        def lease(_: Sequence[NewEvent], rows: Sequence[NewDelivery]) -> Sequence[NewDelivery]:
            versions = lanes.fresh(self.store.database, {row[2] for row in rows})
            mine = [row for row in rows if row[2] in versions]
            leases.lease_new(self.store.database, worker, mine, until)
            taken[:] = [
                Claim(row[0], 1, row[2], versions[row[2]], row[1], False, begin_until=now + BEGIN_WITHIN_S)
                for row in mine
            ]
            return [row for row in rows if row[2] not in versions]

        self.store.publish(wanted, lease=lease)
        self.published += len(wanted)
        self.waiting[worker] += [(claim, until) for claim in taken]
        for claim in taken:
            hook = self.store.row(claim.hook_id)
            assert (hook.state, hook.slow_start, hook.is_slow, hook.open_until) == (
                "active",
                None,
                False,
                None,
            )
            assert (waited[claim.hook_id], is_archived) == (0, False)

    def waits_for(self, hook_id: str) -> int:
        mine = Delivery.select().where(Delivery.hook_id == hook_id, Delivery.state == "waiting")
        return self.store.read(lambda: mine.count())

    @rule(
        worker=st.sampled_from(WORKERS),
        free=st.integers(0, 6),
        slow=st.integers(0, 6),
        ahead=st.integers(0, 6),
    )
    def claim(self, worker: str, free: int, slow: int, ahead: int) -> None:
        worker = "a" if self.mode == "alone" else worker
        self.store.promote()
        claims = self.store.claim(worker, free, slow, **self.run_room(worker, ahead))
        at_once = [claim for claim in claims if not claim.is_ahead]
        assert len(at_once) <= free
        assert sum(claim.is_slow for claim in at_once) <= slow
        for claim in claims:
            assert (claim.delivery_id, claim.attempt) not in self.seen, "an attempt number is given out once"
            hook = self.store.row(claim.hook_id)
            assert hook.state in ("active", "failing")
            assert hook.open_until is None or hook.open_until <= self.store.clock.now()
            if claim.is_ahead:
                assert (hook.state, hook.slow_start, hook.is_slow) == ("active", None, False)
                kinds = self.store.read(
                    lambda claim=claim: [
                        one.kind for one in Attempt.select().where(Attempt.delivery_id == claim.delivery_id)
                    ]
                )
                assert kinds[-1:] != ["unknown"]
        until = leases.ends_at(self.store.settings, self.store.clock.now())
        self.seen |= {(claim.delivery_id, claim.attempt) for claim in at_once}
        self.held[worker] += [(claim, until) for claim in at_once]
        self.waiting[worker] += [(claim, until) for claim in claims if claim.is_ahead]

    def run_room(self, worker: str, rows: int) -> dict[str, Any]:
        if self.mode == "at once":
            return {}
        mine = [claim.hook_id for claim, _ in (*self.held[worker], *self.waiting[worker])]
        part = {} if self.part is None else {"hook_part": self.part, "under_way": Counter(mine)}
        return {"ahead": Ahead(10, 10**9, rows, 10**9, part=self.part), **part}

    @precondition(lambda self: any(self.waiting.values()))
    @rule(data=st.data())
    def begin(self, data: Any) -> None:
        """The first that waits of a hook, as far as its worker may."""
        worker = data.draw(st.sampled_from([name for name, claims in self.waiting.items() if claims]))
        hook_id = data.draw(st.sampled_from([claim.hook_id for claim, _ in self.waiting[worker]]))
        item = next(item for item in self.waiting[worker] if item[0].hook_id == hook_id)
        begun = sum(claim.hook_id == hook_id for claim, _ in self.held[worker])
        if begun < (self.part or 3) and self.store.clock.now() <= item[0].begin_until:
            self.waiting[worker].remove(item)
            self.held[worker].append(item)

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data())
    def say_that_it_has_begun(self, data: Any) -> None:
        worker = data.draw(st.sampled_from([name for name, claims in self.held.items() if claims]))
        claim, _ = data.draw(st.sampled_from(self.held[worker]))
        self.store.mark_begun([claim], worker)
        row = self.store.delivery(claim.delivery_id)
        if (row.state, row.owner, row.attempts) == ("sending", worker, claim.attempt):
            assert row.claimed_at is not None
            self.seen.add((claim.delivery_id, claim.attempt))

    @precondition(lambda self: self.doomed or any(self.waiting.values()))
    @rule(data=st.data())
    def give_back(self, data: Any) -> None:
        """At once, or so late that the lease is over."""
        ready = [(name, claim) for name, claims in self.waiting.items() for claim, _ in claims]
        worker, claim = data.draw(st.sampled_from([*self.doomed, *ready]))
        self.doomed = [item for item in self.doomed if item != (worker, claim)]
        self.waiting[worker] = [item for item in self.waiting[worker] if item[0] != claim]
        before = self.store.delivery(claim.delivery_id)
        is_ours = (before.state, before.owner, before.attempts) == ("sending", worker, claim.attempt)
        is_ours = is_ours and before.claimed_at is None
        assert self.store.give_back([claim], worker) == is_ours
        after = self.store.delivery(claim.delivery_id)
        if is_ours:
            assert (after.state, after.attempts) == ("waiting", claim.attempt - 1)
        else:
            assert after.__data__ == before.__data__

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), kind=st.sampled_from(KINDS), duration_s=st.floats(0.01, 5))
    def end(self, data: Any, kind: Kind, duration_s: float) -> None:
        worker = data.draw(st.sampled_from([name for name, claims in self.held.items() if claims]))
        chosen = data.draw(
            st.lists(
                st.sampled_from(self.held[worker]), min_size=1, unique_by=lambda item: item[0].delivery_id
            )
        )
        self.held[worker] = [item for item in self.held[worker] if item not in chosen]
        self.store.record([claim for claim, _ in chosen], kind, worker, duration_s=duration_s)
        self.seen |= {(claim.delivery_id, claim.attempt) for claim, _ in chosen}
        if kind != "success":
            hooks = {claim.hook_id for claim, _ in chosen}
            self.doomed += [(worker, claim) for claim, _ in self.waiting[worker] if claim.hook_id in hooks]
            self.waiting[worker] = [item for item in self.waiting[worker] if item[0].hook_id not in hooks]

    @rule(worker=st.sampled_from(WORKERS), is_known=st.booleans())
    def crash(self, worker: str, is_known: bool) -> None:
        """It stops in the middle; its leases end by time, or at once where its death is known."""
        self.lost += [(worker, claim) for claim, _ in self.held[worker]]
        self.doomed += [(worker, claim) for claim, _ in self.waiting[worker]]
        self.held[worker], self.waiting[worker] = [], []
        if is_known:
            self.store.rescue(lambda owner: owner == worker)

    @precondition(lambda self: self.lost)
    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def a_late_result(self, data: Any, kind: Kind) -> None:
        """Of a worker that was frozen: it counts if nobody has taken its lease, and otherwise changes
        nothing.
        """
        worker, claim = data.draw(st.sampled_from(self.lost))
        before = self.store.delivery(claim.delivery_id)
        is_ours = before.state == "sending" and before.owner == worker and before.attempts == claim.attempt
        hook = self.store.row(claim.hook_id).__data__
        self.store.record([claim], kind, worker)
        if not is_ours:
            assert self.store.delivery(claim.delivery_id).__data__ == before.__data__
            after = self.store.row(claim.hook_id).__data__
            assert {**after, "ready_at": 0} == {**hook, "ready_at": 0}

    @rule(seconds=st.sampled_from([0.1, 1.0, 6.0, 29.0, 31.0, 80.0]))
    def time_passes(self, seconds: float) -> None:
        self.store.clock.advance(seconds)

    @rule()
    def rescue(self) -> None:
        now = self.store.clock.now()
        self.store.rescue()
        for worker, claims in self.held.items():
            self.lost += [(worker, claim) for claim, until in claims if until <= now]
            self.held[worker] = [item for item in claims if item[1] > now]
        for worker, claims in self.waiting.items():
            self.doomed += [(worker, claim) for claim, until in claims if until <= now]
            self.waiting[worker] = [item for item in claims if item[1] > now]

    @rule(which=st.integers(0, HOOKS - 1), is_on=st.booleans())
    def switch(self, which: int, is_on: bool) -> None:
        if self.store.row(self.hooks[which]).state != "gone":
            self.store.switch(self.hooks[which], is_on)

    @rule(is_archived=st.booleans())
    def archive(self, is_archived: bool) -> None:
        self.store.do(
            lambda: projects.archive(
                self.store.database, self.store.project, is_archived, self.store.clock.now()
            )
        )

    @rule(data=st.data())
    def retry_by_hand(self, data: Any) -> None:
        rows = self.store.read(lambda: list(Delivery.select().order_by(Delivery.id)))
        if rows:
            row = data.draw(st.sampled_from(rows))
            assert self.store.do(
                lambda: redelivery.retry_now(self.store.database, row.id, row.hook_id, self.store.clock.now())
            ) == (row.state != "sending")

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        """Each rule, of rows that are read once: most of the time goes to reading them."""
        rows, hooks, project = self.store.read(
            lambda: (list(Delivery.select()), list(Hook.select()), projects.by_key("DEMO"))
        )
        assert project is not None
        self.in_flight_is_what_is_being_sent(rows, hooks)
        self.no_delivery_is_lost_and_none_is_leased_twice(rows)
        self.whatever_is_open_will_be_looked_at(rows, hooks, project.archived_at is not None)

    def in_flight_is_what_is_being_sent(self, rows: list[Delivery], hooks: list[Hook]) -> None:
        count = Counter(row.hook_id for row in rows if row.state == "sending")
        for hook in hooks:
            sending = count[hook.id]
            assert hook.in_flight == sending, hook.id
            under_way = sum(claim.hook_id == hook.id for claims in self.held.values() for claim, _ in claims)
            assert (sending if self.mode == "at once" else under_way) <= 3

    def no_delivery_is_lost_and_none_is_leased_twice(self, rows: list[Delivery]) -> None:
        assert len(rows) == self.published
        now = self.store.clock.now()
        leased = [
            claim.delivery_id
            for claims in (*self.held.values(), *self.waiting.values())
            for claim, until in claims
            if until > now
        ]
        assert len(leased) == len(set(leased))
        for row in rows:
            assert (row.state == "sending") == (row.owner is not None) == (row.lease_until is not None)
            assert (row.state == "retrying") == (row.next_at is not None)
            assert (row.finished_at is not None) == (row.state in ("delivered", "failed", "refused"))

    def whatever_is_open_will_be_looked_at(
        self, rows: list[Delivery], hooks: list[Hook], is_archived: bool
    ) -> None:
        """A lane with something waiting is armed, or it is full, off or archived: then whoever ends that arms
        it.
        """
        waiting = {row.hook_id for row in rows if row.state == "waiting"}
        for hook in hooks:
            if hook.ready_at is None and hook.id in waiting:
                is_off = hook.state not in ("active", "failing")
                assert is_off or is_archived or hook.in_flight > 0, hook.__data__

    def teardown(self) -> None:
        """Everything comes back and every receiver is well: all of it must end."""
        if not hasattr(self, "hooks"):
            return
        self.store.do(
            lambda: projects.archive(self.store.database, self.store.project, False, self.store.clock.now())
        )
        for hook_id in self.hooks:
            if self.store.row(hook_id).state != "gone":
                self.store.switch(hook_id, True)
        rounds = 0
        while (left := self.left()) and rounds < 40:
            rounds += 1
            self.store.clock.advance(100)
            self.store.rescue()
            self.store.promote()
            self.store.record(self.store.claim("z", 100), "success", "z")
        assert left == []
        rows = self.store.read(lambda: list(Delivery.select()))
        aside = [row for row in rows if "set aside" in (row.reason or "")]
        for row in aside:
            attempts = self.store.read(
                lambda row=row: (
                    Attempt.select().where(Attempt.delivery_id == row.id, Attempt.kind == "unknown").count()
                )
            )  # type: ignore[misc]
            assert attempts >= CRASHES_MAX or row.faults >= 20

    def left(self) -> list[dict[str, Any]]:
        """What has not ended, and will."""
        gone = {hook_id for hook_id in self.hooks if self.store.row(hook_id).state == "gone"}
        rows = self.store.read(lambda: list(Delivery.select()))
        return [
            row.__data__
            for row in rows
            if row.state not in ("delivered", "failed", "refused") and row.hook_id not in gone
        ]


def test_no_order_of_events_loses_doubles_or_strands_a_delivery(store: Stage) -> None:
    # PostgreSQL's share is smaller: each step is a round trip to a server.
    examples = 25 if store.database.is_postgresql else 60
    run_state_machine_as_test(
        lambda: Queue(store),
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_delivery_of_a_gone_hook_that_is_retried_by_hand_waits_to_be_cancelled(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    store.record(store.claim(), "gone")
    [row] = store.of(hook)
    assert store.do(lambda: redelivery.retry_now(store.database, row.id, row.hook_id, store.clock.now()))
    assert store.claim() == []
    assert store.row(hook).ready_at is None
