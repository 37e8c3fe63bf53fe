"""One serving hub a SQLite file: two would print two set-up links and answer with different base URLs.

Owns the lock beside the database, and the note in it that tells `check` which hub runs. Workers and commands
may run beside it; machines that share a PostgreSQL each serve.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.config import Config
from hub.errors import ConfigError
from hub.operations import hub_data
from hub.store import private_files

TRIES, PAUSE_S = 10, 0.05
"""`check` holds the lock for a moment to see whether it is free."""


@dataclass(frozen=True, slots=True)
class Running:
    """The hub that serves, as it was started."""

    pid: int
    address: str
    """`http://` and where it listens, as it is reached from this machine."""
    base_url: str


@contextlib.contextmanager
def only_one(loaded: Config) -> Iterator[Callable[[Config], None]]:
    """Held for the length of the block; call what it gives once the hub listens. Raises: ConfigError: another
    serves.
    """
    path = _path(loaded)
    if path is None:
        yield lambda listening: None
        return
    with hub_data.storage_faults(loaded):
        hub_data.make_directory(loaded)
        lock = private_files.opened(path)
    with lock:
        if not any(_is_taken(lock.fileno(), fcntl.LOCK_EX) for _ in range(TRIES)):
            raise ConfigError(f"Another hub serves {path.parent}: stop it, or give another --data.")
        lock.truncate(0)

        def note(listening: Config) -> None:
            running = Running(os.getpid(), _reached_at(listening), listening.base_url)
            lock.write(json.dumps(asdict(running)))
            lock.flush()

        yield note


def running(loaded: Config) -> Running | None:
    """The hub that serves these data now; None where none does. It may be so young that nothing is known of
    it yet.
    """
    path = _path(loaded)
    if path is None or not path.exists():
        return None
    with path.open() as lock:
        if _is_taken(lock.fileno(), fcntl.LOCK_SH):
            return None
        try:
            return Running(**json.load(lock))
        except (ValueError, TypeError):
            return Running(0, "", "")


def _is_taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(PAUSE_S if kind == fcntl.LOCK_EX else 0)
        return False
    return True


def _path(loaded: Config) -> Path | None:
    if not loaded.database_url.startswith("sqlite"):
        return None
    return Path(loaded.database_url.removeprefix("sqlite:///")).with_suffix(".lock")


def _reached_at(listening: Config) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening.host, listening.host)
    return f"http://[{host}]:{listening.port}" if ":" in host else f"http://{host}:{listening.port}"
