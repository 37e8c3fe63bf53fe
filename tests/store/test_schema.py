"""When migrations run: once, by one process at a time, and never for a newer database."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub.store import schema
from hub.store.database import Database
from tests.rigs.waiting import DEADLINE_S

ROOT = Path(__file__).parents[2]


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
