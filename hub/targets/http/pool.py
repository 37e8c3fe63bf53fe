"""Idle handles, kept for their connections.

Owns which handle serves next and when one is closed. A handle holds a parsed CA store (4 ms) and warm
connections, so the one that knows the receiver goes first, then the one that has rested longest, and a new
one is made last. Shared by threads. Step before: `hub.targets.http.transport` needs a handle, and gives it
back.
"""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from hub.targets.http.exchange import CONNECTIONS_PER_HANDLE, Handle
from hub.targets.http.sites import IDLE_S, Place
from hub.targets.machine import descriptor_limit

IDLE_MAX = 256
IDLE_SHARE = 0.25
"""The part of the process's descriptors that idle connections may hold: callers and the database need some
too.
"""
SWEEP_S = 5.0


class HandlePool:
    """The idle handles of one process."""

    def __init__(self, make: Callable[[], Handle], idle_max: int = IDLE_MAX) -> None:
        bearable = int(descriptor_limit() * IDLE_SHARE) // CONNECTIONS_PER_HANDLE
        self._make = make
        self._idle_max = max(1, min(idle_max, bearable))
        self._lock = threading.Lock()
        self._idle: OrderedDict[Handle, None] = OrderedDict()
        self._by_place: dict[Place, OrderedDict[Handle, None]] = {}
        self._is_closed = False
        self._sweeper: threading.Timer | None = None

    def take(self, place: Place) -> Handle | None:
        """The idle handle that last spoke to this receiver."""
        with self._lock:
            known = self._by_place.get(place)
            if not known:
                return None
            handle = next(reversed(known))
            self._forget(handle)
            return handle

    def take_any(self) -> Handle:
        """The idle handle that has rested longest, else a new one."""
        with self._lock:
            if self._idle:
                handle = next(iter(self._idle))
                self._forget(handle)
                return handle
        return self._make()

    def give(self, handle: Handle) -> None:
        """Take a handle back; the oldest idle one goes when there are too many."""
        surplus: Handle | None = None
        handle.idle_since = time.monotonic()
        with self._lock:
            if self._is_closed:
                surplus = handle
            else:
                self._idle[handle] = None
                for place in handle.sites.places:
                    self._by_place.setdefault(place, OrderedDict())[handle] = None
                if len(self._idle) > self._idle_max:
                    surplus = next(iter(self._idle))
                    self._forget(surplus)
                if self._sweeper is None:
                    self._sweep_later()
        if surplus is not None:
            surplus.close()

    def sweep(self, older_than_s: float = IDLE_S) -> None:
        """Close the handles that have been idle too long, and come again while any is left."""
        now = time.monotonic()
        with self._lock:
            stale = [handle for handle in self._idle if now - handle.idle_since >= older_than_s]
            for handle in stale:
                self._forget(handle)
            self._sweeper = None
            if self._idle and not self._is_closed:
                self._sweep_later()
        for handle in stale:
            handle.close()

    def give_back(self) -> None:
        """Close all idle handles: our machine is short of what they hold."""
        self.sweep(older_than_s=0)

    def close(self) -> None:
        """Close all idle handles, and from now on each handle that is given back."""
        with self._lock:
            self._is_closed = True
            if self._sweeper is not None:
                self._sweeper.cancel()
                self._sweeper = None
        self.give_back()

    def _forget(self, handle: Handle) -> None:
        del self._idle[handle]
        for place in handle.sites.places:
            known = self._by_place[place]
            del known[handle]
            if not known:
                del self._by_place[place]

    def _sweep_later(self) -> None:
        sweeper = threading.Timer(SWEEP_S, self.sweep)
        sweeper.daemon = True
        # No thread to be had just now: the next handle that is given back tries again.
        with contextlib.suppress(RuntimeError):
            sweeper.start()
            self._sweeper = sweeper
