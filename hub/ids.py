"""Ids: a prefix and a UUIDv7, time-ordered and opaque to callers.

Owns how ids are made and how a point in time becomes the smallest id of that time (retention deletes by it).
Ids of one process rise strictly, so "newest first" is "highest id first". It must never be asked to read
anything but the time out of an id.
"""

import os
import threading
import time
from collections.abc import Iterator
from itertools import count

POOL_BYTES = 4_096
"""Random bytes that are fetched at once: asking the system lets go of the interpreter, and under load another
thread keeps it for a while.
"""

_lock = threading.Lock()
_last = 0
_pool = b""


def new_id(prefix: str) -> str:
    """`prefix` + `_` + 32 hex digits of a UUIDv7 (RFC 9562 §5.7, monotonic by its method 2)."""
    return _id(prefix, _reserved(1))


def new_ids(prefix: str, wanted: int) -> list[str]:
    """So many, one after the other: cheaper than each by itself."""
    first = _reserved(wanted)
    return [_id(prefix, value) for value in range(first, first + wanted)]


def reserve(prefix: str, wanted: int) -> str:
    """The first of so many ids that nobody else gets; `ids_from` tells them one by one."""
    return _id(prefix, _reserved(wanted))


def ids_from(first: str) -> Iterator[str]:
    """A reserved id, and those that follow it."""
    prefix, _, digits = first.rpartition("_")
    packed = int(digits, 16)
    order = (packed >> 64 & 0xFFF) << 62 | packed & ((1 << 62) - 1)
    return (_id(prefix, value) for value in count(packed >> 80 << 74 | order))


def first_id(prefix: str, at: float) -> str:
    """The smallest id that could have been made at `at` (epoch seconds): for range scans by time."""
    return _id(prefix, int(at * 1000) << 74)


def time_of(some_id: str) -> float:
    """The epoch seconds at which an id was made, to the millisecond."""
    return int(some_id.rpartition("_")[2][:12], 16) / 1000


def _reserved(wanted: int) -> int:
    """The time and order of the first of so many."""
    global _last
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << 74 | _random(9) << 2
        value = fresh if fresh > _last else _last + 1 + _random(3)
        _last = value + wanted - 1
    return value


def _random(size: int) -> int:
    """So many random bytes; with the lock held."""
    global _pool
    if len(_pool) < size:
        _pool = os.urandom(POOL_BYTES)
    taken, _pool = _pool[:size], _pool[size:]
    return int.from_bytes(taken)


def _forget_pool() -> None:
    global _pool
    _pool = b""


os.register_at_fork(after_in_child=_forget_pool)


def _id(prefix: str, value: int) -> str:
    """Spread 48 bits of time and 74 bits of order over the fields of a UUIDv7: time, version, 12 bits,
    variant, 62 bits.
    """
    order = value & ((1 << 74) - 1)
    packed = value >> 74 << 80 | 0x7 << 76 | (order >> 62) << 64 | 0b10 << 62 | order & ((1 << 62) - 1)
    return f"{prefix}_{packed:032x}"
