"""Fairness: which of the waiting deliveries a claim takes.

Owns the order: every hook's first before any hook's second, the least tried first. Owns the bounds: a hook's
allowance, this worker's part of it, and what is leased ahead for a hook that is well (a run:
docs/design/runs.md). A bulkhead keeps hooks which are slow, failing or not yet proven from taking all the
room. Pure. Sizes are bytes of payload. Step before: `store.claims` has read the lanes and what waits in them.
Step after: it writes down what was picked.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

ROWS_MAX = 64
"""A claim is a turn at the writer, which publishers wait for: it is to be short."""


class Lane(msgspec.Struct, frozen=True):
    """What matters of a hook here."""

    hook_id: str
    allowance: int
    """How many more requests the hook may have under way, by its health."""
    in_flight: int = 0
    """How many it has, in all workers together."""
    is_slow: bool = False
    is_proven: bool = True
    """It has succeeded before."""
    host: str = ""
    """Whom its requests go to; used only while the hub suspects its own network."""
    may_run: bool = False
    """It is well, proven and quick: more of it may be leased than may begin at once."""

    @property
    def quick_allowance(self) -> int:
        """How many more of its requests do not count as slow.

        Of a hook that has never succeeded, only the first. A hundred new ones that hang must not take all the
        room; and when they have taken the slow ones' part, a new one that is well still gets its first.
        """
        if self.is_slow:
            return 0
        return self.allowance if self.is_proven else max(0, 1 - self.in_flight)


class Waiting(msgspec.Struct, frozen=True):
    """A delivery that could be sent now."""

    delivery_id: str
    hook_id: str
    event_id: str
    attempts: int
    body_bytes: int
    may_wait: bool = True
    """It may be leased ahead. False where the hub once stopped in the middle of it: whatever kills the hub
    must be known to have begun.
    """


def fits(held: int, body_bytes: int, bytes_max: int) -> bool:
    """Whether so many bytes more may be held. What is larger than the whole room still goes, alone."""
    return held == 0 or held + body_bytes <= bytes_max


class Load(msgspec.Struct, frozen=True):
    """What may be under way at once, and what is."""

    requests_max: int
    bytes_max: int
    requests: int = 0
    bytes: int = 0

    @property
    def free(self) -> int:
        return max(0, self.requests_max - self.requests)

    def admits(self, body_bytes: int) -> bool:
        """One more."""
        return self.requests < self.requests_max and fits(self.bytes, body_bytes, self.bytes_max)

    def with_one(self, body_bytes: int) -> "Load":
        return Load(self.requests_max, self.bytes_max, self.requests + 1, self.bytes + body_bytes)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a worker may lease of hooks that are well, beyond what may begin at once."""

    rows_max: int
    bytes_max: int
    """Of all hooks together."""
    hook_rows: int
    """Of a hook of which it has nothing yet."""
    hook_bytes: int
    held: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Hook id → how many more of it, and how many bytes of it are held already."""
    part: int | None = None
    """Where several workers share a hook: how many of its requests each may have under way, whatever the
    others have leased.
    """
    workers: int = 1
    """Among whom what waits is divided."""

    def rows_of(self, hook_id: str) -> int:
        return self.held.get(hook_id, (self.hook_rows, 0))[0]

    def bytes_of(self, hook_id: str) -> int:
        return max(0, self.hook_bytes - self.held.get(hook_id, (0, 0))[1])


class Room(msgspec.Struct, frozen=True):
    """The room that a worker has."""

    total: Load
    slow: Load
    """The part of it that slow requests share (a bulkhead)."""
    hook_part: int | None = None
    """How many requests to one hook this worker may have under way, where several share a hook; None = all
    that the hook may.
    """
    under_way: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Hook id → this worker's requests to it."""
    probed_hosts: frozenset[str] | None = None
    """While the hub suspects its own network: the hosts that are being probed; every other may have one
    request. None: it does not.
    """
    ahead: Ahead | None = None
    """None: nothing is leased ahead."""
    rows_max: int = ROWS_MAX
    """How many deliveries one claim takes."""

    def left_of(self, hook_id: str) -> int | None:
        """How many more to this hook; None = no bound but the hook's own."""
        return None if self.hook_part is None else max(0, self.hook_part - self.under_way.get(hook_id, 0))

    def most_of(self, lane: Lane) -> int:
        """How many of a hook's deliveries may begin at once."""
        if self.ahead is not None and self.ahead.part is not None and lane.may_run:
            return max(0, self.ahead.part - self.under_way.get(lane.hook_id, 0))
        part = self.left_of(lane.hook_id)
        return lane.allowance if part is None else min(part, lane.allowance)

    def ahead_of(self, lane: Lane) -> int:
        """How many more of them may be leased ahead."""
        return self.ahead.rows_of(lane.hook_id) if self.ahead is not None and lane.may_run else 0

    def may_wait(self, lane: Lane, rank: int) -> bool:
        """Whether this one of a hook's may be leased ahead. Also one for which the hook has room: only this
        process has none, and it begins as soon as another has ended, whichever hook's that is. But where
        others share the hooks, it is left to them.
        """
        if self.ahead is None or not lane.may_run:
            return False
        return self.ahead.workers == 1 or rank > self.most_of(lane)

    def share_of(self, waiting: int) -> int:
        """How many of those that wait for a hook this worker may lease ahead: the others take theirs."""
        return waiting if self.ahead is None else math.ceil(waiting / self.ahead.workers)


class Pick(msgspec.Struct, frozen=True):
    row: Waiting
    is_slow: bool
    is_ahead: bool = False
    """It is leased, and begins when another has ended."""


def pick(lanes: Iterable[Lane], waiting: Sequence[Waiting], room: Room) -> list[Pick]:
    """What to take of `waiting`, in the order in which it is to begin.

    What is left out stays ready for the next claim and for other workers. Of a hook of which one is left out,
    none behind it is taken.
    """
    by_hook = {lane.hook_id: lane for lane in lanes}
    taking = _Taking(room)
    picked: list[Pick] = []
    passed_over: set[str] = set()
    for row, rank in _in_turn(by_hook, waiting, room):
        if len(picked) == room.rows_max:
            break
        if row.hook_id in passed_over:
            continue
        lane = by_hook[row.hook_id]
        is_slow = not lane.may_run and rank > lane.quick_allowance
        begins = rank <= room.most_of(lane) and taking.begin(row, lane.host, is_slow)
        if not begins and not (room.may_wait(lane, rank) and taking.wait(row)):
            passed_over.add(row.hook_id)
            continue
        picked.append(Pick(row, is_slow, is_ahead=not begins))
    return picked


class Filling:
    """What may be leased ahead, while it is filled."""

    def __init__(self, rows_max: int, bytes_max: int) -> None:
        """Of all hooks together."""
        self._rows_left, self._bytes_left = rows_max, bytes_max
        self._bytes_of: Counter[str] = Counter()

    def take(self, hook_id: str, body_bytes: int, hook_bytes_max: int) -> bool:
        """False when there is no room for one more of a hook that may have so many bytes."""
        of_hook = self._bytes_of[hook_id] + body_bytes
        if not self._rows_left or body_bytes > self._bytes_left or of_hook > hook_bytes_max:
            return False
        self._rows_left -= 1
        self._bytes_left -= body_bytes
        self._bytes_of[hook_id] = of_hook
        return True


class _Taking:
    """The room, while a claim fills it."""

    def __init__(self, room: Room) -> None:
        self._total, self._slow = room.total, room.slow
        self._is_full = self._is_slow_full = False
        self._probed = None if room.probed_hosts is None else set(room.probed_hosts)
        self._ahead = room.ahead
        self._filling = None if room.ahead is None else Filling(room.ahead.rows_max, room.ahead.bytes_max)

    def begin(self, row: Waiting, host: str, is_slow: bool) -> bool:
        """False when it may not begin at once: there is no room for it."""
        if self._is_full or (self._probed is not None and host in self._probed):
            return False
        if is_slow and (self._is_slow_full or not self._slow.admits(row.body_bytes)):
            self._is_slow_full = True  # also for smaller ones: they would pass a large one by for ever
            return False
        if not self._total.admits(row.body_bytes):
            self._is_full = True
            return False
        self._total = self._total.with_one(row.body_bytes)
        self._slow = self._slow.with_one(row.body_bytes) if is_slow else self._slow
        if self._probed is not None:
            self._probed.add(host)
        return True

    def wait(self, row: Waiting) -> bool:
        """False when it may not be leased ahead either."""
        if self._ahead is None or self._filling is None or not row.may_wait:
            return False
        return self._filling.take(row.hook_id, row.body_bytes, self._ahead.bytes_of(row.hook_id))


def _in_turn(lanes: Mapping[str, Lane], waiting: Sequence[Waiting], room: Room) -> list[tuple[Waiting, int]]:
    """What the hooks' own bounds allow, every hook's first before any hook's second; with each its place
    among those of its hook, from 1.
    """
    found = Counter(row.hook_id for row in waiting)
    most = {
        hook_id: room.most_of(lane) + min(room.ahead_of(lane), room.share_of(found[hook_id]))
        for hook_id, lane in lanes.items()
    }
    place: Counter[str] = Counter()
    placed: list[tuple[int, int, str, Waiting]] = []
    for row in sorted(waiting, key=lambda row: (row.attempts, row.delivery_id)):
        if place[row.hook_id] < most[row.hook_id]:
            place[row.hook_id] += 1
            placed.append((place[row.hook_id], row.attempts, row.delivery_id, row))
    placed.sort(key=lambda item: item[:3])
    return [(row, rank) for rank, _, _, row in placed]
