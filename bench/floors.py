"""What the same work costs without a hub: the floors that each run's figures are held against.

`python -m bench.floors` with settings on stdin takes the sending floor: posts by the hub's own door to the
network, nothing else. With settings as an argument it serves the accepting floor: a bare ASGI program that
answers 202 once the rows that the hub would write are committed, at the hub's durability, as many as come
together in one transaction.
"""

import asyncio
import json
import os
import queue
import sqlite3
import sys
import tempfile
import threading
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from connectors.base import HttpParcel
from hub.ids import new_id
from hub.store import events, schema
from hub.store.database import Database
from hub.targets.outbound import Outbound
from hub.targets.transport import Request

SENDERS = 16


class Rows:
    """Copies of the rows that the hub writes for an event and its delivery, whatever its tables are today."""

    def __init__(self, folder: Path) -> None:
        file = folder / "floor.db"
        database = Database(f"sqlite:///{file}")
        schema.migrate(database)
        new = events.NewEvent(new_id("evt"), 1, "story.update", time.time(), b"{}", ["hook_" + "0" * 32])
        database.write(lambda: events.add(database, [new], time.time())).result()
        database.close()
        # The same pragmas as `hub.store.database` sets.
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=wal")
        self._db.execute("PRAGMA synchronous=FULL")
        self._event = self._template("event", "id", "data")
        self._delivery = self._template("delivery", "id", "event_id")

    def _template(self, table: str, *own: str) -> tuple[str, tuple[Any, ...]]:
        """A statement that inserts a copy with these columns of its own, and the values of the others."""
        found = self._db.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in found.description]
        row = dict(zip(names, found.fetchone(), strict=True))
        others = [name for name in names if name not in own]
        columns, marks = ", ".join([*own, *others]), ", ".join("?" * len(names))
        return f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(row[name] for name in others)

    def write(self, bodies: list[bytes], with_delivery: bool) -> None:
        ids = [new_id("evt") for _ in bodies]
        self._db.execute("BEGIN IMMEDIATE")
        sql, rest = self._event
        self._db.executemany(sql, [(one, body, *rest) for one, body in zip(ids, bodies, strict=True)])
        if with_delivery:
            sql, rest = self._delivery
            self._db.executemany(sql, [(new_id("dlv"), one, *rest) for one in ids])
        self._db.execute("COMMIT")


class Writer:
    """One thread that commits what has come since the last commit, and wakes the event loop once for all."""

    def __init__(self, rows: Rows, with_delivery: bool) -> None:
        self._rows = rows
        self._with_delivery = with_delivery
        self._queue: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def add(self, body: bytes) -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        self._queue.put((body, future))
        return future

    def _work(self) -> None:
        while True:
            taken = [self._queue.get()]
            while not self._queue.empty():
                taken.append(self._queue.get())
            self._rows.write([body for body, _ in taken], self._with_delivery)
            taken[0][1].get_loop().call_soon_threadsafe(_answer, [future for _, future in taken])


def _answer(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


def accept(settings: dict[str, Any]) -> None:
    """Serve on a port of its own until it is killed."""
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Rows(Path(folder)), settings["with_delivery"])
        head = {
            "type": "http.response.start",
            "status": 202,
            "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
        }

        async def app(scope: Any, receive: Any, send: Any) -> None:
            body, more = b"", True
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            msgspec.json.decode(body)
            await writer.add(body)
            await send(head)
            await send({"type": "http.response.body", "body": b"{}"})

        class Server(uvicorn.Server):
            async def startup(self, sockets: Any = None) -> None:
                await super().startup(sockets)
                print(json.dumps({"port": self.servers[0].sockets[0].getsockname()[1]}), flush=True)

        config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False)
        Server(config).run()


def posts(settings: dict[str, Any]) -> dict[str, float]:
    """Post `body` to `url` for so many seconds. On one core: threads of one interpreter hinder each other on
    two.
    """
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    outbound = Outbound(allow=[ip_network("127.0.0.0/8")])
    request = Request(settings["url"], HttpParcel(settings["headers"], settings["body"].encode()))
    counts: list[int] = []

    def work() -> None:
        count = 0
        while time.perf_counter() < ends_at:
            outbound.send(request)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=work) for _ in range(SENDERS)]
    began, used = time.perf_counter(), time.process_time()
    ends_at = began + settings["seconds"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    outbound.close()
    return {"per_s": sum(counts) / seconds, "cpu_us": cpu / sum(counts) * 1e6}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        accept(json.loads(sys.argv[1]))
    else:
        print(json.dumps(posts(json.load(sys.stdin))))
