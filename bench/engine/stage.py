"""What the benches share: a hub in this process on a throw-away database, and a receiver in a process of its
own.

Owns the set-up and the tear-down. It must never measure anything itself. Needs the hub installed, as `make
install` does.
"""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Event, Process, Queue
from secrets import token_hex
from typing import Any

from hub import config
from hub.app import Hub
from hub.ids import new_id
from hub.rules.filters import Filter
from hub.store import events, history, hooks, projects, settings
from hub.store.events import NewEvent
from hub.store.hooks import NewHook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BATCH = 1000


class Receiver:
    """Answers 204 to every POST and tells how long each event took to arrive, from its `sent_at`."""

    def __init__(self) -> None:
        self._lags: Queue[Any] = Queue()
        listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._asked = Event()
        self._process = Process(target=_receive, args=(listener, self._lags, self._asked), daemon=True)
        self._process.start()
        listener.close()

    def lags_s(self) -> list[float]:
        """The lags since it was last asked, sorted."""
        self._asked.set()
        return sorted(self._lags.get())

    def close(self) -> None:
        self._process.kill()


def _receive(listener: socket.socket, answers: Any, asked: Any) -> None:
    lags: list[float] = []

    def serve(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        while data := sock.recv(65536):
            pending += data
            while (end := pending.find(b"\r\n\r\n")) >= 0:
                head = pending[:end].lower()
                size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
                if len(pending) < end + 4 + size:
                    break
                body, pending = pending[end + 4 : end + 4 + size], pending[end + 4 + size :]
                lags.append(time.time() - json.loads(body)["data"]["sent_at"])
                sock.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def tell() -> None:
        while asked.wait():
            asked.clear()
            answers.put(lags[:])
            lags.clear()

    threading.Thread(target=tell, daemon=True).start()
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


class Stage:
    """A hub with one open project; `url` picks the database, SQLite by default."""

    def __init__(self, hub: Hub, project_id: int) -> None:
        self.hub = hub
        self.database = hub.database
        self.project_id = project_id

    def tune(self, **values: Any) -> None:
        self.database.write(lambda: settings.change(values)).result()

    def add_hooks(
        self, target_url: str, patterns: list[str], count: int = 1, only_if: Filter | None = None
    ) -> list[str]:
        box, now = self.hub.services.box, self.database.clock.now()

        def write() -> list[str]:
            new = NewHook(
                self.project_id,
                target_url,
                tuple(patterns),
                "standard",
                "api",
                "bench",
                secret=SECRET,
                filter=only_if,
            )
            return [str(hooks.add(box, new, now).id) for _ in range(count)]

        return self.database.write(write).result()

    def fill(self, event_type: str, hook_ids: list[str], count: int, data: bytes) -> None:
        """Write events with their deliveries straight into the store, in batches."""
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)

            def write(size: int = size) -> None:
                new = [
                    NewEvent(new_id("evt"), self.project_id, event_type, time.time(), data, hook_ids)
                    for _ in range(size)
                ]
                events.add(self.database, new, self.database.clock.now())

            self.database.write(write).result()

    def drain(self) -> None:
        """Wait until nothing waits any more."""
        while self.database.read(history.backlog):
            time.sleep(0.1)


@contextmanager
def stage(url: str | None = None) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory() as data_dir:
        environ = {"HUB_DATA_DIR": data_dir, "HUB_OUTBOUND_ALLOW": "127.0.0.0/8"} | (
            {"HUB_DATABASE_URL": url} if url else {}
        )
        hub = Hub(config.load(environ))
        key = f"B{token_hex(4).upper()}"
        project = hub.database.write(lambda: projects.add(key, "Bench", "open", time.time())).result()
        try:
            yield Stage(hub, int(project.id))
        finally:
            hub.stop()
