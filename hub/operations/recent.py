"""What was looked up within the last second, kept in memory: for what is asked for with every request.

Owns the keeping, not what is kept. Another process's change is seen a second later, one's own at once:
whoever changes something calls `forget`.
"""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

KEPT_S = 1.0
KEPT_MAX = 10_000


class Recent(Generic[K, V]):
    """Values by key. Any thread may use it."""

    def __init__(
        self,
        look_up: Callable[[K], V | None],
        kept_s: float = KEPT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look_up` may take its time; what it does not find is not kept."""
        self._look_up = look_up
        self._kept_s = kept_s
        self._clock = clock
        self._kept: dict[K, tuple[float, V]] = {}

    def recent(self, key: K) -> V | None:
        """Only from memory, for the event loop."""
        until, value = self._kept.get(key, (0.0, None))
        return value if until > self._clock() else None

    def get(self, key: K) -> V | None:
        """From memory, or looked up now."""
        found = self.recent(key)
        if found is None and (found := self._look_up(key)) is not None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[key] = (self._clock() + self._kept_s, found)
        return found

    def forget(self) -> None:
        self._kept.clear()
