"""Which module speaks to which kind of broker. Each is imported on first use, with the package it needs.

Owns the table and the words about a package that is missing. Step before: `transport` needs a client. Step
after: a client's own module makes it.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec

from hub.rules.brokers import KINDS, BrokerKind
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Client, refused

MODULES: Mapping[str, str] = {
    "amqp": "hub.targets.brokers.rabbitmq",
    "nats": "hub.targets.brokers.jetstream",
    "redis": "hub.targets.brokers.redis_streams",
    "mqtt": "hub.targets.brokers.mqtt",
    "kafka": "hub.targets.brokers.kafka",
    "sqs": "hub.targets.brokers.sqs",
}
"""Each module has `client(broker, addresses)`, which connects to nothing yet."""


def is_installed(kind: BrokerKind) -> bool:
    if kind.package is None:
        return True
    return find_spec(kind.package.partition(".")[0]) is not None


def missing(kind: BrokerKind) -> str:
    """What to do about a kind that is not installed."""
    return f"{kind.name} is not installed: pip install 'hookhub[{kind.extra}]', then start the hub again"


def make(broker: Broker, addresses: Addresses) -> Client:
    """A client of a broker, not connected yet; `addresses` says where its connections may go. Raises:
    DeliveryError.
    """
    check_installed(broker)
    make_client: Callable[[Broker, Addresses], Client] = import_module(MODULES[broker.kind]).client
    return make_client(broker, addresses)


def check_installed(broker: Broker) -> None:
    """Raises: DeliveryError."""
    kind = KINDS.get(broker.kind)
    if kind is None:
        raise refused(f"this hub knows no broker of the kind {broker.kind}")
    if not is_installed(kind):
        raise refused(missing(kind))
