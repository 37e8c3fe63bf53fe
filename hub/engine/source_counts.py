"""What came to each source between two writings: added up in memory, written once a second.

Owns the sums, and the last refusal of each source, that are not yet in the database: a stranger who is
refused a thousand times a second costs one row a second. A crash loses the last second of them, which only
pages see. Step before: `intake` has committed, or `operations.inbound` has refused. Step after:
`store.sources`.
"""

from collections.abc import Iterable, Mapping

from hub.engine.pending_counts import PendingCounts
from hub.store import sources
from hub.store.events import NewEvent
from hub.store.sources import Arrivals, RefusedRequest


class SourceCounts(PendingCounts[str, Arrivals]):
    """For one process; from any thread."""

    def add(self, events: Iterable[NewEvent], fresh: Iterable[NewEvent], now: float) -> None:
        """Count what was committed at `now`: the events that came, and those of them that are no repeats."""
        came = [event for event in events if event.source_id is not None]
        if not came:
            return
        new = {event.id for event in fresh}
        with self._lock:
            for event in came:
                assert event.source_id is not None
                sums = self._of(event.source_id)
                if event.id in new:
                    sums.accepted += 1
                else:
                    sums.repeated += 1
                sums.last_event_at = now

    def drop(self, source_id: str) -> None:
        """One came while the source was off."""
        with self._lock:
            self._of(source_id).dropped += 1

    def refuse(self, source_id: str, refusal: RefusedRequest) -> bool:
        """True for the first one of the source since the last writing."""
        with self._lock:
            sums = self._of(source_id)
            is_first = sums.last_refusal is None
            sums.refused += 1
            sums.last_refusal = refusal
            return is_first

    def _of(self, source_id: str) -> Arrivals:
        return self._counts.setdefault(source_id, Arrivals())

    def _record(self, counts: Mapping[str, Arrivals]) -> None:
        sources.record(counts)

    def _put_back(self, counts: Mapping[str, Arrivals]) -> None:
        for source_id, before in counts.items():
            sums = self._of(source_id)
            sums.accepted += before.accepted
            sums.repeated += before.repeated
            sums.dropped += before.dropped
            sums.refused += before.refused
            sums.last_event_at = sums.last_event_at or before.last_event_at
            sums.last_refusal = sums.last_refusal or before.last_refusal
