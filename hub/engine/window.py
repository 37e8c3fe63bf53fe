"""How many quick requests this process can have under way without being late for them itself.

Receivers that answer at once are limited by the hub: more requests to them only wait longer for it, and what
is published meanwhile waits behind them. So the window shrinks while requests wait in the hub, and grows
while they wait for their receivers, as TCP Vegas tells its own queue from the way (RFC 6297 §2.1). Used under
its owner's lock. Step before: a request has ended. Step after: `in_flight` tells what may begin.
"""

WAIT_WANTED_S = 0.005
LEAST = 128
"""A window is never smaller, if the process may have so many: the waits of a busy machine say little."""
MEMORY = 1 / 16
"""The part of the last wait in what is remembered of all."""


class Window:
    def __init__(self, most: int) -> None:
        self._most = most
        self._size = float(most)
        self._waited_s = 0.0

    @property
    def size(self) -> int:
        return int(self._size)

    def ended(self, waited_s: float) -> None:
        """A quick request has ended, which waited so long in the hub before and after."""
        self._waited_s += (waited_s - self._waited_s) * MEMORY
        if self._waited_s > WAIT_WANTED_S:
            self._size = max(min(LEAST, self._most), self._size - 1)
        else:
            self._size = min(self._most, self._size + 0.5)
