"""What one process has under way: which requests, since when, how large, and how much room that leaves.

Owns the table and the bounds of the process. Used from any thread; times are monotonic seconds. Step before:
a claim. Step after: `rules.fairness` picks what fits into the room.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.engine.window import Window
from hub.rules.fairness import Load, Room, fits
from hub.store.leases import Claim

REQUESTS_MAX = 512
"""Each waits in a loop, for some 20 KiB of memory, 160 over TLS. Requests in flight = rate × time a receiver
takes.
"""
BYTES_MAX = 33_554_432
"""Payload bytes of all requests under way together."""
SLOW_SHARE = 0.5
"""Hooks that are slow, failing or not yet proven have at most this part of both: a hundred hanging targets
leave the other half to everybody else.
"""
RUNS_SHARE = 0.75
"""A hook that has requests under way begins its next one only while less than this part is: the rest is for
hooks that have none, and for claims, which look at every hook.
"""
LATE_MOST_S = 0.3
"""A request that is under way for longer waits for its receiver, whatever it has waited for the hub."""
STALLED_S = 1.0
"""A request that is under way for longer makes its hook a slow one before it has even ended."""


@dataclass(slots=True)
class _Request:
    claim: Claim
    began_at: float
    is_known: bool
    """Its row says that it has begun."""

    def is_stalled(self, now: float) -> bool:
        return now - self.began_at > STALLED_S

    def is_slow(self, now: float) -> bool:
        return self.claim.is_slow or self.is_stalled(now)


class InFlight:
    """The requests under way in one process."""

    def __init__(self, requests_max: int = REQUESTS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._requests_max = requests_max
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._requests: dict[str, _Request] = {}
        self._of_hook: Counter[str] = Counter()
        self._bytes = 0
        self._quick = 0
        self._window = Window(requests_max)
        self._in_window: OrderedDict[str, float] = OrderedDict()
        """Those that the hub may be late for (`window`): delivery id → when it began, oldest first."""

    def is_empty(self) -> bool:
        return not self._requests

    def begin(self, claim: Claim, now: float) -> None:
        with self._lock:
            self._requests[claim.delivery_id] = _Request(claim, now, not claim.is_ahead)
            self._of_hook[claim.hook_id] += 1
            self._bytes += claim.body_bytes
            if not claim.is_slow:
                if not self._quick:
                    self._window.begin_anew()
                self._quick += 1
                self._in_window[claim.delivery_id] = now

    def end(self, claim: Claim, now: float, took_s: float) -> None:
        """One has ended that took so long, its waiting in the hub not counted."""
        with self._lock:
            request = self._requests.pop(claim.delivery_id, None)
            if request is None:
                return
            self._bytes -= claim.body_bytes
            if not claim.is_slow:
                self._window.ended(now - request.began_at - took_s, self._quick)
                self._quick -= 1
                self._in_window.pop(claim.delivery_id, None)
            self._of_hook[claim.hook_id] -= 1
            if not self._of_hook[claim.hook_id]:
                del self._of_hook[claim.hook_id]

    def count(self, hook_id: str) -> int:
        return self._of_hook.get(hook_id, 0)

    def has_room(self) -> bool:
        """False when not even the smallest request may begin."""
        return Load(self._requests_max, self._bytes_max, len(self._requests), self._bytes).admits(0)

    def may_go_on(self, body_bytes: int, *, is_first: bool = False) -> bool:
        """One may begin that was leased ahead; `is_first`: its hook has nothing else under way."""
        share = 1.0 if is_first else RUNS_SHARE
        if len(self._in_window) >= max(1, int(self._window.size * share)):
            return False
        if len(self._requests) >= max(1, int(self._requests_max * share)):
            return False
        return fits(self._bytes, body_bytes, self._bytes_max)

    def room(self, hook_part: int | None, now: float, leased_ahead: Mapping[str, int]) -> Room:
        """What may begin now, at most `hook_part` to one hook (None = all that it may); what is leased ahead
        will begin by itself, and counts for that.
        """
        with self._lock:
            self._leave_window(now)
            slow = [request.claim for request in self._requests.values() if request.is_slow(now)]
            most = len(self._requests) + max(0, self._window.size - len(self._in_window))
            total = Load(min(self._requests_max, most), self._bytes_max, len(self._requests), self._bytes)
            under_way = {} if hook_part is None else self._of_hook + Counter(leased_ahead)
        return Room(total, self._slow_load(slow), hook_part, under_way)

    def stalled(self, now: float) -> set[str]:
        """The hooks, not known as slow, to which a request hangs."""
        with self._lock:
            self._leave_window(now)
            return {
                request.claim.hook_id
                for request in self._requests.values()
                if not request.claim.is_slow and request.is_stalled(now)
            }

    def unknown(self, now: float, for_s: float) -> dict[str, float]:
        """Of what is under way for longer than `for_s`, what no row says: delivery id → for how long."""
        with self._lock:
            return {
                delivery_id: now - request.began_at
                for delivery_id, request in self._requests.items()
                if not request.is_known and now - request.began_at > for_s
            }

    def know(self, delivery_ids: Iterable[str]) -> None:
        """Their rows say now that they have begun."""
        with self._lock:
            for delivery_id in delivery_ids:
                if delivery_id in self._requests:
                    self._requests[delivery_id].is_known = True

    def _leave_window(self, now: float) -> None:
        """Let those out of the window that have long waited for their receivers."""
        while self._in_window and now - next(iter(self._in_window.values())) > LATE_MOST_S:
            self._in_window.popitem(last=False)

    def _slow_load(self, claims: list[Claim]) -> Load:
        most = max(1, int(self._requests_max * SLOW_SHARE))
        used = sum(claim.body_bytes for claim in claims)
        return Load(most, int(self._bytes_max * SLOW_SHARE), len(claims), used)
