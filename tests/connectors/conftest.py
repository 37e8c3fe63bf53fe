"""What tests of this folder may ask for."""

import time
from collections.abc import Iterator

import pytest

from connectors import registry
from hub.store import projects, settings
from tests.rigs.api import Client, LiveHub, serving


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    with serving(tmp_path_factory.mktemp("hub")) as running:
        database = running.hub.database
        database.write(lambda: settings.change({"retry_schedule_s": [0.0, 600.0]})).result()
        yield running


@pytest.fixture
def key(live: LiveHub) -> str:
    """A project with iceScrum's events and every connector on."""
    made = live.project("icescrum")

    def switch() -> None:
        row = projects.by_key(made)
        assert row is not None
        for app in registry.connector_keys():
            projects.switch_connector(int(row.id), app, True, "test", time.time())

    live.hub.database.write(switch).result()
    return made


@pytest.fixture
def manager(live: LiveHub, key: str) -> Client:
    """The project's own side: it publishes, and looks at what is there."""
    return live.client("publish", "read", "manage", project=key)
