"""Counts of event types: summed in memory, written together, and kept while the database takes nothing."""

import pytest

from hub.engine.type_counts import TypeCounts
from hub.errors import StoreUnavailable
from hub.store import figures
from hub.store.events import NewEvent
from hub.store.figures import hour_of
from tests.rigs.stage import Stage

NOW = 1_795_000_000.0


def event(store: Stage, type_: str, hooks: int = 0) -> NewEvent:
    return NewEvent("evt", store.project.id, type_, NOW, b"{}", [f"hook_{n}" for n in range(hooks)])


def counted(store: Stage) -> list[tuple[str, int, int, int, float]]:
    found = store.read(lambda: figures.type_counts(store.database, store.project.id, 0))
    return sorted((one.type, one.hour, one.events, one.deliveries, one.last_at) for one in found)


@pytest.fixture
def counts(store: Stage) -> TypeCounts:
    return TypeCounts(store.database)


def test_events_are_summed_by_type_and_hour_and_written_once(store: Stage, counts: TypeCounts) -> None:
    counts.add([event(store, "a.b", 2), event(store, "a.b", 1), event(store, "c.d")], NOW)
    counts.add([event(store, "a.b")], NOW + 1)
    counts.add([event(store, "a.b")], NOW + 3600)
    assert counted(store) == []
    counts.write()
    counts.write()
    hour = hour_of(NOW)
    assert counted(store) == [
        ("a.b", hour, 3, 3, NOW + 1),
        ("a.b", hour + 1, 1, 0, NOW + 3600),
        ("c.d", hour, 1, 0, NOW),
    ]


def test_what_cannot_be_written_is_kept_with_what_comes_meanwhile(sqlite: Stage) -> None:
    counts = TypeCounts(sqlite.database)
    counts.add([event(sqlite, "a.b", 1)], NOW)

    def rename(table: str, name: str) -> None:
        sqlite.do(lambda: sqlite.database.execute(f"ALTER TABLE {table} RENAME TO {name}"))

    rename("type_hour", "away")
    with pytest.raises(StoreUnavailable):
        counts.write()
    counts.add([event(sqlite, "a.b", 1)], NOW + 1)
    rename("away", "type_hour")
    counts.write()
    assert counted(sqlite) == [("a.b", hour_of(NOW), 2, 2, NOW + 1)]
