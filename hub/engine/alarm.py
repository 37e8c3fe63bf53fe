"""What wakes the dispatcher: at once, or a little later, so that what comes in between is done in one turn.

Any thread sets it, one waits. Times are monotonic seconds. Step before: events were taken in, or an attempt
has ended. Step after: a turn of the dispatcher.
"""

import math
import threading
import time


class Alarm:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due_at = math.inf

    def set(self) -> None:
        """Wake it now."""
        self.within(0.0)

    def within(self, seconds: float) -> None:
        """Wake it after so long, or before."""
        at = time.monotonic() + seconds
        if self._due_at <= at:  # the common case costs no lock: it is due already
            return
        with self._changed:
            if at < self._due_at:
                self._due_at = at
                self._changed.notify()

    def wait(self, timeout_s: float) -> None:
        """Sleep until it is due, at most `timeout_s`; from then on it is not set."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while (left_s := min(until, self._due_at) - time.monotonic()) > 0:
                self._changed.wait(left_s)
            self._due_at = math.inf
