"""What came through sources: summed in memory, written together, and kept while the database takes nothing."""

from dataclasses import replace

import pytest

from hub.engine.source_counts import SourceCounts
from hub.errors import StoreUnavailable
from hub.store import models, sources
from hub.store.events import NewEvent
from hub.store.sources import RefusedRequest
from tests.rigs.stage import Stage

REFUSAL = RefusedRequest(7.0, 401, "a wrong signature", "192.0.2.7", (), b"{}")


@pytest.fixture
def source_id(sqlite: Stage) -> str:
    return sqlite.do(
        lambda: sources.add(
            sqlite.box,
            project_id=sqlite.project.id,
            kind="github",
            name="ci",
            prefix="github",
            settings={},
            secret="mine",
            is_on=True,
            rate_per_s=None,
            created_by="maria",
            now=1.0,
        )
    ).id


def sums(store: Stage, source_id: str) -> tuple[object, ...]:
    row = store.read(lambda: models.Source.get_by_id(source_id))
    return row.accepted, row.repeated, row.dropped, row.refused, row.last_event_at, row.last_refused_reason


def count_all(counts: SourceCounts, source_id: str) -> None:
    first = NewEvent("evt_1", 1, "a.b", 0, b"{}", source_id=source_id)
    again = replace(first, id="evt_2")
    counts.add([first, again], [first], 5.0)
    counts.drop(source_id)
    counts.refuse(source_id, replace(REFUSAL, reason="no signature"))
    counts.refuse(source_id, REFUSAL)


def test_what_came_is_summed_and_written_once(sqlite: Stage, source_id: str) -> None:
    counts = SourceCounts(sqlite.database)
    count_all(counts, source_id)
    assert sums(sqlite, source_id) == (0, 0, 0, 0, None, None)
    counts.write()
    counts.write()
    assert sums(sqlite, source_id) == (1, 1, 1, 2, 5.0, "a wrong signature")


def test_an_event_without_a_source_is_counted_for_none(sqlite: Stage, source_id: str) -> None:
    counts = SourceCounts(sqlite.database)
    event = NewEvent("evt_1", 1, "a.b", 0, b"{}")
    counts.add([event], [event], 5.0)
    counts.write()
    assert sums(sqlite, source_id) == (0, 0, 0, 0, None, None)


def test_what_cannot_be_written_is_kept_with_what_comes_meanwhile(sqlite: Stage, source_id: str) -> None:
    counts = SourceCounts(sqlite.database)
    count_all(counts, source_id)

    def rename(table: str, name: str) -> None:
        sqlite.do(lambda: sqlite.database.execute(f"ALTER TABLE {table} RENAME TO {name}"))

    rename("source", "away")
    with pytest.raises(StoreUnavailable):
        counts.write()
    counts.drop(source_id)
    rename("away", "source")
    counts.write()
    assert sums(sqlite, source_id) == (1, 1, 2, 2, 5.0, "a wrong signature")
