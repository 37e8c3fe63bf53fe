"""Connections: one a thread, on either engine, and what a connection is set to.

Owns how long the engines wait by themselves: for a lock, a statement, a connection. Peewee opens a thread's
connection when it is first asked. Here each is kept hold of: it ends with its thread, `close_all` ends all of
them, and `patience` can cut one whose server has fallen silent.
"""

import contextlib
import os
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

import peewee
from playhouse.db_url import connect

LOCK_WAIT_S = 6
"""For what another program has locked; less than `patience.PATIENCE_S`."""
CONNECT_WAIT_S = 3
STATEMENT_MAX_S = 60

WRITER_CACHE_KIB = 65_536
READER_CACHE_KIB = 4_096
"""Pages that a connection of SQLite keeps. There is one writer; each of the threads that read has its own,
and the system keeps what they read beside.
"""

_FULL, _NORMAL = 2, 1
"""SQLite's `synchronous`. FULL: a commit is on the disk before a 202 is answered. NORMAL was measured to lose
commits at power failure; the next commit at FULL puts those before it on the disk too.
"""

_SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": _FULL,
    "foreign_keys": 1,
    "cache_size": -READER_CACHE_KIB,
    "temp_store": 2,
    "journal_size_limit": 67_108_864,
    # Copying the log into the database syncs it: 10 to 40 ms in which nobody commits. `checkpoint` does it
    # beside the writers; this is the bound (in pages, 128 MB) at which a writer must after all.
    "wal_autocheckpoint": 32_768,
}

_POSTGRESQL_OPTIONS = {
    "synchronous_commit": "on",
    # Take the lot down with us rather than leave a transaction idle: it would stop vacuum and slow every
    # claim.
    "idle_in_transaction_session_timeout": 60_000,
    "statement_timeout": STATEMENT_MAX_S * 1000,
    "lock_timeout": LOCK_WAIT_S * 1000,
}


def opened(url: str) -> Any:
    """The peewee database of `sqlite:///path` or `postgresql://…`; nothing is connected yet."""
    if url.startswith("sqlite"):
        return _Sqlite(
            url.removeprefix("sqlite:///"),
            pragmas=_SQLITE_PRAGMAS,
            timeout=LOCK_WAIT_S,
            lock_type="IMMEDIATE",
            check_same_thread=False,
        )
    parsed = connect(re.sub(r"^postgres://", "postgresql://", url), unquote_password=True)
    options = {
        "connect_timeout": CONNECT_WAIT_S,
        "options": " ".join(f"-c {name}={value}" for name, value in _POSTGRESQL_OPTIONS.items()),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    return _Postgresql(parsed.database, prefer_psycopg3=True, **{**options, **parsed.connect_params})


class _Tracked:
    """Keeps hold of every thread's connection. A web server ends idle threads and starts new ones; peewee
    would leave the connections of the ended ones open.
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._not_synced = threading.local()
        super().__init__(*args, **kwargs)

    def begin(self, lock_type: str | None = None, *, is_synced: bool = True) -> None:
        """One connection for both kinds, because two would each drop the pages they keep whenever the other
        has written (measured: 390 µs of CPU a transaction for 280, and more than twice the time).
        """
        connection = self.connection()  # type: ignore[no-untyped-call]
        if is_synced == (getattr(self._not_synced, "connection", None) is connection):
            connection.execute(f"PRAGMA synchronous = {_FULL if is_synced else _NORMAL}")
            self._not_synced.connection = None if is_synced else connection
        super().begin(lock_type)

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

    def begin(self, isolation_level: str | None = None, *, is_synced: bool = True) -> None:
        if is_synced:
            super().begin(isolation_level)
            return
        with peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # as peewee's own does
            # Both in one message; what is prepared can only be one statement.
            self.cursor().execute("BEGIN; SET LOCAL synchronous_commit TO off", prepare=False)  # type: ignore[no-untyped-call]

    def widen_cache(self) -> None:
        """PostgreSQL's cache is its server's."""

    def cut(self, threads: set[threading.Thread]) -> None:
        """End the waiting of these threads for the server: their statements fail as if it had hung up.

        libpq has no time-out for a server that keeps the connection and says nothing. A connection is closed
        by its own thread only after it was let go of here, so the descriptor is still its own.
        """
        with self._opening:
            for thread, connection in self._opened.values():
                if thread in threads:
                    with contextlib.suppress(Exception):  # it has just ended by itself
                        copy = socket.socket(fileno=os.dup(connection.fileno()))
                        copy.shutdown(socket.SHUT_RDWR)
                        copy.close()

    def answers(self, timeout_s: int) -> bool:
        """False when the server takes no new connection in time, or takes it and says nothing."""
        import psycopg

        try:
            psycopg.connect(
                dbname=self.database, **{**self.connect_params, "connect_timeout": timeout_s}
            ).close()
        except psycopg.errors.ConnectionTimeout:
            return False
        except (
            psycopg.Error
        ):  # it refuses, so it is there; or it is gone, and every statement fails by itself
            return True
        return True
