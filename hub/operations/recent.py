"""What was looked up within the last second, kept in memory: for what is asked for with every request.

Owns the keeping, not what is kept. What is in use is looked up again in the background, all at once, before
its second is over: only the first request waits for a look-up. Another process's change is seen a second
later, one's own at once: whoever changes something calls `forget`.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import Future
from typing import Generic, TypeVar

from hub.errors import StoreUnavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

KEPT_S = 1.0
KEPT_MAX = 10_000
USED_S = 10.0
"""What nobody has asked for in this time is not looked up again."""

log = logging.getLogger("hub.operations.recent")


class Recent(Generic[K, V]):
    """Values by key. Any thread may use it."""

    def __init__(
        self,
        look_up: Callable[[Collection[K]], Mapping[K, V]],
        kept_s: float = KEPT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look_up` may take its time; what it does not find is not kept."""
        self._look_up = look_up
        self._kept_s = kept_s
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[K, tuple[V, float]] = {}
        """Each with when it was begun to be looked up."""
        self._used: dict[K, float] = {}
        self._flights: dict[K, Future[V | None]] = {}
        """What is being looked up: who asks for it meanwhile waits for the same answer."""
        self._changes = 0

    def recent(self, key: K) -> V | None:
        """Only from memory, for the event loop."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        value, asked_at = kept
        now = self._clock()
        if now >= asked_at + self._kept_s:
            return None
        self._used[key] = now
        return value

    def get(self, key: K) -> V | None:
        """From memory, or looked up now."""
        found = self.recent(key)
        if found is not None:
            return found
        with self._lock:
            flight = self._flights.get(key)
            is_first = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if is_first:
            self._fly(key, flight)
        return flight.result()

    def refresh(self) -> None:
        """Look up again what was used lately, and let go of the rest."""
        now = self._clock()
        with self._lock:
            used = {key: at for key, at in tuple(self._used.items()) if at > now - USED_S}
            self._used = dict(used)
            self._kept = {key: self._kept[key] for key in used if key in self._kept}
        if used:
            self._keep(tuple(used))

    def forget(self) -> None:
        with self._lock:
            self._changes += 1
            self._kept = {}
            self._flights = {}  # who asks from now on must not get what was true before

    def _fly(self, key: K, flight: "Future[V | None]") -> None:
        try:
            found = self._keep((key,)).get(key)
            if found is not None:
                self._used[key] = self._clock()
            flight.set_result(found)
        except BaseException as error:
            flight.set_exception(error)
        finally:
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]

    def _keep(self, keys: Collection[K]) -> Mapping[K, V]:
        asked_at, changes = self._clock(), self._changes
        found = self._look_up(keys)
        with self._lock:
            if changes != self._changes:
                return found
            if len(self._kept) + len(found) > KEPT_MAX:
                self._kept, self._used = {}, {}
            for key in keys:
                if key in found:
                    self._kept[key] = found[key], asked_at
                else:
                    self._kept.pop(key, None)
        return found


class Refreshing:
    """A thread that keeps several `Recent` fresh."""

    def __init__(self, refreshes: Collection[Callable[[], None]], every_s: float = KEPT_S / 2) -> None:
        """`refreshes`: the `refresh` of each."""
        self._refreshes = refreshes
        self._every_s = every_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recent", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(self._every_s):
            for refresh in self._refreshes:
                try:
                    refresh()
                except StoreUnavailable as error:  # what is kept grows old, and whoever asks is told
                    log.info("what is in use cannot be looked up again: %s", error)
                except Exception:
                    log.exception("fault while looking up again what is in use")
