"""Statements: the hot ones, past peewee's layer, and what differs between the engines in writing one.

Owns placeholders, locks of rows, and how many rows go into one statement. It knows no table and no
transaction: `database` does.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
import peewee

ROWS_AT_ONCE = 64
"""In one statement on SQLite: more gained nothing."""

_NAMES = tuple(f"c{number}" for number in range(32))
"""Of the values of a row."""
_ALL = 2**31 - 1


class Statements:
    """On each thread's own connection."""

    def __init__(self, db: Any, is_postgresql: bool) -> None:
        """`db`: the peewee database."""
        self._db = db
        self.is_postgresql = is_postgresql

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """One statement with `?` placeholders, on this thread's connection; returns the cursor. For the hot
        statements only.
        """
        with peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # as execute_sql does: `_transact` knows peewee's errors only
            return self._db.connection().cursor().execute(self._placeholders(sql), params)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each of many rows, inside the transaction that is under way. For the hot
        statements only.
        """
        if rows:  # an iterator is always true, and may be empty
            with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
                self._db.connection().cursor().executemany(self._placeholders(sql), rows)

    def execute_rows(self, sql: str, types: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same where `{rows}` in the statement stands for a table of many rows. `types`: those of its
        values, as PostgreSQL calls them.

        On SQLite a statement takes as many as there are: Python gives its interpreter away in each step of
        one, and gets it back late from other threads. PostgreSQL gets all of them as one text of JSON, which
        costs both sides a third of what a statement for each costs them (docs/design/performance.md).
        """
        if not rows:
            return
        if self.is_postgresql:
            self.execute(_of_json(sql, types), [msgspec.json.encode([_named(row) for row in rows]).decode()])
            return
        width = len(rows[0])
        taken = 0
        while taken < len(rows):
            # Powers of two: few statements, which the connection keeps prepared.
            size = min(ROWS_AT_ONCE, 1 << (len(rows) - taken).bit_length() - 1)
            part = rows[taken : taken + size]
            self.execute(_of_values(sql, width, size), list(chain.from_iterable(part)))
            taken += size

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

    def _placeholders(self, sql: str) -> str:
        return sql.replace("?", "%s") if self.is_postgresql else sql


@lru_cache(maxsize=256)
def _of_values(sql: str, width: int, size: int) -> str:
    """The statement with so many rows of so many values."""
    row = f"({', '.join('?' * width)})"
    return sql.replace("{rows}", f"VALUES {', '.join([row] * size)}")


@lru_cache(maxsize=256)
def _of_json(sql: str, types: str) -> str:
    """The statement with rows as `_named` makes them; msgspec writes bytes as base64.

    The limit is no bound: by it PostgreSQL expects ten rows in place of a hundred, and looks each up by an
    index where it would read a whole table that is small.
    """
    columns, table = [], []
    for name, kind in zip(_NAMES, types.split(), strict=False):
        is_bytes = kind == "bytea"
        columns.append(f"decode({name}, 'base64')" if is_bytes else name)
        table.append(f"{name} {'text' if is_bytes else kind}")
    given = f"json_to_recordset(?::json) AS given ({', '.join(table)})"
    return sql.replace("{rows}", f"SELECT {', '.join(columns)} FROM {given} LIMIT (SELECT {_ALL})")


def _named(row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(_NAMES, row, strict=False))
