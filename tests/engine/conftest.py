"""A whole hub for the tests of the engine, and receivers that answer together or not at all."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.engine import Engine

Make = Callable[..., Engine]


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Make]:
    """Makes a running hub with these settings."""
    made: list[Engine] = []

    def make(**tuned: Any) -> Engine:
        made.append(Engine(database_url, tmp_path, **tuned))
        return made[-1].__enter__()

    yield make
    for one in made:
        one.__exit__()


@pytest.fixture
def dead_url() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"
