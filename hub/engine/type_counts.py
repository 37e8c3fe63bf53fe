"""Counts of event types between two writings: added up in memory, written once a second.

Owns the sums that are not yet in the database. Publishing costs a dictionary more, and no statement; a crash
loses the last second of them, which only pages see. Step before: `intake` has committed. Step after:
`store.figures`.
"""

from collections.abc import Iterable, Mapping

from hub.engine.pending_counts import PendingCounts
from hub.store import figures
from hub.store.events import NewEvent

_Key = tuple[int, str, int]
_Sum = tuple[int, int, float]


class TypeCounts(PendingCounts[_Key, _Sum]):
    """For one process; from any thread."""

    def add(self, events: Iterable[NewEvent], now: float) -> None:
        """Count events that have been committed at `now`."""
        hour = figures.hour_of(now)
        with self._lock:
            for event in events:
                key = (event.project_id, event.type, hour)
                seen, deliveries, _ = self._counts.get(key, (0, 0, 0.0))
                self._counts[key] = (seen + 1, deliveries + len(event.hook_ids), now)

    def _record(self, counts: Mapping[_Key, _Sum]) -> None:
        figures.add_events(self._database, counts)

    def _put_back(self, counts: Mapping[_Key, _Sum]) -> None:
        for key, (seen, deliveries, at) in counts.items():
            more_seen, more_deliveries, later = self._counts.get(key, (0, 0, 0.0))
            self._counts[key] = (seen + more_seen, deliveries + more_deliveries, max(at, later))
