"""A real hub for tests of its API: served by uvicorn on loopback, on a SQLite file, with a receiver it may
reach.

Owns `serving`, the running hub (`LiveHub`) and its callers (`Client`). Projects and tokens are made through
the store, as the command line does. A test that needs a hub of its own makes it with `serving`, in a module
without the fixture `live`: the models of a process know one database.
"""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from hub import config
from hub.app import Hub, web
from hub.rules.access import Role, Scope
from hub.store import projects, tokens, users
from hub.store.projects import Project
from hub.store.users import User
from hub.web.api.calls import PREFIX
from hub.web.caller_connection import Connection
from hub.web.http_server import Server, server_config
from hub.web.sessions import csrf_token
from tests.rigs.requesters import ADMIN
from tests.rigs.waiting import DEADLINE_S

SCOPES: tuple[Scope, ...] = ("publish", "subscribe", "read", "manage")
JSON_TYPE = {"Content-Type": "application/json"}


class Caller(requests.Session):
    """A path that begins with / is below `root`; nothing of the environment has a say, nothing is followed."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self.trust_env = False
        self.root = root

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        where = f"{self.root}{url}" if url.startswith("/") else url
        return super().request(
            method, where, *args, **{"timeout": DEADLINE_S, **kwargs, "allow_redirects": False}
        )


class Client(Caller):
    """Whoever calls the API with one token: paths are below /api/v1."""

    def __init__(self, url: str, token: str | None) -> None:
        super().__init__(f"{url}{PREFIX}")
        self.url = url
        self.token = token
        if token is not None:
            self.headers["Authorization"] = f"Bearer {token}"


class Browser(Caller):
    """Somebody who looks at pages; their forms carry the session's token."""

    def __init__(self, url: str, secret: str = "") -> None:
        super().__init__(url)
        self.url = url
        if secret:
            self.cookies.set("hookhub", secret, domain="127.0.0.1", path="/")

    def submit(self, path: str, **fields: Any) -> requests.Response:
        """Send a form of one of our pages."""
        return self.post(path, data={**self.token(), **fields})

    def token(self) -> dict[str, str]:
        """The field that each form of ours carries."""
        return {"csrf": csrf_token(self.cookies.get("hookhub") or "")}


class LiveHub:
    """A running hub, and what a test needs to call it."""

    def __init__(self, hub: Hub, url: str) -> None:
        self.hub = hub
        self.url = url
        self._numbers = itertools.count(1)
        self._clients: list[requests.Session] = []

    def project(self, catalogue: str = "open", key: str | None = None) -> str:
        """A fresh project's key, with every connector switched on."""
        wanted = key or f"P{next(self._numbers)}X"

        def write() -> None:
            now = time.time()
            row = projects.add(wanted, f"Project {wanted}", catalogue, now)
            for connector in ("webhooks", "zapier", "n8n", "power_automate"):
                projects.switch_connector(row.id, connector, True, "test", now)

        self.hub.database.write(write).result()
        return wanted

    def token(self, *scopes: Scope, project: str | None, app: str | None = None, name: str = "test") -> str:
        """A token; `project` None makes it server-wide."""

        def write() -> str:
            project_id = None if project is None else self._project(project).id
            made = tokens.add(
                name=name, scopes=scopes, project_id=project_id, app=app, created_by="test", now=time.time()
            )
            return made[1]

        return self.hub.database.write(write).result()

    def client(self, *scopes: Scope, project: str | None, app: str | None = None) -> Client:
        """Closed when the hub stops. An administrator's token is server-wide, and names the project in each
        call.
        """
        if "admin" not in scopes or project is None:
            return self.client_with(self.token(*(scopes or SCOPES), project=project, app=app))
        made = self.client_with(self.token(*scopes, project=None))
        made.params = {"project": project}
        return made

    def client_with(self, token: str | None) -> Client:
        made = Client(self.url, token)
        self._clients.append(made)
        return made

    def browser(
        self, name: str, *, project: str | None = None, role: Role | None = None, is_admin: bool = False
    ) -> Browser:
        """Somebody who is signed in, made if there is nobody of this name; with this role in the project."""
        database = self.hub.database

        def write() -> User:
            found = users.by_name(name) or users.add(name, None, is_admin, time.time())
            if project is not None and role is not None:
                users.set_role(found, self._project(project), role)
            return found

        user = database.write(write).result()
        made = Browser(
            self.url, self.hub.services.sessions.begin(user, "127.0.0.1", "a browser of the tests")
        )
        self._clients.append(made)
        return made

    def stranger(self) -> Browser:
        """Somebody who is not signed in."""
        made = Browser(self.url)
        self._clients.append(made)
        return made

    def switch_connector(self, project: str, connector: str) -> None:
        """On."""
        database = self.hub.database
        database.write(
            lambda: projects.switch_connector(self._project(project).id, connector, True, "test", time.time())
        ).result()

    def archive(self, project: str) -> None:
        self.hub.services.projects.update(ADMIN, project, is_archived=True)

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _project(self, key: str) -> Project:
        row = projects.by_key(key)
        assert row is not None, f"make project {key} first"
        return row


def publish(
    api: Client, data: bytes = b"{}", type: str = "story.create", **headers: str
) -> requests.Response:
    """One event, its data byte for byte."""
    body = b'{"type":"%s","data":%s}' % (type.encode(), data)
    return api.post("/events", data=body, headers={**JSON_TYPE, **headers})


_only_one = threading.Lock()


@contextmanager
def serving(
    folder: Path,
    *,
    sends: bool = True,
    connection: type[Connection] = Connection,
    patience_s: float = DEADLINE_S,
    **environ: str,
) -> Iterator[LiveHub]:
    """A hub with its data in `folder`, on a free port, until the end of the block; one at a time. By default no
    machine is so busy that the hub gives a change up.
    """
    assert _only_one.acquire(blocking=False), (
        "a second hub in this process would take the first one's database"
    )
    try:
        yield from _serving(folder, sends, connection, patience_s, environ)
    finally:
        _only_one.release()


def _serving(
    folder: Path, sends: bool, connection: type[Connection], patience_s: float, environ: dict[str, str]
) -> Iterator[LiveHub]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        given = {
            "HUB_DATA_DIR": str(folder),
            "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
            "HUB_PORT": str(port),
            **environ,
        }
        hub = Hub(config.load(given), sends=sends, patience_s=patience_s)
        listens = threading.Event()
        server = Server(server_config(web(hub), (), connection), on_start=listens.set, on_stop=lambda: None)
        thread = threading.Thread(target=server.run_until_stopped, args=[listener], daemon=True)
        thread.start()
        assert listens.wait(DEADLINE_S), "the hub does not listen"
        live = LiveHub(hub, f"http://127.0.0.1:{port}")
        try:
            yield live
        finally:
            live.close()
            server.ask_to_stop()
            thread.join(DEADLINE_S)
            assert not thread.is_alive(), "the hub does not stop"
