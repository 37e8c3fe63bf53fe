"""The database: connections, transactions, the clock, and the start and end of all three.

Owns how a transaction is run on either engine; it knows no table. Every write of the process goes through
`write`: on SQLite that is one thread, because SQLite's own busy waiting is unfair (8 publishers starved the
sender to 32 deliveries a second, one writer thread served both); on PostgreSQL a few. Reads run on the calling
thread's own connection and see only what is committed. Peewee keeps one connection a thread, so nothing here may
be called on the event loop except `write`, which only hands over.
"""

import contextlib
import fcntl
import logging
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import peewee
import psycopg
from playhouse.db_url import connect

from hub.errors import HubError
from hub.store import models
from hub.store.clock import Clock

T = TypeVar("T")

log = logging.getLogger("hub.store.database")

WRITERS_POSTGRESQL = 4
BUSY_TIMEOUT_S = 10
RERUNS_MAX = 5
RERUN_PAUSE_S = 0.05
"""Before the first rerun after a deadlock, and more before each further one."""

WRITER_CACHE_KIB = 65_536
READER_CACHE_KIB = 4_096
"""Pages that a connection of SQLite keeps. There is one writer; each of the threads that read has its own, and the
system keeps what they read beside.
"""

_SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    # FULL: a commit is on the disk before a 202 is answered. NORMAL was measured to lose commits at power
    # failure.
    "synchronous": 2,
    "foreign_keys": 1,
    "cache_size": -READER_CACHE_KIB,
    "temp_store": 2,
    "journal_size_limit": 67_108_864,
    # Copying the log into the database syncs it: 10 to 40 ms in which nobody commits. `checkpoint` does it
    # beside the writers; this is the bound (in pages, 64 MB) at which a writer must after all.
    "wal_autocheckpoint": 16_384,
}


class StoreUnavailable(HubError):
    """The database cannot be written to now: full, locked or away. Nothing was stored; try again later."""


class _Tracked:
    """Keeps hold of every thread's connection, so that it ends with its thread, and all of them with
    `close_all`.

    A web server ends idle threads and starts new ones; peewee would leave the connections of the ended ones
    open.
    """

    _close: Callable[[Any], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._opened: dict[int, tuple[threading.Thread, Any]] = {}
        self._opening = threading.Lock()
        super().__init__(*args, **kwargs)

    def close_all(self) -> None:
        self._close_where(lambda thread: True)

    def _connect(self) -> Any:
        self._close_where(lambda thread: not thread.is_alive())
        connection = super()._connect()  # type: ignore[misc]
        with self._opening:
            self._opened[id(connection)] = (threading.current_thread(), connection)
        return connection

    def _close_tracked(self, connection: Any) -> None:
        with self._opening:
            self._opened.pop(id(connection), None)
        super()._close(connection)  # type: ignore[misc]

    def _close_where(self, is_over: Callable[[threading.Thread], bool]) -> None:
        with self._opening:
            over = [key for key, (thread, _) in self._opened.items() if is_over(thread)]
            connections = [self._opened.pop(key)[1] for key in over]
        for connection in connections:
            with contextlib.suppress(Exception):
                connection.close()


class _Sqlite(_Tracked, peewee.SqliteDatabase):
    _close = _Tracked._close_tracked

    def rollback(self) -> None:
        # SQLite has rolled back by itself after a full disk or an I/O error; a second time would hide that
        # error behind its own.
        if self.connection().in_transaction:  # type: ignore[no-untyped-call]
            super().rollback()

    def widen_cache(self) -> None:
        """Let this thread's connection keep more pages."""
        self.execute_sql(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")  # type: ignore[no-untyped-call]


class _Postgresql(_Tracked, peewee.PostgresqlDatabase):
    _close = _Tracked._close_tracked

    def widen_cache(self) -> None:
        """PostgreSQL's cache is its server's."""


class Database:
    """One database, opened. Use it from many threads; close it once."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        """`url`: `sqlite:///path` or `postgresql://…`. Nothing is connected yet."""
        self.clock = clock or Clock()
        self.is_postgresql = not url.startswith("sqlite")
        self._db = _open(url)
        models.database.initialize(self._db)
        self._writers = ThreadPoolExecutor(WRITERS_POSTGRESQL if self.is_postgresql else 1, "write")
        self._running = threading.local()
        self.path = None if self.is_postgresql else Path(self._db.database)

    def close(self) -> None:
        """Finish the writes handed over so far and close every thread's connection."""
        self._writers.shutdown()
        self._db.close_all()

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

    def checkpoint(self) -> None:
        """SQLite: copy what is in the log into the database, without keeping writers waiting. To be called
        each second or so.
        """
        if not self.is_postgresql:
            self.read(lambda: self._db.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall())

    def read(self, fn: Callable[[], T]) -> T:
        """Run `fn` on this thread's connection, outside any transaction.

        Raises:
            StoreUnavailable: the database is away.
        """
        for last in (False, True):
            try:
                self._db.connect(reuse_if_open=True)
                return fn()
            except (peewee.OperationalError, peewee.InterfaceError) as error:
                self._drop()
                if last:
                    raise StoreUnavailable(f"the database does not answer: {_one_line(error)}") from error
        raise AssertionError("unreachable")

    def write(self, fn: Callable[[], T]) -> "Future[T]":
        """Run `fn` in one transaction on a writer thread; the future is done once it is durably committed.

        `fn` may be run again after a deadlock or a lost connection, so it must do nothing but read and write
        rows. The future raises what `fn` raises; Conflict when somebody else has just made the same row;
        StoreUnavailable when the database did not take it.
        """
        try:
            return self._writers.submit(partial(self._transact, fn))
        except RuntimeError:
            refused: Future[T] = Future()
            refused.set_exception(StoreUnavailable("the database is closed: the hub is stopping"))
            return refused

    def after_commit(self, fn: Callable[[], None]) -> None:
        """Inside a transaction: have `fn` called on this writer's thread as soon as it is committed, and not at all
        if it is undone. `fn` must return at once; what it raises is logged.
        """
        self._running.after_commit.append(fn)

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """One statement with `?` placeholders, on this thread's connection; returns the cursor. For the hot
        statements only.
        """
        return self._db.execute_sql(self._placeholders(sql), params)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """One statement over many rows, inside the transaction that is under way. For the hot statements
        only.
        """
        if rows:
            with peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # as execute_sql does: `_transact` knows peewee's errors only
                self._db.connection().cursor().executemany(self._placeholders(sql), rows)

    def for_update(self, query: Any, *, skip_locked: bool = False) -> Any:
        """Lock the rows of a peewee query until the transaction ends; SQLite's transaction has locked
        everything already.
        """
        if not self.is_postgresql:
            return query
        return query.for_update("FOR UPDATE SKIP LOCKED" if skip_locked else "FOR UPDATE")

    def lock_clause(self, table: str, *, waits: bool = False) -> str:
        """The same for a plain statement: lock this table's rows, and leave out (or wait for) what another
        process has locked.
        """
        if not self.is_postgresql:
            return ""
        return f" FOR UPDATE OF {table}{'' if waits else ' SKIP LOCKED'}"

    def among(self, column: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """A condition that a column is one of these values, and its parameters."""
        if self.is_postgresql:
            return f"{column} = ANY(?)", [list(values)]
        return f"{column} IN ({', '.join('?' * len(values))})", list(values)

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Any]:
        """The peewee database, held so that only one process migrates at a time. Raises: StoreUnavailable: it cannot be
        opened.
        """
        try:
            with self._held() as db:
                yield db
        except (peewee.PeeweeException, psycopg.Error, sqlite3.Error) as error:
            raise StoreUnavailable(_one_line(error)) from error

    @contextlib.contextmanager
    def _held(self) -> Iterator[Any]:
        if self.path is not None:
            # Before connecting: the first connection turns WAL on, alone.
            with _file_lock(Path(f"{self.path}.migrate")):
                _keep_private(self.path)
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

    def _transact(self, fn: Callable[[], T]) -> T:
        for run in range(1, RERUNS_MAX + 1):
            is_committing = False
            self._running.after_commit = committed = list[Callable[[], None]]()
            try:
                if self._db.connect(reuse_if_open=True):
                    self._db.widen_cache()
                with self._db.atomic():
                    result = fn()
                    is_committing = True
                for call in committed:
                    _logged(call)
                return result
            except (peewee.OperationalError, peewee.InterfaceError) as error:
                was_lost = self._drop()
                # Lost while committing: it may have been committed, so it must not be run again.
                if run == RERUNS_MAX or is_committing or not (was_lost or _is_deadlock(error)):
                    raise StoreUnavailable(
                        f"the database did not take a change: {_one_line(error)}"
                    ) from error
            if not was_lost:
                # The rows that were just given up belong to whoever waits for them: the server wakes it, and until
                # it runs, a rerun without a pause takes them again and meets it in the next deadlock.
                time.sleep(RERUN_PAUSE_S * run)
        raise AssertionError("unreachable")

    def _drop(self) -> bool:
        """Close this thread's connection when the server has gone from it; True when it had."""
        if not self.is_postgresql or self._db.is_closed():
            return False
        connection = self._db.connection()
        was_lost = bool(connection.closed or connection.broken)
        if was_lost:
            self._db.close()
        return was_lost

    def _placeholders(self, sql: str) -> str:
        return sql.replace("?", "%s") if self.is_postgresql else sql


def _open(url: str) -> Any:
    if url.startswith("sqlite"):
        return _Sqlite(
            url.removeprefix("sqlite:///"),
            pragmas=_SQLITE_PRAGMAS,
            timeout=BUSY_TIMEOUT_S,
            lock_type="IMMEDIATE",
            check_same_thread=False,
        )
    parsed = connect(re.sub(r"^postgres://", "postgresql://", url), unquote_password=True)
    options = {
        "connect_timeout": 5,
        # Take the lot down with us rather than leave a transaction idle: it would stop vacuum and slow every
        # claim.
        "options": "-c synchronous_commit=on -c idle_in_transaction_session_timeout=60000 -c statement_timeout=60000 -c lock_timeout=30000",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    return _Postgresql(parsed.database, prefer_psycopg3=True, **{**options, **parsed.connect_params})


def _logged(fn: Callable[[], None]) -> None:
    try:
        fn()
    except Exception:  # what is committed is committed: whoever waits for it must learn that
        log.exception("fault after a commit")


def _is_deadlock(error: Exception) -> bool:
    state = getattr(error.__cause__ or error.__context__, "sqlstate", None)
    return state in ("40P01", "40001", "55P03")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with open_private(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _keep_private(path: Path) -> None:
    """Only its owner reads the database: it holds payloads and hashes. SQLite gives its log the same mode.

    An existing file is never opened here: closing it again would drop the locks that SQLite holds on it for the whole
    process (sqlite.org/howtocorrupt.html §2.2).
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(OSError):
            if one.stat().st_mode & 0o077:
                one.chmod(0o600)


def open_private(path: Path) -> IO[str]:
    """A file beside the database, to be locked or written anew; made its owner's alone."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
