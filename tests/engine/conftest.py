"""A whole hub for the tests of the engine, and receivers that answer together or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.engine import Engine
from tests.rigs.ports import nowhere

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
    return nowhere()
