"""A database that falls silent, and speaks again: what a test needs to see who waits for it.

SQLite is held by another process, as a backup or a second program would. PostgreSQL is reached through a
relay that stops passing bytes on and keeps its connections, as a frozen server or a cut cable does.
"""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from tests.rigs.waiting import DEADLINE_S


class Silent(Protocol):
    url: str

    def fall_silent(self) -> None: ...

    def speak(self) -> None: ...


class HeldSqlite:
    """Another process has the write lock."""

    SCRIPT = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=float(sys.argv[2]));"
        " c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.readline(); c.execute('ROLLBACK')"
    )

    def __init__(self, url: str) -> None:
        self.url = url
        self._process: subprocess.Popen[str] | None = None

    def fall_silent(self) -> None:
        path = self.url.removeprefix("sqlite:///")
        command = [sys.executable, "-c", self.SCRIPT, path, str(DEADLINE_S)]
        self._process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "held\n"

    def speak(self) -> None:
        if self._process is not None:
            self._process.communicate("\n", timeout=DEADLINE_S)
            self._process = None


class FrozenPostgresql:
    """A relay before a PostgreSQL server: `url` leads through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        folder = parse_qs(parts.query).get("host", [""])[0]
        self._server = (
            f"{folder}/.s.PGSQL.{parts.port or 5432}" if folder else (parts.hostname, parts.port or 5432)
        )
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._may_pass = threading.Event()
        self._may_pass.set()
        self._is_over = False
        self._sockets: list[socket.socket] = []
        user = f"{parts.username}:{parts.password or ''}@" if parts.username else ""
        self.url = (
            f"postgresql://{user}127.0.0.1:{self._listener.getsockname()[1]}{parts.path}?sslmode=disable"
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self) -> None:
        self._may_pass.clear()

    def speak(self) -> None:
        self._may_pass.set()

    def close(self) -> None:
        self._is_over = True
        self.speak()
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._may_pass.wait()
                if self._is_over:
                    client.close()
                    return
                family = socket.AF_UNIX if isinstance(self._server, str) else socket.AF_INET
                server = socket.socket(family)
                server.connect(self._server)
                self._sockets += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._relay, args=(one, other), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._may_pass.wait()
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def silenceable(url: str) -> Iterator[Silent]:
    if url.startswith("sqlite"):
        held = HeldSqlite(url)
        try:
            yield held
        finally:
            held.speak()
        return
    frozen = FrozenPostgresql(url)
    try:
        yield frozen
    finally:
        frozen.close()
