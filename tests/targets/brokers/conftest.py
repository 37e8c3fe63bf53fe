"""Real brokers, each started once for all tests that need it."""

from collections.abc import Iterator
from typing import Any

import pytest

from hub.targets.addresses import Addresses
from hub.targets.resolver import Resolver
from tests.rigs.brokers import MosquittoRig, RedisRig
from tests.rigs.doors import LOOPBACK
from tests.rigs.jetstream import NatsRig
from tests.rigs.kafka import KafkaRig
from tests.rigs.rabbitmq import RabbitRig
from tests.rigs.relays import Relayed
from tests.rigs.sqs import SqsRig


@pytest.fixture(scope="package")
def redis_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisRig]:
    yield from _running(RedisRig(tmp_path_factory.mktemp("redis")))


@pytest.fixture(scope="package")
def mosquitto_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MosquittoRig]:
    yield from _running(MosquittoRig(tmp_path_factory.mktemp("mosquitto")))


@pytest.fixture(scope="package")
def kafka_rig() -> Iterator[KafkaRig]:
    rig = KafkaRig()
    yield rig
    rig.close()


@pytest.fixture(scope="package")
def sqs_rig() -> Iterator[SqsRig]:
    yield from _running(SqsRig())


@pytest.fixture(scope="package")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitRig]:
    yield from _running(RabbitRig(tmp_path_factory.mktemp("rabbit")))


@pytest.fixture(scope="package")
def rabbit_rig(rabbit: RabbitRig) -> Iterator[Relayed]:
    """It takes long to start: its wire is cut instead."""
    yield from _running(Relayed(rabbit, rabbit.port))


@pytest.fixture(scope="package")
def nats_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsRig]:
    yield from _running(NatsRig(tmp_path_factory.mktemp("nats")))


@pytest.fixture
def addresses() -> Iterator[Addresses]:
    """Loopback may be reached."""
    judge = Addresses(LOOPBACK, Resolver())
    yield judge
    judge.close()


def _running(rig: Any) -> Iterator[Any]:
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()
