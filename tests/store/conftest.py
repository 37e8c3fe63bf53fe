"""The store on both engines."""

from collections.abc import Iterator

import pytest

from tests.rigs.stage import Stage


@pytest.fixture
def store(database_url: str) -> Iterator[Stage]:
    """A migrated database with a project, on each engine."""
    stage = Stage(database_url)
    yield stage
    stage.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Stage]:
    """What only SQLite can show."""
    stage = Stage(sqlite_url)
    yield stage
    stage.close()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Stage]:
    """What only PostgreSQL can show."""
    stage = Stage(postgresql_url)
    yield stage
    stage.close()
