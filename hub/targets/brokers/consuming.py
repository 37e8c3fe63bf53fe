"""The other way round: messages are taken off a broker, and acknowledged there once they are kept here.

Owns the types, and which kinds can be read. A consumer is used by one thread; it may take more off the broker
before what it has is acknowledged, and what is not acknowledged comes again, perhaps to another process. Step
before: a source names a connection and a place. Step after: a module of its own reads each kind of broker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from hub.targets.addresses import Addresses
from hub.targets.brokers import kinds
from hub.targets.brokers.client import Broker, refused


@dataclass(frozen=True, slots=True)
class Place:
    """What is read of a broker."""

    name: str
    group: str
    """Under which name the broker remembers what has been acknowledged."""
    from_start: bool = False
    """Where nothing has been acknowledged yet: read what is there already, too."""


@dataclass(frozen=True, slots=True)
class Found:
    """A message off a broker."""

    position: str
    """How the broker names it: the same when it comes again."""
    headers: Sequence[tuple[str, str]]
    """Names in lower case."""
    body: bytes
    receipt: object = None
    """What the consumer needs to acknowledge it."""


class Consumer(Protocol):
    """One place of one broker. Each call raises DeliveryError where the broker is not to be had; then the
    consumer is closed, and another one goes on where it was.
    """

    def take(self, timeout_s: float) -> Sequence[Found]:
        """The next messages, in their order, some at once; none when none comes within `timeout_s`."""
        ...

    def done(self, kept: Sequence[Found], refused: Sequence[Found]) -> None:
        """Of what was taken last: what is committed here, and what never will be, which goes the broker's way
        for such, where it has one.
        """
        ...

    def close(self) -> None: ...


MODULES: Mapping[str, str] = {
    "amqp": "hub.targets.brokers.rabbitmq_consumer",
    "nats": "hub.targets.brokers.jetstream_consumer",
    "kafka": "hub.targets.brokers.kafka_consumer",
}
"""By the kind of the connection. Each has `consumer(broker, addresses, place)`, which connects to nothing
yet.
"""


def make(broker: Broker, addresses: Addresses, place: Place) -> Consumer:
    """Not connected yet. Raises: DeliveryError."""
    module = MODULES.get(broker.kind)
    if module is None:
        raise refused(f"the connection {broker.name} cannot be read from")
    kinds.check_installed(broker)
    make_consumer: Callable[[Broker, Addresses, Place], Consumer] = import_module(module).consumer
    return make_consumer(broker, addresses, place)
