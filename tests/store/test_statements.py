"""The hot statements: as many rows as are given, on both engines."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hub.ids import new_id
from hub.rules.fairness import Ahead
from hub.store import deliveries, events, lanes, leases
from hub.store.database import Database
from hub.store.fan_outs import NewDelivery
from hub.store.models import Event
from hub.store.statements import ROWS_AT_ONCE
from tests.rigs.stage import Stage


@pytest.mark.parametrize("count", [0, 1, 2, 3, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 7])
def test_each_row_is_written_and_changed_once_however_many_there_are(store: Stage, count: int) -> None:
    ids = [new_id("evt") for _ in range(count)]

    def write() -> None:
        store.database.execute_rows(
            "INSERT INTO event (id, project_id, type, occurred_at, data, hops) {rows}",
            "text integer text float8 bytea integer",
            [(one, store.project.id, "a.b", n, b"{}", n % 2) for n, one in enumerate(ids)],
        )
        store.database.execute_rows(
            "WITH new (id, at) AS ({rows})"
            " UPDATE event SET occurred_at = occurred_at + new.at FROM new WHERE event.id = new.id",
            "text float8",
            [(one, 0.5) for one in ids],
        )

    store.do(write)
    rows = store.read(lambda: list(Event.select(Event.id, Event.occurred_at).order_by(Event.id).tuples()))
    assert rows == [(one, n + 0.5) for n, one in enumerate(ids)]


def test_no_step_of_a_delivery_reads_a_whole_table_whatever_postgresql_has_learnt_of_it(
    postgresql: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a log waits for nine hooks, and the tenth has none: to look whether a hook has any seemed to be
    quicker by reading all of them.
    """
    store = postgresql
    hooks = [store.hook() for _ in range(10)]
    store.publish(hooks)
    store.record(store.claim())
    store.do(lambda: _multiply_the_log(store.database, 20_000, idle_hook_id=hooks[0]))
    store.do(lambda: store.database.execute("ANALYZE"))
    read: list[tuple[str, int]] = []
    do = store.do

    def counted(fn: Callable[[], Any]) -> Any:
        def run() -> Any:
            before = store.database.execute(_READ_WHOLE).fetchall()
            result = fn()
            read.extend(set(store.database.execute(_READ_WHOLE).fetchall()) - set(before))
            return result

        return do(run)

    monkeypatch.setattr(store, "do", counted)

    def lease(_: Sequence[events.NewEvent], rows: Sequence[NewDelivery]) -> Sequence[NewDelivery]:
        fresh = lanes.fresh(store.database, hooks)
        assert list(fresh) == hooks[:1]
        mine = [row for row in rows if row[2] in fresh]
        leases.lease_new(store.database, "a", mine, store.clock.now() + 9)
        return [row for row in rows if row[2] not in fresh]

    for kind in ("success", "failure"):
        store.publish(hooks, lease=lease)
        claims = store.claim(free=20, ahead=Ahead(100, 10**9, 30, 10**9))
        store.mark_begun(claims[::2])
        store.record(claims[::2], kind)  # type: ignore[arg-type]
        assert store.give_back(claims[1::2]) > 0
    store.clock.advance(10)
    assert store.promote() > 0
    store.claim()
    store.clock.advance(1_000)
    assert store.rescue() > 0
    store.do(lambda: deliveries.next_due(store.database))
    assert not read


_READ_WHOLE = (
    "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables"
    " WHERE relname IN ('event', 'delivery', 'attempt') AND seq_tup_read > 0"
)


def _multiply_the_log(database: Database, count: int, idle_hook_id: str) -> None:
    """The first half of it is delivered; the idle hook has nothing that waits."""
    for table, changed in (
        ("event", {"id": "'evt_' || lpad(n::text, 32, '0')"}),
        (
            "delivery",
            {
                "id": "'dlv_' || lpad(n::text, 32, '0')",
                "event_id": "'evt_' || lpad(n::text, 32, '0')",
                "state": f"CASE WHEN n > {count} / 2 AND hook_id <> '{idle_hook_id}' THEN 'waiting' ELSE state END",
            },
        ),
        ("attempt", {"delivery_id": "'dlv_' || lpad(n::text, 32, '0')"}),
    ):
        columns = [
            name
            for (name,) in database.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = ? AND table_schema = current_schema()",
                (table,),
            ).fetchall()
        ]
        of = f"(SELECT *, row_number() OVER () AS place, count(*) OVER () AS places FROM {table}) one"
        database.execute(
            f"INSERT INTO {table} ({', '.join(columns)})"
            f" SELECT {', '.join(changed.get(name, name) for name in columns)}"
            f" FROM generate_series(1, {count}) AS n JOIN {of} ON one.place = mod(n, one.places) + 1"
        )
