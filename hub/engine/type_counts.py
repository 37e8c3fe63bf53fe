"""Counts of event types between two writings: added up in memory, written once a second.

Owns the sums that are not yet in the database. Publishing costs a dictionary more, and no statement; a crash
loses the last second of them, which only pages see. Step before: `intake` has committed. Step after:
`store.figures`.
"""

import threading
from collections.abc import Iterable

from hub.store import figures
from hub.store.database import Database
from hub.store.events import NewEvent

_Key = tuple[int, str, int]
_Sum = tuple[int, int, float]


class TypeCounts:
    """For one process; from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counts: dict[_Key, _Sum] = {}

    def add(self, events: Iterable[NewEvent], now: float) -> None:
        """Count events that have been committed at `now`."""
        hour = figures.hour_of(now)
        with self._lock:
            for event in events:
                key = (event.project_id, event.type, hour)
                seen, deliveries, _ = self._counts.get(key, (0, 0, 0.0))
                self._counts[key] = (seen + 1, deliveries + len(event.hook_ids), now)

    def write(self) -> None:
        """Write what has been counted since the last time; what cannot be written is kept for the next.

        Raises:
            StoreUnavailable: the database does not take it.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            self._database.write(lambda: figures.add_events(self._database, counts)).result()
        except Exception:
            self._put_back(counts)
            raise

    def _put_back(self, counts: dict[_Key, _Sum]) -> None:
        with self._lock:
            for key, (seen, deliveries, at) in counts.items():
                more_seen, more_deliveries, later = self._counts.get(key, (0, 0, 0.0))
                self._counts[key] = (seen + more_seen, deliveries + more_deliveries, max(at, later))
