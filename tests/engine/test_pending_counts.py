"""Counts between two writings: what cannot be written now is written with what has come meanwhile."""

from collections.abc import Mapping

import pytest

from hub.engine.pending_counts import PendingCounts
from tests.rigs.stage import Stage


class Visits(PendingCounts[str, int]):
    def __init__(self, store: Stage) -> None:
        super().__init__(store.database)
        self.written: list[dict[str, int]] = []
        self.is_refused = False

    def visit(self, place: str) -> None:
        self._counts[place] = self._counts.get(place, 0) + 1

    def _record(self, counts: Mapping[str, int]) -> None:
        if self.is_refused:
            self.visit("meanwhile")
            raise OSError("not now")
        self.written.append(dict(counts))

    def _put_back(self, counts: Mapping[str, int]) -> None:
        for place, number in counts.items():
            self._counts[place] = self._counts.get(place, 0) + number


def test_what_was_counted_is_written_once_and_nothing_is_not_written(sqlite: Stage) -> None:
    visits = Visits(sqlite)
    visits.write()
    visits.visit("a")
    visits.visit("a")
    visits.write()
    visits.write()

    assert visits.written == [{"a": 2}]


def test_what_could_not_be_written_is_written_with_what_came_meanwhile(sqlite: Stage) -> None:
    visits = Visits(sqlite)
    visits.visit("a")
    visits.is_refused = True
    with pytest.raises(OSError, match="not now"):
        visits.write()
    visits.is_refused = False
    visits.visit("a")
    visits.write()

    assert visits.written == [{"a": 2, "meanwhile": 1}]
