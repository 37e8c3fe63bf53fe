"""The connections to one database, seen from outside: counted, used, and ended by the server."""

import gc
import os

import psycopg

from hub.ids import new_id
from hub.store import events
from hub.store.events import NewEvent
from tests.rigs.stage import Stage


def fill(store: Stage, size: int) -> None:
    """One event of this size, committed."""
    new = NewEvent(new_id("evt"), store.project.id, "a.b", 0, b"x" * size)
    store.do(lambda: events.add(store.database, [new], 0))


def backends(stage: Stage) -> list[int]:
    """The server processes of this database's connections, without the one that asks."""
    with psycopg.connect(stage.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in rows]


def kill(stage: Stage) -> int:
    """End them all; how many there were."""
    with psycopg.connect(stage.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return len(rows)


def connections(stage: Stage) -> int:
    """How many connections to this database are open, on either engine."""
    gc.collect()
    if stage.database.is_postgresql:
        return len(backends(stage))
    path = str(stage.database.path)
    return sum(
        os.path.realpath(f"/proc/self/fd/{fd}") == path
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")
    )
