"""The HTTP server: uvicorn, with bounds.

Owns how it is set up: what it trusts, how long an idle connection may stay, how it starts and stops. Step
before: a socket that listens. Step after: `connections` for each caller.
"""

import contextlib
import socket
from collections.abc import Callable, Sequence

import uvicorn
from starlette.applications import Starlette

from hub.web.caller_connection import Connection

ANSWERS_S = 3
"""How long calls that are being answered may go on after a stop is asked for; deliveries have
`app.STOP_S`.
"""
KEEP_ALIVE_S = 60
"""How long a connection may wait for its next request."""
BACKLOG = 2048


class Server(uvicorn.Server):
    """uvicorn's server, which tells when it listens and when it is asked to stop, and ends without raising
    the signal again.
    """

    def __init__(
        self, config: uvicorn.Config, on_start: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self.has_started = False
        self._on_start = on_start
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.has_started = True
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)

    def run_until_stopped(self, listener: socket.socket) -> None:
        with contextlib.suppress(SystemExit):  # it exits when the hub could not start, which is logged
            self.run([listener])

    def ask_to_stop(self) -> None:
        """From any thread or a signal: end what is under way, then stop."""
        self.should_exit = True


def server_config(
    app: Starlette, trusted_proxies: Sequence[str], connection: type[Connection] = Connection
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=connection,
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=ANSWERS_S,
        backlog=BACKLOG,
    )
