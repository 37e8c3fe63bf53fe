"""How uvicorn is set up, and that it tells when it listens and when it is asked to stop."""

import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette

from hub.web.http_server import Server, server_config
from tests.rigs.waiting import DEADLINE_S


@pytest.mark.parametrize(("proxies", "believes"), [((), False), (("10.0.0.1",), True)])
def test_only_a_named_proxy_is_believed(proxies: tuple[str, ...], believes: bool) -> None:
    config = server_config(Starlette(), proxies)
    assert (config.proxy_headers, config.forwarded_allow_ips) == (believes, list(proxies))


def test_it_says_when_it_listens_and_ends_when_it_is_asked_to() -> None:
    listens, stops = threading.Event(), threading.Event()
    server = Server(server_config(Starlette(), ()), on_start=listens.set, on_stop=stops.set)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run_until_stopped, args=[listener], daemon=True)
        thread.start()
        assert listens.wait(DEADLINE_S)
        assert (server.has_started, stops.is_set()) == (True, False)
        server.ask_to_stop()
        thread.join(DEADLINE_S)
    assert (thread.is_alive(), stops.is_set()) == (False, True)


def test_a_hub_that_cannot_start_ends_and_never_says_that_it_listens() -> None:
    @asynccontextmanager
    async def fails(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("the database is away")
        yield

    listens = threading.Event()
    app = Starlette(lifespan=fails)
    server = Server(server_config(app, ()), on_start=listens.set, on_stop=lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        thread.submit(server.run_until_stopped, listener).result(
            DEADLINE_S
        )  # this one's loop may be a browser's
    assert (server.has_started, listens.is_set()) == (False, False)
