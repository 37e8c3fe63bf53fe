"""Large databases, written past the API: very many hooks, or a long log of what was delivered."""

import sqlite3
import time
from typing import Any

from hub.ids import new_id
from hub.store import events, projects
from hub.store import hooks as store_hooks
from hub.store.database import Database
from hub.store.hooks import NewHook
from hub.store.secrets import SecretBox

BATCH = 500
DELIVERIES_PER_EVENT = 100
RECORDED = {
    "kind": "success", "started_at": 0.0, "duration_s": 0.01, "phase": "body", "status": 204, "was_sent": 1,
    "peer": "127.0.0.1", "url": "http://127.0.0.1:9/", "format": "standard", "method": "POST",
    "request_headers": "[]", "response_headers": "[]", "response_body": b"",
}  # fmt: skip


def hooks(database_url: str, count: int, target_url: str, event_type: str) -> None:
    """So many hooks of the first project: one, and copies of it. SQLite only."""
    if not count:
        return
    database, box = Database(database_url), SecretBox(["a key of the bench, and there is nothing to seal"])
    project = database.read(lambda: projects.by_key("BENCH"))
    assert project is not None
    new = NewHook(project.id, target_url, (event_type,), "standard", "api", "bench")
    first = database.write(lambda: store_hooks.add(box, new, time.time())).result()
    database.close()

    own = {"id": "'hook_' || lower(hex(randomblob(16)))", "number": "number + n"}
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as db:
        names = [column[1] for column in db.execute("PRAGMA table_info(hook)")]
        values = ", ".join(own.get(name, f'"{name}"') for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        db.execute(
            "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)"
            f" INSERT INTO hook ({columns}) SELECT {values} FROM hook, counted WHERE id = ?",
            (count - 1, first.id),
        )
    db.close()


def log(database_url: str, count: int, hook_id: str = "hook_old") -> None:
    """So many deliveries to one hook that have succeeded, with their attempts and events. SQLite only."""
    if not count:
        return
    database = Database(database_url)
    new = events.NewEvent(
        new_id("evt"), 1, "old.type", time.time(), b'{"x":"' + b"y" * 400 + b'"}', [hook_id]
    )
    database.write(lambda: events.add(database, [new], time.time())).result()
    database.close()

    db = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("UPDATE delivery SET state='delivered', attempts=1, finished_at=0 WHERE event_id=?", (new.id,))
    values: dict[str, Any] = {"delivery_id": "'dlv_' || printf('%032x', n)", "number": "1"}
    db.execute("BEGIN")
    _multiply(db, "event", count // DELIVERIES_PER_EVENT, {"id": "'evt_' || printf('%032x', n)"})
    event_id = f"'evt_' || printf('%032x', n / {DELIVERIES_PER_EVENT})"
    _multiply(db, "delivery", count, {"id": values["delivery_id"], "event_id": event_id})
    names, marks = (
        ", ".join([*values, *RECORDED]),
        ", ".join([*values.values(), *(f":{name}" for name in RECORDED)]),
    )
    db.execute(f"INSERT INTO attempt ({names}) {_numbers(count)} SELECT {marks} FROM numbers", RECORDED)
    db.execute("COMMIT")
    db.execute("ANALYZE")
    db.close()


def _numbers(count: int) -> str:
    return (
        f"WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})"
    )


def _multiply(db: sqlite3.Connection, table: str, count: int, own: dict[str, str]) -> None:
    """Copies of the table's last row, with expressions of the number `n` for some columns."""
    names = [column[1] for column in db.execute(f"PRAGMA table_info({table})")]
    columns = ", ".join(own.get(name, f"one.{name}") for name in names)
    one = f"(SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1)"
    db.execute(
        f"INSERT INTO {table} ({', '.join(names)}) {_numbers(max(1, count))} SELECT {columns} FROM "
        f"numbers, {one} one"
    )
