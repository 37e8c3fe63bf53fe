"""Migrations: the frozen tables are those of today, and one process at a time makes them."""

import subprocess
import sys
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from hub.store import models, schema
from hub.store.database import Database
from tests.rigs.waiting import DEADLINE_S

ROOT = Path(__file__).parents[2]


def described(database: Database) -> dict[str, object]:
    """Every table with its columns, keys and indexes, as the engine tells them."""
    found: dict[str, object] = {}
    for table in sorted(database.read(database._db.get_tables)):
        columns = database.read(lambda table=table: database._db.get_columns(table))  # type: ignore[misc]
        indexes = database.read(lambda table=table: database._db.get_indexes(table))  # type: ignore[misc]
        found[table] = (
            sorted((c.name, str(c.data_type).lower(), c.null, c.primary_key) for c in columns),
            sorted(
                (" ".join((i.sql or "").replace("IF NOT EXISTS ", "").split()), i.columns, i.unique)
                for i in indexes
            ),
        )
    return found


def test_a_new_database_has_the_tables_of_the_models(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        assert schema.migrate(database) != []
        migrated = described(database)
        tables = {name: what for name, what in migrated.items() if "migrat" not in name}
        assert set(tables) == {model._meta.table_name for model in models.TABLES}
        database.read(lambda: database._db.drop_tables(models.TABLES))
        database.read(lambda: database._db.create_tables(models.TABLES))
        assert described(database) == migrated
    finally:
        database.close()


def test_a_second_start_applies_nothing(empty_database_url: str) -> None:
    for expected in (True, False):
        database = Database(empty_database_url)
        assert bool(schema.migrate(database)) is expected
        database.close()


def test_a_database_of_a_newer_release_is_refused_by_name(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        schema.migrate(database)
        [table] = [name for name in database.read(database._db.get_tables) if "migrat" in name]
        columns = [
            c.name for c in database.read(lambda: database._db.get_columns(table)) if c.name not in ("id",)
        ]
        rows = database.read(lambda: database.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall())
        newer = [
            "9999_of_tomorrow" if value == rows[0][columns.index("name")] else value for value in rows[0]
        ]
        database.write(
            lambda: database.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", newer
            )
        ).result()
        with pytest.raises(schema.SchemaTooNew, match="9999_of_tomorrow"):
            schema.migrate(database)
    finally:
        database.close()


def test_processes_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    script = (
        "import sys; from hub.store import schema; from hub.store.database import Database;"
        " database = Database(sys.argv[1]); sys.stdin.readline(); print(len(schema.migrate(database))); database.close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, empty_database_url],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    applied = sorted(int(process.communicate(timeout=DEADLINE_S)[0]) for process in started)
    assert [process.returncode for process in started] == [0] * 4
    assert applied[:3] == [0, 0, 0]
    assert applied[3] > 0


def test_an_older_database_keeps_what_it_knows_of_a_hooks_pace(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        with database.migrating() as db:
            Runner(db, str(schema.DIRECTORY)).up("0001_initial")
        columns = (
            "id, number, project_id, target_url, events, name, format, verify_ssl, manual_edit, origin_kind, created_by,"
            " created_at, updated_at, version, routing, state, consecutive_failures, counted_until, is_slow, in_flight,"
            " ramp, gate_at"
        )
        row = ("hook_1", 1, 1, "https://a.example/", "[]", "", "standard", True, False, "api", "ann", 1.0, 1.0, 1, 0, "failing",
               2, 5.0, True, 0, 1, 99.5)  # fmt: skip
        database.write(
            lambda: database.execute(
                f"INSERT INTO hook ({columns}) VALUES ({', '.join('?' * len(row))})", row
            )
        ).result()
        assert "0003_words_of_the_field" in schema.migrate(database)
        kept = database.read(
            lambda: database.execute("SELECT slow_start, open_until, state FROM hook").fetchall()
        )
        assert [tuple(one) for one in kept] == [(1, 99.5, "failing")]
    finally:
        database.close()
