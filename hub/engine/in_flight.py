"""What one process has under way: which requests, since when, how large, and how much room that leaves.

Owns the table and the bounds of the process. Used by the dispatcher's thread alone; times are monotonic
seconds. Step before: a claim. Step after: `rules.fairness` picks what fits into the room.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hub.rules.fairness import Load, Room
from hub.store.leases import Claim

REQUESTS_MAX = 512
"""Each has a thread, which is cheap while it waits. Requests in flight = rate × time a receiver takes."""
BYTES_MAX = 33_554_432
"""Payload bytes of all requests under way together."""
SLOW_SHARE = 0.5
"""Hooks that are slow, failing or not yet proven have at most this part of both: a hundred hanging targets
leave the other half to everybody else.
"""
STALLED_S = 1.0
"""A request that is under way for longer makes its hook a slow one before it has even ended."""


@dataclass(frozen=True, slots=True)
class _Request:
    claim: Claim
    began_at: float

    def is_stalled(self, now: float) -> bool:
        return now - self.began_at > STALLED_S

    def is_slow(self, now: float) -> bool:
        return self.claim.is_slow or self.is_stalled(now)


class InFlight:
    """The requests under way in one process."""

    def __init__(self, requests_max: int = REQUESTS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._requests_max = requests_max
        self._bytes_max = bytes_max
        self._requests: dict[str, _Request] = {}
        self._bytes = 0

    def is_empty(self) -> bool:
        return not self._requests

    def begin(self, claim: Claim, now: float) -> None:
        self._requests[claim.delivery_id] = _Request(claim, now)
        self._bytes += claim.body_bytes

    def end(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            if self._requests.pop(claim.delivery_id, None) is not None:
                self._bytes -= claim.body_bytes

    def has_room(self) -> bool:
        """False when not even the smallest request may begin."""
        return Load(self._requests_max, self._bytes_max, len(self._requests), self._bytes).admits(0)

    def room(self, ended: Iterable[Claim], hook_part: int | None, now: float) -> Room:
        """What may begin once `ended` are recorded, at most `hook_part` to one hook (None = all that it
        may).
        """
        over = {claim.delivery_id for claim in ended}
        left = [request for key, request in self._requests.items() if key not in over]
        slow = [request for request in left if request.is_slow(now)]
        under_way = {} if hook_part is None else Counter(request.claim.hook_id for request in left)
        return Room(self._load(left, 1.0), self._load(slow, SLOW_SHARE), hook_part, under_way)

    def stalled(self, now: float) -> set[str]:
        """The hooks, not known as slow, to which a request hangs."""
        return {
            request.claim.hook_id
            for request in self._requests.values()
            if not request.claim.is_slow and request.is_stalled(now)
        }

    def _load(self, requests: Iterable[_Request], share: float) -> Load:
        sizes = [request.claim.body_bytes for request in requests]
        most = max(1, int(self._requests_max * share))
        return Load(most, int(self._bytes_max * share), len(sizes), sum(sizes))
