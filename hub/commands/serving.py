"""`hookhub serve` and `worker`: the two ways in which a hub runs.

Owns the process around a hub: its socket, its limits, its signals, and one hub a data directory. It must
never build parts of a hub: `app` does. With several workers it is the parent of the `worker_processes`.
"""

import contextlib
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from types import FrameType

import click

from hub import app
from hub.app import Hub
from hub.commands import memory
from hub.commands.opening import data_option, load_config, made_line
from hub.commands.serving_lock import only_one
from hub.commands.worker_processes import WorkerProcesses, when_parent_ends
from hub.config import MAX_WORKERS, Config
from hub.errors import ConfigError, HubError, Invalid
from hub.operations import first_admin, hub_data
from hub.store.clock import Clock
from hub.store.database import Database
from hub.targets.cores import stay_on_one_core
from hub.web.http_server import BACKLOG, Server, server_config

log = logging.getLogger("hub.serve")

OPEN_FILES_MAX = 1_048_576


@click.command("serve")
@click.option("--host", help="Address to listen on (HUB_HOST; 127.0.0.1).")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 = any free one (HUB_PORT; 8000)."
)
@data_option
@click.option(
    "--workers",
    type=click.IntRange(0, MAX_WORKERS),
    help="Delivery processes; 0 = none here (HUB_WORKERS; 1).",
)
@click.option(
    "--until-stdin-ends",
    is_flag=True,
    hidden=True,
    help="Stop when standard input ends: the parent has gone.",
)
def serve(
    host: str | None, port: int | None, data_dir: str | None, workers: int | None, until_stdin_ends: bool
) -> None:
    """Serve pages and API, and deliver."""
    loaded = load_config(host=host, port=port, data_dir=data_dir, workers=workers)
    raise_file_limit()
    memory.give_back_what_is_free()
    with contextlib.ExitStack() as held:
        note = held.enter_context(only_one(loaded))
        listener = held.enter_context(listening(loaded))
        loaded = with_port(loaded, listener.getsockname()[1])
        hub = Hub(loaded, sends=loaded.workers > 0, wake_others=lambda: others.wake())
        others = held.enter_context(
            WorkerProcesses(
                max(0, _processes(loaded.workers, hub.database) - 1),
                data_dir,
                hub.database.clock,
                loaded.host,
                loaded.port,
            )
        )
        link = first_start(hub, loaded)

        def announce() -> None:
            others.start()
            memory.keep_what_is_there()
            note(loaded)
            click.echo(f"hookhub is listening on {loaded.base_url}")
            if hub.is_new:
                click.echo(made_line(loaded))
            if link:
                click.echo(
                    "No administrator can sign in yet. Open this link once, within a day, to make one: "
                    f"{link}"
                )

        server = Server(
            server_config(app.web(hub), loaded.trusted_proxies), on_start=announce, on_stop=others.dismiss
        )
        if until_stdin_ends:
            when_parent_ends(server.ask_to_stop)
        # uvicorn raises each signal again once it has shut down; by then it has done what it asked for.
        with on_signal(server.ask_to_stop):
            server.run_until_stopped(listener)
    if not server.has_started:
        raise HubError("The hub could not start: the log above says why.")


def _processes(wanted: int, database: Database) -> int:
    """How many processes deliver. On SQLite one: each transaction of a second one waits for the first and
    reads anew what that has written (docs/design/performance.md).
    """
    if wanted > 1 and not database.is_postgresql:
        log.warning(
            "HUB_WORKERS is %s, and this hub delivers from 1 process: on SQLite they would write in turns,"
            " cost more and gain nothing. On PostgreSQL they write at once: set HUB_DATABASE_URL",
            wanted,
        )
        return 1
    return wanted


@click.command("worker")
@data_option
@click.option(
    "--until-stdin-ends",
    is_flag=True,
    hidden=True,
    help="Stop when standard input ends: the parent has gone.",
)
@click.option(
    "--boot-epoch", type=float, hidden=True, help="When this machine started, by the parent's clock."
)
@click.option("--core", type=int, hidden=True, help="Which core its threads stay on.")
@click.option("--host", hidden=True, help="Where the parent listens.")
@click.option("--port", hidden=True, type=click.IntRange(1, 65535), help="Where the parent listens.")
def worker(
    data_dir: str | None,
    until_stdin_ends: bool,
    boot_epoch: float | None,
    core: int | None,
    host: str | None,
    port: int | None,
) -> None:
    """Deliver only, for a database that is shared with `serve`."""
    loaded = load_config(data_dir=data_dir, host=host, port=port)
    raise_file_limit()
    memory.give_back_what_is_free()
    stopping = threading.Event()
    hub: Hub | None = None

    def woken() -> None:
        if hub is not None:
            hub.services.wake()

    if until_stdin_ends:
        when_parent_ends(stopping.set, woken)
    hub_data.open_there(loaded).close()
    hub = Hub(loaded, clock=Clock(boot_epoch), prepare_thread=partial(stay_on_one_core, core))
    with on_signal(lambda: stopping.set()):
        hub.start()
        memory.keep_what_is_there()
        log.info("worker started")
        stopping.wait()
        hub.stop()
        log.info("worker stopped")


def first_start(hub: Hub, loaded: Config) -> str | None:
    """Make the administrator that the environment names; without one, the set-up link while no administrator
    can sign in. Raises: ConfigError.
    """
    if loaded.admin_username and loaded.admin_password:
        try:
            first_admin.add_given(hub.database, loaded.admin_username, loaded.admin_password)
        except Invalid as refused:
            names = {"name": "HUB_ADMIN_USERNAME", "password": "HUB_ADMIN_PASSWORD"}
            told = "; ".join(f"{names[field]} {reason}" for field, reason in refused.errors)
            raise ConfigError(f"The administrator cannot be made: {told}.") from refused
        return None
    token = first_admin.new_link_token(hub.database)
    return f"{loaded.base_url}/setup?token={token}" if token else None


@contextlib.contextmanager
def listening(loaded: Config) -> Iterator[socket.socket]:
    """The socket, bound before anything else is made, so that a taken port is told at once. Raises:
    ConfigError.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            loaded.host, loaded.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(
            f"HUB_HOST {loaded.host!r} is no address to listen on ({error.strerror}): "
            "use 127.0.0.1 or 0.0.0.0."
        ) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)  # whoever comes before the hub is ready waits for it
        except OSError as error:
            reason = f"{loaded.host}:{loaded.port} cannot be listened on ({error.strerror})"
            raise ConfigError(f"{reason}: stop what uses it, or give another --port.") from error
        yield listener


def with_port(loaded: Config, port: int) -> Config:
    """With the port that was found free, also in a base URL that was made from it."""
    if loaded.port:
        return loaded
    return replace(
        loaded,
        port=port,
        base_url=f"{loaded.base_url.removesuffix(':0')}:{port}"
        if loaded.base_url.endswith(":0")
        else loaded.base_url,
    )


@contextlib.contextmanager
def on_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` on SIGTERM and SIGINT, for the length of the block."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_file_limit() -> None:
    """As many open files as this process may have: each delivery under way and each caller is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
