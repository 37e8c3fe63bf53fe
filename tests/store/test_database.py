"""Transactions, group commit and trouble: full, locked, deadlocked, gone."""

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from hub.errors import Conflict, StoreUnavailable, StoreUndecided
from hub.ids import new_id
from hub.store import events, projects
from hub.store.batch import GROUP_MAX_S, Batch, Ended
from hub.store.clock import Clock
from hub.store.connections import READER_CACHE_KIB, WRITER_CACHE_KIB
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.models import Event, Project
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S, until


@pytest.fixture
def events_of(store: Stage) -> Any:
    return lambda: store.read(lambda: Event.select().count())


def fill(store: Stage, size: int) -> None:
    new = NewEvent(new_id("evt"), store.project.id, "a.b", 0, b"x" * size)
    store.do(lambda: events.add(store.database, [new], 0))


class Writes:
    """A batch whose runs are counted, and held up until they are let go."""

    def __init__(
        self,
        store: Stage,
        size_max: int = 100,
        size_of: Callable[[str], int] = lambda item: 1,
        item_s: float = 0.0,
    ) -> None:
        """`item_s`: what each item is taken to take."""
        self.groups: list[list[str]] = []
        self.committed: list[str] = []
        self.go = threading.Event()
        self._item_s = item_s
        self._now_s = 0.0
        self.batch = Batch(
            store.database, self._run, self._committed, size_max, size_of, time_s=lambda: self._now_s
        )

    def _run(self, items: list[str]) -> list[str]:
        self.go.wait(DEADLINE_S)
        self.groups.append(list(items))
        self._now_s += self._item_s * len(items)
        for item in items:
            if item.startswith("bad"):
                raise ValueError(item)
            projects.add(item, item, "open", 0)
        return [item.lower() for item in items]

    def _committed(self, items: list[str]) -> None:
        self.committed += items


def test_what_comes_during_a_commit_goes_into_the_next_one_together(store: Stage) -> None:
    writes = Writes(store)
    futures = [writes.batch.add(f"P{n}") for n in range(20)]
    assert writes.batch.waiting > 0
    writes.go.set()
    assert [future.result(DEADLINE_S) for future in futures] == [f"p{n}" for n in range(20)]
    assert [item for group in writes.groups for item in group] == [f"P{n}" for n in range(20)]
    assert len(writes.groups) <= 2
    assert writes.batch.waiting == 0


def test_a_group_is_bounded_by_the_size_of_its_items_and_a_large_one_is_alone(store: Stage) -> None:
    writes = Writes(store, size_max=7, size_of=len)
    futures = [writes.batch.add(item) for item in ("P0", "P1", "P2", "P3", "A" * 9, "P4", "P5")]
    writes.go.set()
    for future in futures:
        future.result(10)
    assert sorted(item for group in writes.groups for item in group) == sorted(writes.committed)
    assert all(sum(map(len, group)) <= 7 or len(group) == 1 for group in writes.groups)


def test_a_group_is_never_larger_than_it_may_be(store: Stage) -> None:
    writes = Writes(store, size_max=7)
    futures = [writes.batch.add(f"P{n}") for n in range(20)]
    writes.go.set()
    for future in futures:
        future.result(DEADLINE_S)
    assert max(map(len, writes.groups)) == 7


def test_a_group_takes_no_longer_than_it_may_once_it_is_known_what_an_item_takes(store: Stage) -> None:
    writes = Writes(store, item_s=GROUP_MAX_S / 4)
    writes.go.set()
    writes.batch.add("P0").result(DEADLINE_S)
    writes.batch.add("P1").result(DEADLINE_S)
    writes.go.clear()
    futures = [writes.batch.add(f"Q{n}") for n in range(20)]
    writes.go.set()
    for future in futures:
        future.result(DEADLINE_S)
    assert max(map(len, writes.groups)) <= 5, "the last groups count, the latest most"


def test_whoever_added_for_many_is_told_once_a_commit(store: Stage) -> None:
    told: list[list[tuple[int, Any, str]]] = []
    over = threading.Semaphore(0)

    def tell(ended: list[Ended]) -> None:
        told.append([(end.key, end.result, str(end.error or "")) for end in ended])
        over.release()
        raise RuntimeError("the loop has ended")

    writes = Writes(store)
    writes.batch.add_for("P0", 0, tell)
    for n in range(1, 10):
        writes.batch.add_for(f"P{n}", n, tell)
    alone = writes.batch.add("P99")
    writes.go.set()
    assert alone.result(DEADLINE_S) == "p99"
    assert over.acquire(timeout=DEADLINE_S)
    assert sorted(one for ends in told for one in ends) == [(n, f"p{n}", "") for n in range(10)]
    assert len(told) <= 2
    writes.batch.add_for("bad", "a", tell)
    until(lambda: told[-1] == [("a", None, "bad")])


def test_one_that_spoils_its_group_fails_alone(store: Stage) -> None:
    writes = Writes(store)
    blocker = writes.batch.add("P0")
    futures = {item: writes.batch.add(item) for item in ("P1", "bad", "P2")}
    writes.go.set()
    blocker.result(DEADLINE_S)
    with pytest.raises(ValueError, match="bad"):
        futures["bad"].result(DEADLINE_S)
    assert (futures["P1"].result(DEADLINE_S), futures["P2"].result(DEADLINE_S)) == ("p1", "p2")
    assert sorted(writes.committed) == ["P0", "P1", "P2"]
    keys = store.read(lambda: {str(row.key) for row in Project.select()})
    assert keys == {"DEMO", "P0", "P1", "P2"}


def test_one_that_is_given_up_by_its_caller_leaves_its_neighbours_theirs(store: Stage) -> None:
    """As when the client hangs up and the server cancels what awaits the future."""
    writes = Writes(store)
    futures = [writes.batch.add(f"P{n}") for n in range(4)]
    futures[1].cancel()
    writes.go.set()
    for n in (0, 2, 3):
        assert futures[n].result(DEADLINE_S) == f"p{n}"


def test_a_batch_of_a_closed_database_says_so_and_keeps_nobody_waiting(sqlite_url: str) -> None:
    stage = Stage(sqlite_url)
    writes = Writes(stage)
    writes.go.set()
    stage.close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="closed"):
            writes.batch.add("P1").result(DEADLINE_S)


def test_a_batch_of_a_database_that_is_away_keeps_nobody_waiting() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    batch = Batch(database, lambda items: items, lambda items: None, 2)
    try:
        for future in [batch.add(n) for n in range(7)]:
            with pytest.raises(StoreUnavailable, match="did not take"):
                future.result(DEADLINE_S)
        assert batch.waiting == 0
    finally:
        database.close()


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


def backends(stage: Stage) -> list[int]:
    """The server processes of this database's connections, without the one that asks."""
    url = stage.url
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in rows]


def kill(stage: Stage) -> int:
    with psycopg.connect(stage.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return len(rows)


def test_the_first_call_after_a_lost_connection_works(postgresql: Stage) -> None:
    for _ in range(3):
        fill(postgresql, 10)
        before = postgresql.read(lambda: Event.select().count())
        assert kill(postgresql) >= 2
        assert postgresql.read(lambda: Event.select().count()) == before
        for _ in range(8):
            fill(postgresql, 10)
        assert postgresql.read(lambda: Event.select().count()) == before + 8


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


def connections(stage: Stage) -> int:
    gc.collect()
    if stage.database.is_postgresql:
        return len(backends(stage))
    path = str(stage.database.path)
    return sum(
        os.path.realpath(f"/proc/self/fd/{fd}") == path
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")
    )


def test_threads_that_end_take_their_connections_with_them(store: Stage) -> None:
    """Web servers end idle threads and start new ones, all day long."""

    def one() -> None:
        store.read(lambda: Project.select().count())

    for _ in range(25):
        thread = threading.Thread(target=one)
        thread.start()
        thread.join()
    one()
    assert connections(store) <= 8


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
    until(lambda: connections(stage) == 0)  # a server takes a moment to see its peer leave
    go.set()
    thread.join()


def test_the_clock_goes_with_time_passed_and_not_with_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert before <= clock.now() < before + 5


def test_two_processes_of_a_machine_can_have_one_clock_whatever_the_wall_says_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent = Clock()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    child = Clock(parent.boot_epoch_s)
    assert child.now() == pytest.approx(parent.now(), abs=0.5)


def test_the_database_s_clock_is_everybodys(postgresql_url: str) -> None:
    clock = Clock()
    database = Database(postgresql_url, clock)
    try:
        clock.sync(clock.now() - 3600)
        database.sync_clock()
        assert clock.now() == pytest.approx(time.time(), abs=2)
    finally:
        database.close()


def test_syncing_the_clock_again_does_not_step_it_back(postgresql_url: str) -> None:
    """The way there and back takes longer at one time than at another; leases and counts compare times of
    many syncs.
    """
    clock = Clock()
    database = Database(postgresql_url, clock)
    try:
        database.sync_clock()
        last = clock.now()
        for _ in range(50):
            database.sync_clock()
            assert clock.now() >= last
            last = clock.now()
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


def test_a_thread_that_reads_keeps_fewer_pages_than_the_writer(sqlite: Stage) -> None:
    def pages() -> int:
        return int(sqlite.database.execute("PRAGMA cache_size").fetchone()[0])

    assert (sqlite.read(pages), sqlite.do(pages)) == (-READER_CACHE_KIB, -WRITER_CACHE_KIB)


def test_two_that_make_the_same_at_once_are_told_as_a_conflict(store: Stage) -> None:
    with pytest.raises(Conflict, match="somebody else"):
        store.do(lambda: projects.add("DEMO", "Again", "open", 0))
    with pytest.raises(Exception, match=r"(?i)null") as fault:
        store.do(lambda: store.database.execute("INSERT INTO setting (key, value) VALUES ('a', NULL)"))
    assert not isinstance(fault.value, Conflict), "a mistake of the hub's own is none"


def test_a_group_that_is_given_up_takes_nobody_in_any_more(store: Stage) -> None:
    """Its transaction begins after its callers were told that the database is too slow."""
    go = threading.Event()
    blockers = [store.database.write(lambda: go.wait(DEADLINE_S), waits=True) for _ in range(4)]
    writes = Writes(store)
    writes.go.set()
    first = writes.batch.add("P1")
    with pytest.raises(StoreUnavailable, match="nothing was changed"):
        first.result(DEADLINE_S)
    later = writes.batch.add("P2")
    go.set()
    assert later.result(DEADLINE_S) == "p2"
    assert [blocker.result(DEADLINE_S) for blocker in blockers] == [True] * 4
    assert writes.groups == [["P2"]]
