"""Databases with the hub's tables on one PostgreSQL server, which tests get one after another.

To make one and to drop it costs the server a third of a second, ten times what most tests take. So what a test
has filled is emptied for the next one, under another name: whoever still knows the old one finds nothing. One
whose tables are no longer as they were made is dropped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from hub.store import schema
from hub.store.database import Database

GONE_MS = 60_000
"""How long the server waits for a connection that it has ended. It takes no time: this only ends a hung run."""

SHAPE = """
SELECT string_agg(part, ' ' ORDER BY part) FROM (
    SELECT format('%s.%s %s %s', attrelid::regclass, attname, atttypid, attnotnull) AS part
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s analyzed', starelid::regclass) FROM pg_statistic
        JOIN pg_class ON pg_class.oid = starelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT name FROM schema_migration
) AS parts
"""
"""Columns, indexes and what hangs on tables, and what the planner knows of their rows."""

FILLED = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'schema_migration' AND pg_relation_size(oid) > 0
"""


def migrated(url: str) -> None:
    """Give the database the hub's tables."""
    database = Database(url)
    schema.migrate(database)
    database.close()


class Server:
    """One that may be filled."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._template = ""
        self._shape = ""
        self._emptied: list[str] = []

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """One without tables, as an operator makes it."""
        name = self._create("template0")
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    @contextmanager
    def database(self) -> Iterator[str]:
        """One with the hub's tables and nothing in them."""
        name = self._emptied.pop() if self._emptied else self._create(self._made())
        try:
            yield self._url(name)
        finally:
            self._take_back(name)

    def _take_back(self, used: str) -> None:
        """Everybody out, nothing in it: as the next test expects it, or not at all."""
        name = _new_name()
        with self._connected() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = %s",
                (GONE_MS, used),
            )
            try:
                connection.execute(_sql("ALTER DATABASE {} RENAME TO {}", used, name))
            except psycopg.errors.ObjectInUse:  # somebody came in again just now
                self._drop(used)
                return
        if self._is_emptied(name):
            self._emptied.append(name)
        else:
            self._drop(name)

    def _is_emptied(self, name: str) -> bool:
        with self._connected(name) as connection:
            if connection.execute(SHAPE).fetchall() != self._shape:
                return False
            filled = [table for (table,) in connection.execute(FILLED)]
            if filled:
                tables = sql.SQL(", ").join(map(sql.Identifier, filled))
                connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
            connection.execute("SELECT pg_stat_reset()")
        return True

    def _made(self) -> str:
        """The template with the hub's tables: migrations run once a session."""
        if not self._template:
            name = self._create("template0")
            migrated(self._url(name))
            with self._connected(name) as connection:
                self._shape = connection.execute(SHAPE).fetchall()
            self._template = name
        return self._template

    def _create(self, template: str) -> str:
        name = _new_name()
        with self._connected() as connection:
            connection.execute(_sql("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template))
        return name

    def _drop(self, name: str) -> None:
        """With whoever is still connected."""
        with self._connected() as connection:
            connection.execute(_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))

    def close(self) -> None:
        """Leave nothing on a server that goes on."""
        for name in filter(None, (*self._emptied, self._template)):
            self._drop(name)

    def _connected(self, name: str | None = None) -> psycopg.Connection:
        return psycopg.connect(self.url if name is None else self._url(name), autocommit=True)

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))


def _new_name() -> str:
    return f"hub_test_{uuid4().hex}"


def _sql(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
