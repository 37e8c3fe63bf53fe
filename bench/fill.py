"""Large databases on either engine, written past the API: very many hooks, or a long log of deliveries."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from hub.ids import new_id
from hub.store import events, projects
from hub.store import hooks as store_hooks
from hub.store.database import Database
from hub.store.hooks import NewHook
from hub.store.secrets import SecretBox

DELIVERIES_PER_EVENT = 100
RECORDED = {
    "kind": "success", "started_at": 0.0, "duration_s": 0.01, "phase": "body", "status": 204,
    "was_sent": True,
    "peer": "127.0.0.1", "url": "http://127.0.0.1:9/", "format": "standard", "method": "POST",
    "request_headers": "[]", "response_headers": "[]", "response_body": b"",
}  # fmt: skip


class _Filling:
    """A connection past the hub, and what the two engines say differently."""

    def __init__(self, database_url: str) -> None:
        self._is_postgresql = not database_url.startswith("sqlite")
        self._db: Any = (
            psycopg.connect(database_url)
            if self._is_postgresql
            else sqlite3.connect(database_url.removeprefix("sqlite:///"))
        )
        self.random = "md5(random()::text || n)" if self._is_postgresql else "lower(hex(randomblob(16)))"

    def do(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        """Parameters as `:name`."""
        if self._is_postgresql:
            for name in params or {}:
                sql = sql.replace(f":{name}", f"%({name})s")
        return self._db.execute(sql, params or {})

    def numbered(self, expression: str) -> str:
        """Such a number as 32 digits."""
        if self._is_postgresql:
            return f"lpad(({expression})::text, 32, '0')"
        return f"printf('%032d', {expression})"

    def multiply(self, table: str, count: int, own: Mapping[str, str]) -> None:
        """Copies of the table's newest row, with expressions of the number `n` for some columns."""
        names = [f'"{name}"' for name in self._columns(table)]
        columns = ", ".join(own.get(name.strip('"'), f"one.{name}") for name in names)
        one = f'(SELECT * FROM "{table}" ORDER BY id DESC LIMIT 1)'
        self.do(
            f'INSERT INTO "{table}" ({", ".join(names)}) SELECT {columns}'
            f" FROM {self.numbers(count)} numbers, {one} one"
        )

    def numbers(self, count: int) -> str:
        """From 0 on, as `n`."""
        if self._is_postgresql:
            return f"(SELECT n FROM generate_series(0, {count - 1}) AS n)"
        numbers = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers"
        return f"({numbers} WHERE n + 1 < {count}) SELECT n FROM numbers)"

    def close(self) -> None:
        self._db.commit()
        self.do("ANALYZE")
        self._db.commit()
        self._db.close()

    def _columns(self, table: str) -> list[str]:
        if self._is_postgresql:
            sql = (
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = :name AND table_schema = current_schema() ORDER BY ordinal_position"
            )
        else:
            sql = "SELECT name FROM pragma_table_info(:name)"
        return [name for (name,) in self.do(sql, {"name": table}).fetchall()]


@contextmanager
def _filling(database_url: str) -> Iterator[_Filling]:
    made = _Filling(database_url)
    yield made
    made.close()


def hooks(database_url: str, count: int, target_url: str, event_type: str) -> None:
    """So many hooks of the first project: one, and copies of it."""
    if not count:
        return
    database, box = Database(database_url), SecretBox(["a key of the bench, and there is nothing to seal"])
    project = database.read(lambda: projects.by_key("BENCH"))
    assert project is not None
    new = NewHook(project.id, target_url, (event_type,), "standard", "api", "bench")
    database.write(lambda: store_hooks.add(box, new, time.time())).result()
    database.close()
    if count > 1:
        with _filling(database_url) as filling:
            own = {"id": f"'hook_' || {filling.random}", "number": "number + n + 1"}
            filling.multiply("hook", count - 1, own)


def log(database_url: str, count: int, hook_id: str = "hook_old") -> None:
    """So many deliveries to one hook that have succeeded, with their attempts and events."""
    if not count:
        return
    database = Database(database_url)
    new = events.NewEvent(
        new_id("evt"), 1, "old.type", time.time(), b'{"x":"' + b"y" * 400 + b'"}', [hook_id]
    )
    database.write(lambda: events.add(database, [new], time.time())).result()
    database.close()

    with _filling(database_url) as filling:
        done = "UPDATE delivery SET state='delivered', attempts=1, finished_at=0 WHERE event_id=:id"
        filling.do(done, {"id": new.id})
        event_id = f"'evt_' || {filling.numbered(f'n / {DELIVERIES_PER_EVENT}')}"
        delivery_id = f"'dlv_' || {filling.numbered('n')}"
        filling.multiply(
            "event", max(1, count // DELIVERIES_PER_EVENT), {"id": f"'evt_' || {filling.numbered('n')}"}
        )
        filling.multiply("delivery", count, {"id": delivery_id, "event_id": event_id})
        names = ", ".join(["delivery_id", "number", *RECORDED])
        marks = ", ".join([delivery_id, "1", *(f":{name}" for name in RECORDED)])
        filling.do(
            f"INSERT INTO attempt ({names}) SELECT {marks} FROM {filling.numbers(count)} numbers", RECORDED
        )
