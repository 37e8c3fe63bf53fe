"""Transactions and their trouble: full, locked, deadlocked, gone."""

import sqlite3
import subprocess
import sys
import threading
from typing import Any

import pytest

from hub.errors import Conflict, StoreUnavailable, StoreUndecided
from hub.ids import new_id
from hub.store import events, projects
from hub.store.database import LOG_PAGES, Database
from hub.store.events import NewEvent
from hub.store.models import Event, Project
from tests.rigs.backends import fill, kill
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S


@pytest.fixture
def events_of(store: Stage) -> Any:
    return lambda: store.read(lambda: Event.select().count())


def test_a_failed_transaction_leaves_nothing(store: Stage, events_of: Any) -> None:
    def write() -> None:
        events.add(store.database, [NewEvent(new_id("evt"), store.project.id, "a.b", 0, b"{}")], 0)
        raise RuntimeError("after the first row")

    with pytest.raises(RuntimeError):
        store.do(write)
    assert events_of() == 0


def test_a_full_disk_is_told_as_such_and_takes_changes_again_once_there_is_room(sqlite: Stage) -> None:
    fill(sqlite, 100)

    def set_limit(pages: int) -> None:
        sqlite.database.write(lambda: sqlite.database.execute(f"PRAGMA max_page_count = {pages}")).result()

    pages = sqlite.read(lambda: sqlite.database.execute("PRAGMA page_count").fetchone()[0])
    set_limit(pages + 5)
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="full"):
            fill(sqlite, 200_000)
    with pytest.raises(StoreUnavailable, match="full"):
        sqlite.do(lambda: Project.create(key="FULL", name="x" * 200_000, catalogue="open", created_at=0))
    assert sqlite.read(lambda: Event.select().count()) == 1
    set_limit(1_000_000)
    fill(sqlite, 200_000)
    assert sqlite.read(lambda: Event.select().count()) == 2
    assert sqlite.read(lambda: sqlite.database.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"


def test_a_database_that_another_process_locks_is_told_as_such(
    sqlite: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite.do(lambda: sqlite.database.execute("PRAGMA busy_timeout = 200"))
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE');"
        " print('locked', flush=True); sys.stdin.readline(); c.execute('COMMIT')"
    )
    path = str(sqlite.database.path)
    other = subprocess.Popen(
        [sys.executable, "-c", script, path], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdin is not None
    other.stdout.readline()
    with pytest.raises(StoreUnavailable, match="another program holds it"):
        fill(sqlite, 10)
    assert sqlite.read(lambda: Event.select().count()) == 0, "reading goes on meanwhile"
    other.communicate("\n", timeout=DEADLINE_S)
    fill(sqlite, 10)
    assert sqlite.read(lambda: Event.select().count()) == 1


def test_a_commit_that_the_hub_would_do_again_is_not_waited_for_until_it_is_on_the_disk(store: Stage) -> None:
    name = "SHOW synchronous_commit" if store.database.is_postgresql else "PRAGMA synchronous"

    def level(is_synced: bool) -> str:
        write = store.database.write(lambda: store.database.execute(name).fetchone()[0], is_synced=is_synced)
        return str(write.result(DEADLINE_S))

    synced, not_synced = ("on", "off") if store.database.is_postgresql else ("2", "1")
    wanted = [True, False, False, True, False, True, True] * 4  # of PostgreSQL's writers each gets some
    assert [level(one) for one in wanted] == [synced if one else not_synced for one in wanted]


def test_a_commit_that_is_not_waited_for_is_undone_like_any_other(store: Stage, events_of: Any) -> None:
    def write() -> None:
        events.add(store.database, [NewEvent(new_id("evt"), store.project.id, "a.b", 0, b"{}")], 0)
        raise RuntimeError("after the first row")

    with pytest.raises(RuntimeError):
        store.database.write(write, is_synced=False).result(DEADLINE_S)
    assert events_of() == 0


def test_a_connection_that_is_lost_within_a_transaction_is_tried_again_whole(postgresql: Stage) -> None:
    runs: list[int] = []

    def write() -> None:
        events.add(postgresql.database, [NewEvent(new_id("evt"), postgresql.project.id, "a.b", 0, b"{}")], 0)
        runs.append(1)
        if len(runs) == 1:
            kill(postgresql)
        Event.select().count()

    postgresql.do(write)
    assert len(runs) == 2
    assert postgresql.read(lambda: Event.select().count()) == 1


def test_what_may_have_been_committed_is_not_written_twice(postgresql: Stage) -> None:
    """The connection goes between the last statement and the commit's answer: nobody can know, so it is told
    as a failure.
    """
    runs: list[int] = []

    def write() -> None:
        runs.append(1)
        events.add(postgresql.database, [NewEvent(new_id("evt"), postgresql.project.id, "a.b", 0, b"{}")], 0)
        kill(postgresql)

    with pytest.raises(StoreUndecided, match="did not say whether it took a change"):
        postgresql.do(write)
    assert len(runs) == 1
    fill(postgresql, 10)
    assert postgresql.read(lambda: Event.select().count()) == 1


@pytest.mark.parametrize("by_many", [False, True], ids=["one statement", "many rows"])
def test_of_two_in_a_deadlock_both_get_through(postgresql: Stage, by_many: bool) -> None:
    a = postgresql.project.id
    b = postgresql.do(lambda: projects.add("OTHER", "", "open", 0)).id
    meet = threading.Barrier(2)
    runs: list[int] = []

    def raise_both(first: int, second: int) -> None:
        def bump(project_id: int) -> None:
            sql = "UPDATE project SET routing_version = routing_version + 1 WHERE id = ?"
            if by_many:
                postgresql.database.executemany(sql, [(project_id,)])
            else:
                Project.update(routing_version=Project.routing_version + 1).where(
                    Project.id == project_id
                ).execute()

        runs.append(first)
        bump(first)
        if len(runs) <= 2:
            meet.wait(DEADLINE_S)
        bump(second)

    futures = [postgresql.database.write(lambda x=x, y=y: raise_both(x, y)) for x, y in ((a, b), (b, a))]  # type: ignore[misc]
    for future in futures:
        future.result(DEADLINE_S)
    assert len(runs) >= 3, "one was run again; more than once only where the other was slow to wake"
    assert postgresql.read(lambda: [p.routing_version for p in Project.select()]) == [2, 2]


def test_a_server_that_is_away_is_told_as_such() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    try:
        with pytest.raises(StoreUnavailable, match="does not answer"):
            database.read(lambda: Project.select().count())
        with pytest.raises(StoreUnavailable, match="did not take"):
            database.write(lambda: Project.select().count()).result(DEADLINE_S)
    finally:
        database.close()


def test_what_is_to_follow_a_commit_follows_it_and_not_one_that_is_undone(store: Stage) -> None:
    seen: list[str] = []

    def rows() -> int:
        return int(Project.select().where(Project.key == "LATER").count())

    def committed() -> None:
        projects.add("LATER", "Later", "open", 0)
        store.database.after_commit(lambda: seen.append(f"after: {rows()}"))
        seen.append("written")

    def undone() -> None:
        store.database.after_commit(lambda: seen.append("never"))
        raise ValueError("no")

    store.do(committed)
    with pytest.raises(ValueError, match="no"):
        store.do(undone)
    store.do(lambda: None)
    assert seen == ["written", "after: 1"]


def test_a_fault_after_a_commit_is_logged_and_hides_neither_the_commit_nor_what_else_follows(
    store: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def write() -> str:
        store.database.after_commit(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
        store.database.after_commit(lambda: seen.append("next"))
        return "done"

    assert store.do(write) == "done"
    assert seen == ["next"]
    assert "fault after a commit" in caplog.text


def test_two_that_make_the_same_at_once_are_told_as_a_conflict(store: Stage) -> None:
    with pytest.raises(Conflict, match="somebody else"):
        store.do(lambda: projects.add("DEMO", "Again", "open", 0))
    with pytest.raises(Exception, match=r"(?i)null") as fault:
        store.do(lambda: store.database.execute("INSERT INTO setting (key, value) VALUES ('a', NULL)"))
    assert not isinstance(fault.value, Conflict), "a mistake of the hub's own is none"


def test_a_long_log_is_begun_anew_once_nobody_reads_from_it(sqlite: Stage) -> None:
    def log_pages() -> int:
        return sqlite.read(sqlite.database._copy_log)[0]

    for _ in range(9):
        fill(sqlite, 4_000_000)
    with sqlite3.connect(str(sqlite.database.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        fill(sqlite, 10)
        sqlite.database.checkpoint()
        reader.rollback()
    reader.close()
    assert log_pages() > LOG_PAGES, "somebody read from it"
    sqlite.database.checkpoint()
    fill(sqlite, 10)
    assert log_pages() < 100
    assert sqlite.read(lambda: Event.select().count()) == 11
