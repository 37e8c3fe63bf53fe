"""How a test waits for what it cannot cause by itself: it asks again until it is so.

The deadline only ends a hung run. No test may pass or fail by the speed of the machine, so it is far beyond
what a busy one needs; pytest shows the line that waited, and the message what it last saw.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 120.0
PAUSE_S = 0.01


def until(read: Callable[[], T], is_so: Callable[[T], object] = bool) -> T:
    """Read until `is_so` of what was read, and return that."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so(found := read()):
        assert time.monotonic() < deadline, (
            f"in {DEADLINE_S:.0f} s it did not come about; at last: {found!r:.500}"
        )
        time.sleep(PAUSE_S)
    return found
