"""What every test of the door needs: a door that may reach loopback, and a receiver there."""

from collections.abc import Iterator

import pytest

from hub.targets.outbound import Outbound
from tests.rigs.authority import Authority
from tests.rigs.doors import LOOPBACK, Names
from tests.rigs.jobs import Looped
from tests.rigs.receivers import Receiver


@pytest.fixture
def names() -> Names:
    return Names(["127.0.0.1"])


@pytest.fixture(params=[Outbound, Looped], ids=["single", "looped"])
def outbound(names: Names, request: pytest.FixtureRequest) -> Iterator[Outbound]:
    """Both ways to send: what holds for one holds for the other."""
    door: Outbound = request.param(allow=LOOPBACK, resolve=names)
    yield door
    door.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))
