"""What one thread waits for: sockets that are ready, a moment, and what other threads call for.

Owns the order of a turn: calls first, in the order in which they came, then what was put off to the end, then
the wait. It knows nothing of HTTP. Step before: `hub.targets.http.loop` and its helper's channel say what
they wait for. Step after: the loop goes on with what is ready.
"""

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

CALLS_MAX = 32
"""Of what was called for, in one turn: most are requests, and each takes some 50 µs."""
CALLS_S = 0.005
"""No more is taken in the same turn after this: some requests cost more to make."""


class Selector:
    """Of one thread, which makes its turns: `act`, then `wait`."""

    def __init__(self) -> None:
        """Raises: OSError: the system gives no more descriptors."""
        self.epoll = select.epoll()
        """For sockets of others: what is ready of them is returned by `wait`."""
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # Each ring is told once, so that nobody needs to read it.
        self.epoll.register(self._bell, select.EPOLLIN | select.EPOLLET)
        self._calls: deque[Callable[[], None]] = deque()
        self._last: list[Callable[[], None]] = []
        self._watched: dict[int, Callable[[], None]] = {}
        self._is_asleep = False
        self._ending = threading.Lock()
        self._has_bell = True

    # From any thread

    def call(self, what: Callable[[], None]) -> None:
        """Have it done by the thread. Whoever finds it asleep wakes it, and whoever comes after need not."""
        self._calls.append(what)
        if self._is_asleep:
            self._is_asleep = False
            with self._ending:  # whoever calls late may find it at its end
                if self._has_bell:
                    os.eventfd_write(self._bell, 1)

    @property
    def has_calls(self) -> bool:
        return bool(self._calls)

    # On its thread

    def before_waiting(self, what: Callable[[], None]) -> None:
        """Call it once, after whatever else is to be done now."""
        self._last.append(what)

    def watch(self, descriptor: int, act: Callable[[], None], *, for_room: bool = False) -> None:
        """Call `act` whenever this can be read; `for_room`: or written to."""
        mask = select.EPOLLIN | select.EPOLLOUT if for_room else select.EPOLLIN
        if descriptor in self._watched:
            self.epoll.modify(descriptor, mask)
        else:
            self.epoll.register(descriptor, mask)
        self._watched[descriptor] = act

    def unwatch(self, descriptor: int) -> None:
        del self._watched[descriptor]
        self.epoll.unregister(descriptor)

    def act(self) -> None:
        """Do what was called for: not all at once, nor what comes meanwhile, for answers must not wait for
        it.
        """
        until = time.monotonic() + CALLS_S
        for _ in range(min(CALLS_MAX, len(self._calls))):
            self._calls.popleft()()
            if time.monotonic() >= until:
                break

    def wait(self, most_s: Callable[[], float | None]) -> list[tuple[int, int]]:
        """Wait for what comes first, at most so long (None = for ever), and do what is watched. Returns what
        is ready of the others: (descriptor, events).
        """
        while self._last:
            self._last.pop()()
        self._is_asleep = True
        # Who calls looks at the flag last, so this looks at the calls last.
        ready = self.epoll.poll(0 if self._calls else most_s())
        self._is_asleep = False
        return [one for one in ready if not self._is_ours(one[0])]

    def close(self) -> None:
        self.epoll.close()
        with self._ending:
            self._has_bell = False
            os.close(self._bell)

    def _is_ours(self, descriptor: int) -> bool:
        """Whether this is the bell, or is watched; then it is done."""
        if descriptor == self._bell:
            return True
        if descriptor in self._watched:
            self._watched[descriptor]()
            return True
        return False
