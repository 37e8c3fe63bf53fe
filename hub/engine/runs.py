"""Runs: what this process has leased ahead of hooks that are well, and begins as soon as others have ended.

Owns those leases until they begin or go back (docs/design/runs.md): a hook's next delivery begins on the
thread on which one has ended, without waiting for a turn of the dispatcher. Any thread may call; what begins,
begins under one lock, so that nothing of a hook begins once `withdraw` has returned. Step before: a claim, or
`arrivals`. Step after: `senders`, or `leases.give_back`.
"""

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from hub.engine.delivery import Shipment
from hub.engine.in_flight import InFlight
from hub.rules.fairness import Ahead
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store.clock import Clock
from hub.store.leases import Claim

HOOK_ROWS_MAX = 256
HOOK_BYTES_MAX = 4_194_304
ROWS_MAX = 10_000
BYTES_MAX = 33_554_432
"""What is leased ahead is in memory: so much of one hook, and of all."""

UNRECORDED_MAX = 8
"""What a hook has under way, and what has ended of it and is not yet on record: at most so many times what it
may have under way. A crash repeats all of that.
"""
WINDOW_S = 0.5
"""A run is what its hook takes in twice as long: more would go back for nothing when something changes."""

CROWDED = 0.75
"""When this part of `ROWS_MAX` is held, a hook gets no longer run by what is new: the rest is for others."""
WITHDRAWN_MAX = 10_000
"""Hooks of which it is known when they were last withdrawn."""

Item = tuple[Claim, Shipment, Settings]


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be leased of new deliveries, as they come."""

    at: int
    """When it was made, in withdrawals: what is withdrawn after it does not begin by it."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """Hook id → how many."""
    bytes: Mapping[str, int] = field(default_factory=dict)
    """Hook id → how much data of their events."""
    rows_max: int = 0
    bytes_max: int = 0
    """Of all of them together."""


@dataclass(slots=True)
class _Run:
    version: int
    waiting: deque[Item] = field(default_factory=deque)
    bytes: int = 0
    window: int = 0
    ended: int = 0
    """In this window, and in the one before."""
    ended_before: int = 0

    def look(self, window: int) -> None:
        if window != self.window:
            self.ended_before = self.ended if window == self.window + 1 else 0
            self.window, self.ended = window, 0

    def rows(self, most_under_way: int) -> int:
        """How many may wait in it."""
        return min(HOOK_ROWS_MAX, most_under_way + 2 * max(self.ended, self.ended_before))

    def is_over(self) -> bool:
        return not (self.waiting or self.ended or self.ended_before)


class Runs:
    """Of one process."""

    def __init__(self, in_flight: InFlight, clock: Clock, begin: Callable[[Item], None]) -> None:
        """`begin` sends one; it may come back with an outcome at once."""
        self._in_flight = in_flight
        self._clock = clock
        self._begin = begin
        self._lock = threading.RLock()
        self._runs: dict[str, _Run] = {}
        self._back: list[Claim] = []
        self._troubled: Counter[str] = Counter()
        self._unrecorded: Counter[str] = Counter()
        """By hook, what has ended and no claim knows of yet. Of one that is recorded before its end has been
        told here, the count is below 0 for a moment.
        """
        self._idle: dict[str, None] = {}
        self._busy: dict[str, None] = {}
        """Hooks that might begin one if the process had room, in the order in which they are to get it: first
        those that have nothing under way.
        """
        self._rows = self._bytes = 0
        """What waits in all runs together."""
        self._withdrawals = self._forgotten = 0
        self._withdrawn: OrderedDict[str, int] = OrderedDict()
        """Hook id → the number of its last withdrawal; of those before `_forgotten` none is known."""
        self.held_up = 0
        """How often a hook might have begun one, and has to wait until others of it are on record."""
        self._most_under_way = 1
        self._is_offering = False
        self._is_over = False

    def ahead(self, most_under_way: int, part: int | None, workers: int = 1) -> Ahead:
        """What may be leased ahead now, where each hook has at most `most_under_way` requests here."""
        held: dict[str, tuple[int, int]] = {}
        self.forget_idle()
        with self._lock:
            self._most_under_way, self._is_offering = most_under_way, True
            for hook_id, run in self._runs.items():
                rows, has = run.rows(most_under_way), len(run.waiting)
                # Topped up when half of it is gone: each claim that looks at a hook costs as much as some
                # rows.
                held[hook_id] = (rows - has if 2 * has <= rows else 0, run.bytes)
            rows_left, bytes_left = max(0, ROWS_MAX - self._rows), max(0, BYTES_MAX - self._bytes)
        return Ahead(
            rows_left,
            bytes_left,
            most_under_way,
            HOOK_BYTES_MAX,
            held,
            part,
            workers,
        )

    def forget_idle(self) -> None:
        """Forget hooks of which nothing waits and nothing has ended lately."""
        window = int(time.monotonic() / WINDOW_S)
        with self._lock:
            for hook_id, run in list(self._runs.items()):
                run.look(window)
                if run.is_over():
                    del self._runs[hook_id]

    def offer_nothing(self) -> None:
        """Until `ahead` is asked again, nothing is leased as it comes."""
        self._is_offering = False

    def is_offering(self) -> bool:
        """Whether anything may be leased as it comes, whatever hook it is for."""
        has_room = self._rows < ROWS_MAX and self._bytes < BYTES_MAX
        return self._is_offering and has_room and not self._is_over

    def offer(self, versions: Mapping[str, int]) -> Offer:
        """What may be leased of new deliveries to these hooks, which are well and in these versions."""
        window = int(time.monotonic() / WINDOW_S)
        with self._lock:
            if self._is_over or not self._is_offering:
                return Offer(self._withdrawals)
            rows: dict[str, int] = {}
            bytes_left: dict[str, int] = {}
            for hook_id, version in versions.items():
                run = self._runs.get(hook_id)
                if run is not None:
                    run.look(window)
                rows[hook_id] = self._places(hook_id, run, version)
                bytes_left[hook_id] = HOOK_BYTES_MAX - (run.bytes if run is not None else 0)
            return Offer(
                self._withdrawals,
                rows,
                bytes_left,
                max(0, ROWS_MAX - self._rows),
                max(0, BYTES_MAX - self._bytes),
            )

    def _places(self, hook_id: str, run: _Run | None, version: int) -> int:
        """How many more of a hook may be leased as they come."""
        if self._troubled[hook_id] > 0 or (run is not None and run.waiting and run.version != version):
            return 0
        waiting = len(run.waiting) if run is not None else 0
        is_crowded = self._rows > ROWS_MAX * CROWDED
        if run is None or is_crowded:
            return self._most_under_way - waiting
        return run.rows(self._most_under_way) - waiting

    def add(self, items: Iterable[Item], offered_at: int | None = None) -> None:
        """Take over what was leased: it begins at once, or when another has ended. `offered_at`: by which
        offer it was leased as it came.
        """
        with self._lock:
            for item in items:
                claim = item[0]
                if not claim.is_ahead:
                    if claim.is_in_run:
                        self._run_of(claim)
                    self._begin(item)
                elif (
                    self._is_over
                    or self._troubled[claim.hook_id] > 0
                    or self._was_withdrawn(claim.hook_id, offered_at)
                ):
                    self._back.append(claim)
                else:
                    run = self._run_of(claim)
                    run.waiting.append(item)
                    run.bytes += claim.body_bytes
                    self._rows += 1
                    self._bytes += claim.body_bytes
                    self._wait_for_room(claim.hook_id)
                    self._use_room()

    def ended(self, claim: Claim, outcome: Outcome) -> float:
        """One has ended: the next of its hook begins, or, after any outcome but success, none does. Where
        several hooks wait for the room, they get it in turn.

        Returns which part is used up of what may be unrecorded of the hook; 1 where others wait for this to
        be recorded.
        """
        with self._lock:
            _count(self._unrecorded, claim.hook_id, 1)
            run = self._runs.get(claim.hook_id)
            if outcome.kind != "success":
                _count(self._troubled, claim.hook_id, 1)
                self._withdraw(claim.hook_id)
            elif run is not None:
                run.look(int(time.monotonic() / WINDOW_S))
                run.ended += 1
                self._wait_for_room(claim.hook_id)
            self._use_room()
            if outcome.kind != "success" or not claim.is_in_run:
                return 1.0
            return self._unrecorded[claim.hook_id] / (UNRECORDED_MAX * self._most_under_way)

    def recorded(self, outcomes: Iterable[tuple[Claim, Outcome]]) -> None:
        """The claims to come know of these, and others of their hooks may begin for them."""
        with self._lock:
            for claim, outcome in outcomes:
                _count(self._unrecorded, claim.hook_id, -1)
                if outcome.kind != "success":
                    _count(self._troubled, claim.hook_id, -1)
                if claim.hook_id in self._runs:
                    self._wait_for_room(claim.hook_id)
            self._use_room()

    def go_on(self) -> None:
        """Begin what may begin: others have made room. What would begin too late goes back."""
        with self._lock:
            for hook_id in self._runs:
                self._wait_for_room(hook_id)
            self._use_room()

    def withdraw(self, hook_ids: Collection[str]) -> None:
        """Nothing of these hooks that has not begun will begin."""
        with self._lock:
            for hook_id in hook_ids:
                self._withdraw(hook_id)

    def stop(self) -> None:
        """Nothing that was leased ahead begins any more."""
        with self._lock:
            self._is_over = True
            self.withdraw(list(self._runs))

    def take_back(self) -> list[Claim]:
        """What is to be given back, once."""
        with self._lock:
            back, self._back = self._back, []
        return back

    def has_back(self) -> bool:
        return bool(self._back)

    def versions(self) -> dict[str, int]:
        """Hook id → by which version of it its waiting ones are to be sent."""
        with self._lock:
            return {hook_id: run.version for hook_id, run in self._runs.items() if run.waiting}

    def unrecorded(self) -> dict[str, int]:
        """Hook id → how many have ended and are not on record."""
        with self._lock:
            return dict(self._unrecorded)

    def waiting(self) -> dict[str, int]:
        """Hook id → how many are leased ahead."""
        with self._lock:
            return {hook_id: len(run.waiting) for hook_id, run in self._runs.items() if run.waiting}

    def _run_of(self, claim: Claim) -> _Run:
        run = self._runs.get(claim.hook_id)
        if run is not None and run.version != claim.hook_version:
            self._withdraw(claim.hook_id)
            run.version = claim.hook_version
        return run or self._runs.setdefault(claim.hook_id, _Run(claim.hook_version))

    def _wait_for_room(self, hook_id: str) -> None:
        if self._in_flight.count(hook_id):
            if hook_id not in self._idle:
                self._busy.setdefault(hook_id)
        else:
            self._busy.pop(hook_id, None)
            self._idle.setdefault(hook_id)

    def _use_room(self) -> None:
        """Each hook that waits for room begins one, in turn, until there is no more."""
        for waiting in (self._idle, self._busy):
            while waiting:
                hook_id = next(iter(waiting))
                run = self._runs.get(hook_id)
                if run is None or not self._may_begin(hook_id, run):
                    del waiting[hook_id]
                    continue
                if not self._has_room(run.waiting[0][0]):
                    return
                del waiting[hook_id]
                self._begin_next(run)
                if run.waiting:
                    self._wait_for_room(hook_id)  # behind the others

    def _begin_next(self, run: _Run) -> None:
        item = run.waiting.popleft()
        run.bytes -= item[0].body_bytes
        self._rows -= 1
        self._bytes -= item[0].body_bytes
        self._begin(item)

    def _has_room(self, claim: Claim) -> bool:
        is_first = not self._in_flight.count(claim.hook_id)
        return self._in_flight.may_go_on(claim.body_bytes, is_first=is_first)

    def _may_begin(self, hook_id: str, run: _Run) -> bool:
        """Whether its next one may, as far as it depends on the hook. What bounds a hook in time, an order or
        a rate, has kept it from being leased ahead.
        """
        under_way = self._in_flight.count(hook_id)
        if not run.waiting or under_way >= self._most_under_way:
            return False
        if under_way + self._unrecorded[hook_id] >= UNRECORDED_MAX * self._most_under_way:
            self.held_up += 1
            return False
        if self._clock.now() > run.waiting[0][0].begin_until:
            self._withdraw(hook_id)
            return False
        return True

    def _was_withdrawn(self, hook_id: str, since: int | None) -> bool:
        return since is not None and (since < self._forgotten or self._withdrawn.get(hook_id, 0) > since)

    def _withdraw(self, hook_id: str) -> None:
        self._withdrawals += 1
        self._withdrawn[hook_id] = self._withdrawals
        self._withdrawn.move_to_end(hook_id)
        if len(self._withdrawn) > WITHDRAWN_MAX:
            _, self._forgotten = self._withdrawn.popitem(last=False)

        run = self._runs.get(hook_id)
        if run is not None:
            self._back += [claim for claim, _, _ in run.waiting]
            self._rows -= len(run.waiting)
            self._bytes -= run.bytes
            run.waiting.clear()
            run.bytes = 0


def _count(counter: Counter[str], hook_id: str, by: int) -> None:
    counter[hook_id] += by
    if not counter[hook_id]:
        del counter[hook_id]
