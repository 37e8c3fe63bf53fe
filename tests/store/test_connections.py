"""Connections: what each is set to, lost ones, and that they end with their threads."""

import threading
from typing import Any

from hub.store.connections import READER_CACHE_KIB, WRITER_CACHE_KIB
from hub.store.models import Event, Project
from tests.rigs.backends import connections, fill, kill
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S, until


def test_every_sqlite_connection_syncs_each_commit_and_begins_immediately(sqlite: Stage) -> None:
    def pragmas() -> tuple[Any, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return tuple(sqlite.database.execute(f"PRAGMA {name}").fetchone()[0] for name in names)

    assert sqlite.read(pragmas) == sqlite.do(pragmas) == ("wal", 2, 1)
    seen: list[str] = []

    def look() -> None:
        sqlite.database._db.connection().set_trace_callback(seen.append)

    sqlite.do(look)
    sqlite.do(lambda: None)
    assert seen[1:] == ["BEGIN IMMEDIATE", "COMMIT"]


def test_the_first_call_after_a_lost_connection_works(postgresql: Stage) -> None:
    for _ in range(3):
        fill(postgresql, 10)
        before = postgresql.read(lambda: Event.select().count())
        assert kill(postgresql) >= 2
        assert postgresql.read(lambda: Event.select().count()) == before
        for _ in range(8):
            fill(postgresql, 10)
        assert postgresql.read(lambda: Event.select().count()) == before + 8


def test_threads_that_end_take_their_connections_with_them(store: Stage) -> None:
    """Web servers end idle threads and start new ones, all day long."""

    def one() -> None:
        store.read(lambda: Project.select().count())

    for _ in range(25):
        thread = threading.Thread(target=one)
        thread.start()
        thread.join()
    one()
    until(lambda: connections(store), lambda count: count <= 8)  # a server takes a moment to see them leave


def test_closing_closes_every_threads_connection(database_url: str) -> None:
    stage = Stage(database_url)
    done, go = threading.Event(), threading.Event()

    def stay() -> None:
        stage.read(lambda: Project.select().count())
        done.set()
        go.wait(DEADLINE_S)

    thread = threading.Thread(target=stay)
    thread.start()
    done.wait(DEADLINE_S)
    stage.close()
    until(lambda: connections(stage) == 0)
    go.set()
    thread.join()


def test_a_thread_that_reads_keeps_fewer_pages_than_the_writer(sqlite: Stage) -> None:
    def pages() -> int:
        return int(sqlite.database.execute("PRAGMA cache_size").fetchone()[0])

    assert (sqlite.read(pages), sqlite.do(pages)) == (-READER_CACHE_KIB, -WRITER_CACHE_KIB)
