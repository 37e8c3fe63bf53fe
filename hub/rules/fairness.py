"""Fairness: which of the waiting deliveries a claim takes.

Owns the order (every hook's first before any hook's second, the least tried first) and the bounds: a hook's
allowance, this worker's part of it, and the bulkhead that keeps hooks which are slow, failing or not yet
proven from taking all the room. Pure. Sizes are bytes of payload. Step before: `store.leases` has read the
lanes and what waits in them. Step after: it writes down what was picked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lane:
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

    @property
    def quick_allowance(self) -> int:
        """How many more of its requests do not count as slow.

        Of a hook that has never succeeded, only the first: a hundred new ones that hang must neither take all
        the room nor, having taken the slow ones' part, keep a new one that is well from its first.
        """
        if self.is_slow:
            return 0
        return self.allowance if self.is_proven else max(0, 1 - self.in_flight)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that could be sent now."""

    delivery_id: str
    hook_id: str
    event_id: str
    attempts: int
    body_bytes: int


@dataclass(frozen=True, slots=True)
class Load:
    """What may be under way at once, and what is."""

    requests_max: int
    bytes_max: int
    requests: int = 0
    bytes: int = 0

    @property
    def free(self) -> int:
        return max(0, self.requests_max - self.requests)

    def admits(self, body_bytes: int) -> bool:
        """One more. What is larger than the whole room still goes, alone."""
        fits = self.bytes + body_bytes <= self.bytes_max or self.bytes == 0
        return self.requests < self.requests_max and fits

    def with_one(self, body_bytes: int) -> "Load":
        return Load(self.requests_max, self.bytes_max, self.requests + 1, self.bytes + body_bytes)


@dataclass(frozen=True, slots=True)
class Room:
    """The room that a worker has."""

    total: Load
    slow: Load
    """The part of it that slow requests share (a bulkhead)."""
    hook_part: int | None = None
    """How many requests to one hook this worker may have under way, where several share a hook; None = all
    that the hook may.
    """
    under_way: Mapping[str, int] = field(default_factory=dict)
    """Hook id → this worker's requests to it."""
    probed_hosts: frozenset[str] | None = None
    """While the hub suspects its own network: the hosts that are being probed; every other may have one
    request. None: it does not.
    """

    def left_of(self, hook_id: str) -> int | None:
        """How many more to this hook; None = no bound but the hook's own."""
        return None if self.hook_part is None else max(0, self.hook_part - self.under_way.get(hook_id, 0))


@dataclass(frozen=True, slots=True)
class Pick:
    row: Waiting
    is_slow: bool


def pick(lanes: Iterable[Lane], waiting: Sequence[Waiting], room: Room) -> list[Pick]:
    """What to take of `waiting`, in the order in which it is to begin.

    What is left out stays ready for the next claim and for other workers.
    """
    by_hook = {lane.hook_id: lane for lane in lanes}
    total, slow = room.total, room.slow
    probed = None if room.probed_hosts is None else set(room.probed_hosts)
    is_slow_full = False
    picked: list[Pick] = []
    for row, is_slow in _in_turn(by_hook, waiting, room):
        if probed is not None and by_hook[row.hook_id].host in probed:
            continue
        if is_slow and (is_slow_full or not slow.admits(row.body_bytes)):
            is_slow_full = True  # also for smaller ones: they would pass a large one by for ever
            continue
        if not total.admits(row.body_bytes):
            break
        total = total.with_one(row.body_bytes)
        slow = slow.with_one(row.body_bytes) if is_slow else slow
        picked.append(Pick(row, is_slow))
        if probed is not None:
            probed.add(by_hook[row.hook_id].host)
    return picked


def _in_turn(
    lanes: Mapping[str, Lane], waiting: Sequence[Waiting], room: Room
) -> Iterator[tuple[Waiting, bool]]:
    """What the hooks' own bounds allow, every hook's first before any hook's second; with each whether it
    counts as slow.
    """
    place: Counter[str] = Counter()
    placed: list[tuple[int, int, str, Waiting]] = []
    for row in sorted(waiting, key=lambda row: (row.attempts, row.delivery_id)):
        lane, part = lanes[row.hook_id], room.left_of(row.hook_id)
        most = lane.allowance if part is None else min(part, lane.allowance)
        if place[row.hook_id] < most:
            place[row.hook_id] += 1
            placed.append((place[row.hook_id], row.attempts, row.delivery_id, row))
    for rank, _, _, row in sorted(placed, key=lambda item: item[:3]):
        yield row, rank > lanes[row.hook_id].quick_allowance
