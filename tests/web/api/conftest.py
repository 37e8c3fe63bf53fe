"""Who calls beside the client of a project."""

from collections.abc import Iterator

import pytest

from hub.rules.settings import Settings
from tests.rigs.api import Client, LiveHub
from tests.rigs.origins import Origins, origins_of
from tests.rigs.receivers import Receiver


@pytest.fixture
def admin(live: LiveHub) -> Iterator[Client]:
    """The settings are as they were when the test is over."""
    client = live.client("admin", project=None)
    yield client
    assert client.patch("/settings", json=Settings().as_dict()).status_code == 200


@pytest.fixture(scope="module")
def target() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def origins(live: LiveHub, target: Receiver) -> Origins:
    return origins_of(live, target)
