"""What every test of the web layer may ask for: a running hub, a project in it, a client of that project, a
receiver.
"""

from collections.abc import Iterator

import pytest

from hub.web.caller_connection import Connection, Limits
from tests.rigs.api import Client, LiveHub, serving
from tests.rigs.receivers import Receiver


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One running hub for all tests of a module; each test has its own projects."""
    with serving(tmp_path_factory.mktemp("hub")) as running:
        yield running


class Hasty(Connection):
    limits = Limits(head_s=0.5, rest_s=0.5, stall_s=0.5)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One that waits half a second for its callers."""
    with serving(tmp_path_factory.mktemp("hub"), sends=False, connection=Hasty) as running:
        yield running


@pytest.fixture
def project(live: LiveHub) -> str:
    """The key of a fresh open project."""
    return live.project()


@pytest.fixture(scope="module")
def root(live: LiveHub) -> Client:
    """A server-wide token: it may call everything, and names the project ROOT."""
    live.project(key="ROOT")
    client = live.client("admin", project=None)
    client.params = {"project": "ROOT"}
    return client


@pytest.fixture
def api(live: LiveHub, project: str) -> Client:
    """A client of that project with every scope but admin."""
    return live.client(project=project)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
