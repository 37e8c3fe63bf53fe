"""Where the commands of a test find their data: nowhere yet, or with a hub made."""

import os
from pathlib import Path

import pytest

from tests.rigs.commands import run


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A data directory that does not exist yet."""
    return str(tmp_path / "data")


@pytest.fixture
def made(data: str) -> str:
    """A data directory with a hub in it, and the project OLD."""
    assert run("project", "create", "OLD", "--data", data)[0] == 0
    return data


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (name for name in os.environ if name.startswith("HUB_") and not name.startswith("HUB_TEST_")):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
