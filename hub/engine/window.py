"""How many quick requests this process can have under way without being late for them itself.

Receivers that answer at once are limited by the hub: more requests to them only wait longer for it, and what
is published meanwhile waits behind them. So the window shrinks while requests wait in the hub, and grows
while they wait for their receivers, as TCP Vegas tells its own queue from the way (RFC 6297 §2.1). It begins
small, whenever nothing was under way, and grows only while it is used (slow start, RFC 5681 §3.1, RFC 7661).
Used under its owner's lock. Step before: a request begins or has ended. Step after: `in_flight` tells what
may begin.
"""

WAIT_WANTED_S = 0.005
FIRST = 32
"""When nothing was under way. What begins at once is made ready at once, new connections and all, and for so
long nothing else gets the interpreter.
"""
LEAST = 128
"""It shrinks no further: the waits of a busy machine say little."""
MEMORY = 1 / 16
"""The part of the last wait in what is remembered of all."""


class Window:
    def __init__(self, most: int) -> None:
        self._most = most
        self._size = float(min(FIRST, most))
        self._waited_s = 0.0

    @property
    def size(self) -> int:
        return int(self._size)

    def begin_anew(self) -> None:
        """Nothing is under way, and a quick request begins."""
        self._size = min(float(FIRST), self._size)

    def ended(self, waited_s: float, under_way: int) -> None:
        """A quick request has ended, which waited so long in the hub before and after; so many were under
        way with it.
        """
        self._waited_s += (waited_s - self._waited_s) * MEMORY
        if self._waited_s > WAIT_WANTED_S and self._size > LEAST:
            self._size = max(LEAST, self._size - 1)
        elif 2 * under_way >= self._size:
            self._size = min(self._most, self._size + 0.5)
