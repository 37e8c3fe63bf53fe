"""Counts of finished requests between two writings: added up in memory, written once a second.

Owns the sums by hook and hour that are not yet in the database. They are counted when the transaction that
recorded them is committed. A hub that is stopped loses none; one that is killed loses the last second, which
only charts see. Step before: `turns` has recorded. Step after: `store.figures`.
"""

from collections.abc import Iterable, Mapping

from hub.engine.pending_counts import PendingCounts
from hub.rules.outcome import Outcome
from hub.store import figures
from hub.store.figures import Results, ResultsKey


class ResultCounts(PendingCounts[ResultsKey, Results]):
    """For one process; from any thread."""

    def add(self, requests: Iterable[tuple[str, int, Outcome]]) -> None:
        """Count what has been recorded: (hook id, project id, outcome)."""
        with self._lock:
            figures.gather(self._counts, requests)

    def _record(self, counts: Mapping[ResultsKey, Results]) -> None:
        figures.add_gathered(self._database, counts)

    def _put_back(self, counts: Mapping[ResultsKey, Results]) -> None:
        for key, one in counts.items():
            known = self._counts.get(key)
            if known is None:
                self._counts[key] = one
            else:
                known.merge(one)
