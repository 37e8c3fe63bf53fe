"""Where the commands of a test find their data: nowhere yet, or with a hub made."""

import pytest

from tests.rigs.commands import run


@pytest.fixture
def made(data: str) -> str:
    """A data directory with a hub in it, and the project OLD."""
    assert run("project", "create", "OLD", "--data", data)[0] == 0
    return data


@pytest.fixture(autouse=True)
def _own_environment(own_environment: None) -> None:
    """Every command of these tests."""
