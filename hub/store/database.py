"""The database: connections, transactions, the clock, and the start and end of all three.

Owns how a transaction is run on either engine; it knows no table. Every write of the process goes through
`write`, to a few threads on PostgreSQL and to one on SQLite. SQLite's own busy waiting is unfair: 8
publishers starved the sender to 32 deliveries a second, one writer thread served both. Processes take turns.
Reads run on the calling thread's own connection and see only what is committed. Peewee keeps one connection a
thread, so nothing here may be called on the event loop except `write`, which only hands over.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import peewee
import psycopg

from hub.errors import Conflict, StoreUnavailable, StoreUndecided
from hub.store import connections, engine_errors, models, private_files
from hub.store.clock import Clock
from hub.store.patience import PATIENCE_S, Patience
from hub.store.statements import Statements
from hub.store.write_lock import WriteLock
from hub.store.writers import Writers

T = TypeVar("T")

log = logging.getLogger("hub.store.database")

WRITERS_POSTGRESQL = 4
CLOSE_S = 10.0
"""How long the last writes may take when the hub stops: longer than any waits for a lock."""
LOG_PAGES = 8_192
"""A log of SQLite (32 MB) that is worth beginning anew."""
LAST_PAGES_MAX = 256
"""What a writer copies of it in its turn: a few milliseconds."""
COPIES_MAX = 8
RERUNS_MAX = 5
RERUN_PAUSE_S = 0.05
"""Before the first rerun after a deadlock, and more before each further one."""


class Database(Statements):
    """One database, opened. Use it from many threads; close it once."""

    def __init__(self, url: str, clock: Clock | None = None, patience_s: float = PATIENCE_S) -> None:
        """`url`: `sqlite:///path` or `postgresql://…`. Nothing is connected yet. `patience_s`: how long a
        change is waited for.
        """
        self.clock = clock or Clock()
        super().__init__(connections.opened(url), not url.startswith("sqlite"))
        models.database.initialize(self._db)
        self._patience = Patience(self._db if self.is_postgresql else None, patience_s)
        self._connecting = threading.Lock()
        self._running = threading.local()
        self.path = None if self.is_postgresql else Path(self._db.database)
        self._lock = None if self.path is None else WriteLock(self.path)
        self._writers = Writers(1, self._lock) if self._lock else Writers(WRITERS_POSTGRESQL, nullcontext())

    def close(self) -> None:
        """Finish the writes handed over so far and close every thread's connection."""
        is_idle = self._writers.close(CLOSE_S)
        self._patience.close()
        if not is_idle:  # what a thread is using must not be closed under its hands
            log.warning("the database was left in the middle of a change, which waits for another program")
            return
        self._db.close_all()
        if self._lock is not None:
            self._lock.close()

    def sync_clock(self) -> None:
        """Take over the database's time (PostgreSQL; SQLite has none of its own)."""
        if self.is_postgresql:
            self.clock.sync(
                self.read(
                    lambda: float(
                        self._db.execute_sql("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0]
                    )
                )
            )

    def size_bytes(self) -> int:
        """How much room the database takes on its disk, its log included."""
        if self.path is None:
            size = "SELECT pg_database_size(current_database())"
            return int(self.read(lambda: self._db.execute_sql(size).fetchone()[0]))
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def checkpoint(self) -> None:
        """SQLite: copy what is in the log into the database. To be called each second or so.

        Most is copied beside the writers, which go on: again and again, until little has come meanwhile. That
        little is copied in a writer's turn, so that the log is begun anew and does not grow to where a writer
        must copy it all.
        """
        if self.is_postgresql:
            return
        before = 0
        for _ in range(COPIES_MAX):
            pages, copied = self.read(self._copy_log)
            if pages < LOG_PAGES or copied < pages:  # somebody still reads an older state, or copies too
                return
            if pages - before <= LAST_PAGES_MAX:
                last = self._writers.submit(partial(self.read, self._copy_log))
                self._patience.bounded(last).result()
                return
            before = pages

    def read(self, fn: Callable[[], T]) -> T:
        """Run `fn` on this thread's connection, outside any transaction.

        Raises:
            StoreUnavailable: the database is away.
        """
        for last in (False, True):
            try:
                with self._patience.statement():
                    self._connect()
                    return fn()
            except (peewee.OperationalError, peewee.InterfaceError) as error:
                was_lost = self._drop()
                if last or not was_lost:
                    message = f"the database cannot be read: {engine_errors.plain(error)}"
                    raise StoreUnavailable(message, engine_errors.one_line(error)) from error
        raise AssertionError("unreachable")

    def write(self, fn: Callable[[], T], *, waits: bool = False, is_synced: bool = True) -> "Future[T]":
        """Run `fn` in one transaction on a writer thread; the future is done once it is committed.

        What is committed outlives the end of this process and of the database's server; with `is_synced` the
        end of the machine too, and so does everything committed before. Only what the hub would simply do
        again may do without: the leases and results of deliveries.

        `fn` may be run again after a deadlock or a lost connection, so it must do nothing but read and write
        rows. The future raises what `fn` raises; Conflict when somebody else has just made the same row;
        StoreUnavailable when the database did not take it, or not within the time that callers are kept
        waiting. `waits`: whoever asks has time, and wants to know how it ends.
        """
        try:
            running = self._writers.submit(partial(self._transact, fn, is_synced))
        except RuntimeError:
            refused: Future[T] = Future()
            refused.set_exception(StoreUnavailable("the database is closed: the hub is stopping"))
            return refused
        return self._patience.bounded(running, waits=waits)

    def after_commit(self, fn: Callable[[], None]) -> None:
        """Inside a transaction: have `fn` called on this writer's thread as soon as it is committed, and not
        at all if it is undone. `fn` must return at once; what it raises is logged.
        """
        self._running.after_commit.append(fn)

    @contextmanager
    def migrating(self) -> Iterator[Any]:
        """The peewee database, held so that only one process migrates at a time. Raises: StoreUnavailable: it
        cannot be opened.
        """
        try:
            with self._held() as db:
                yield db
        except (peewee.PeeweeException, psycopg.Error, sqlite3.Error) as error:
            raise StoreUnavailable(engine_errors.one_line(error)) from error

    @contextmanager
    def _held(self) -> Iterator[Any]:
        if self.path is not None:
            # Before connecting: the first connection turns WAL on, alone.
            with private_files.locked(Path(f"{self.path}.migrate")):
                private_files.keep_private(self.path)
                self._db.connect(reuse_if_open=True)
                yield self._db
            return

        self._db.connect(reuse_if_open=True)
        key = 4_855_426  # any number, the same in every process
        self._db.execute_sql("SELECT pg_advisory_lock(%s)", (key,))
        try:
            yield self._db
        finally:
            self._db.execute_sql("SELECT pg_advisory_unlock(%s)", (key,))

    def _transact(self, fn: Callable[[], T], is_synced: bool) -> T:
        for run in range(1, RERUNS_MAX + 1):
            is_committing = False
            self._running.after_commit = committed = list[Callable[[], None]]()
            try:
                with self._patience.statement():
                    if self._connect():
                        self._db.widen_cache()
                    with self._db.atomic(is_synced=is_synced):
                        result = fn()
                        is_committing = True
                for call in committed:
                    _logged(call)
                return result
            except peewee.IntegrityError as error:
                if not engine_errors.is_taken(error):
                    raise
                raise Conflict(
                    "somebody else has just made or removed the same; look and try again"
                ) from error
            except (peewee.OperationalError, peewee.InterfaceError) as error:
                was_lost = self._drop()
                # Lost while committing: it may have been committed, so it must not be run again.
                if is_committing and was_lost:
                    message = "the database did not say whether it took a change: the connection was lost"
                    raise StoreUndecided(message, engine_errors.one_line(error)) from error
                if run == RERUNS_MAX or is_committing or not (was_lost or engine_errors.is_deadlock(error)):
                    message = f"the database did not take a change: {engine_errors.plain(error)}"
                    raise StoreUnavailable(message, engine_errors.one_line(error)) from error
            if not was_lost:
                # The rows that were just given up belong to whoever waits for them: the server wakes it, and
                # until it runs, a rerun without a pause takes them again and meets it in the next deadlock.
                time.sleep(RERUN_PAUSE_S * run)
        raise AssertionError("unreachable")

    def _copy_log(self) -> tuple[int, int]:
        """SQLite: the pages that are in the log, and how many of them are in the database by now."""
        _, pages, copied = self._db.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return pages, copied

    def _connect(self) -> bool:
        """True when this thread had no connection yet. Peewee makes one at a time: whoever has waited for
        others to be refused is refused with them.
        """
        if not self._db.is_closed():
            return False
        with self._connecting:
            self._patience.check()
            try:
                self._db.connect(reuse_if_open=True)
            except peewee.OperationalError as error:
                if engine_errors.is_silence(error):
                    self._patience.fell_silent()
                raise
        return True

    def _drop(self) -> bool:
        """Close this thread's connection when the server has gone from it; True when it had."""
        if not self.is_postgresql or self._db.is_closed():
            return False
        connection = self._db.connection()
        was_lost = bool(connection.closed or connection.broken)
        if was_lost:
            self._db.close()
        return was_lost


def _logged(fn: Callable[[], None]) -> None:
    try:
        fn()
    except Exception:  # what is committed is committed: whoever waits for it must learn that
        log.exception("fault after a commit")
