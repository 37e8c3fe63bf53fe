"""The hot statements: as many rows as are given, on both engines."""

import pytest

from hub.ids import new_id
from hub.store.models import Event
from hub.store.statements import ROWS_AT_ONCE
from tests.rigs.stage import Stage


@pytest.mark.parametrize("count", [0, 1, 2, 3, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 7])
def test_each_row_is_written_and_changed_once_however_many_there_are(store: Stage, count: int) -> None:
    ids = [new_id("evt") for _ in range(count)]

    def write() -> None:
        store.database.execute_rows(
            "INSERT INTO event (id, project_id, type, occurred_at, data, hops) VALUES {rows}",
            [(one, store.project.id, "a.b", n, b"{}", n % 2) for n, one in enumerate(ids)],
        )
        store.database.execute_rows(
            "WITH new (id, at) AS (VALUES {rows})"
            " UPDATE event SET occurred_at = occurred_at + new.at FROM new WHERE event.id = new.id",
            [(one, 0.5) for one in ids],
        )

    store.do(write)
    rows = store.read(lambda: list(Event.select(Event.id, Event.occurred_at).order_by(Event.id).tuples()))
    assert rows == [(one, n + 0.5) for n, one in enumerate(ids)]
