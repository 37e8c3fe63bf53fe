"""Room: how many requests to receivers may wait on the threads that answer calls.

Targets that hang must not take all of those threads: one app's token would stop the hub for everybody.
Whoever finds no room is told to come again.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hub.errors import Busy

AT_ONCE_MAX = 8
RETRY_AFTER_S = 5


class Room:
    """For one kind of request, in one process."""

    def __init__(self, what: str, at_once_max: int = AT_ONCE_MAX) -> None:
        """`what` is going on when there is no room, such as `hooks are being tested`."""
        self._what = what
        self._at_once_max = at_once_max
        self._free = threading.BoundedSemaphore(at_once_max)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises: Busy."""
        if not self._free.acquire(blocking=False):
            raise Busy(f"{self._at_once_max} other {self._what}; try again", retry_after_s=RETRY_AFTER_S)
        try:
            yield
        finally:
            self._free.release()
