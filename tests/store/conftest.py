"""The store on both engines."""

from collections.abc import Iterator

import pytest

from tests.rigs.stage import Stage


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Stage]:
    """What only PostgreSQL can show."""
    stage = Stage(postgresql_url)
    yield stage
    stage.close()
