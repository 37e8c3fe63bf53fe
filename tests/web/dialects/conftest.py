"""What tests of this folder may ask for."""

from collections.abc import Iterator

import pytest

from tests.rigs.api import SCOPES, Client, LiveHub
from tests.rigs.icescrum_client import IceScrumClient


@pytest.fixture
def key(live: LiveHub) -> str:
    return live.project("icescrum")


@pytest.fixture
def path(key: str) -> str:
    return f"/ws/project/{key}/hook"


@pytest.fixture
def token(live: LiveHub, key: str) -> str:
    return live.token(*SCOPES, project=key)


@pytest.fixture
def ice(live: LiveHub, token: str) -> Iterator[IceScrumClient]:
    with IceScrumClient(live.url, token) as made:
        yield made


@pytest.fixture
def api(live: LiveHub, token: str) -> Client:
    """The same token at the hub's own API."""
    return live.client_with(token)
