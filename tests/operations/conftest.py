"""What operations are tested on: a migrated database with a project, on each engine."""

from collections.abc import Iterator

import pytest

from tests.rigs.stage import Stage


@pytest.fixture
def store(database_url: str) -> Iterator[Stage]:
    stage = Stage(database_url)
    yield stage
    stage.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Stage]:
    """What only SQLite can show."""
    stage = Stage(sqlite_url)
    yield stage
    stage.close()
