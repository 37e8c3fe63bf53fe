"""Messages of a durable consumer of a JetStream stream, acknowledged one by one.

Owns the connection: one of its own for each source, in an event loop of the source's thread. A message is
known by its number in the stream. What is refused is terminated: JetStream does not send it again, and says
so in an advisory. Step before: `operations.broker_sources`. Step after: each message becomes an event.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import nats.errors
import nats.js.errors
from nats.aio.client import Client as Connection

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, not_taken, unreachable
from hub.targets.brokers.consuming import Found, Place
from hub.targets.brokers.dialing import said
from hub.targets.brokers.nats_connecting import connected, ended

T = TypeVar("T")

CONNECT_S = 10.0
BATCH_MAX = 100


def consumer(broker: Broker, addresses: Addresses, place: Place) -> "JetStreamConsumer":
    stream, _, name = place.name.partition("/")
    return JetStreamConsumer(broker, addresses, stream, name)


class JetStreamConsumer:
    """See `consuming.Consumer`."""

    def __init__(self, broker: Broker, addresses: Addresses, stream: str, name: str) -> None:
        self._broker = broker
        self._addresses = addresses
        self._stream = stream
        self._name = name
        self._runner: asyncio.Runner | None = None
        self._connection: Connection | None = None
        self._subscription: Any = None

    def take(self, timeout_s: float) -> Sequence[Found]:
        return self._run(self._take(timeout_s))

    def done(self, kept: Sequence[Found], refused: Sequence[Found]) -> None:
        async def say() -> None:
            for one in kept:
                await _message(one).ack()
            for one in refused:
                await _message(one).term()
            if self._connection is not None:
                await self._connection.flush()

        self._run(say())

    def close(self) -> None:
        """What was not acknowledged comes again after the consumer's own time."""
        runner, self._runner = self._runner, None
        connection, self._connection, self._subscription = self._connection, None, None
        if runner is not None:
            if connection is not None:
                runner.run(ended(connection))
            runner.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Raises: DeliveryError; the connection is over then."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            return self._runner.run(work)
        except DeliveryError:
            self.close()
            raise
        except nats.js.errors.NotFoundError:
            self.close()
            raise not_taken(f"NATS has no consumer {self._name} of a stream {self._stream}") from None
        except (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError) as error:
            self.close()
            raise unreachable(f"the connection to NATS broke: {said(error, self._broker)}") from None

    async def _take(self, timeout_s: float) -> Sequence[Found]:
        if self._connection is None:
            self._connection = await connected(self._broker, self._addresses, CONNECT_S)
            stream = self._connection.jetstream()
            await stream.consumer_info(self._stream, self._name)
            self._subscription = await stream.pull_subscribe_bind(self._name, stream=self._stream)
        if not self._connection.is_connected:
            raise unreachable("the connection to NATS broke")
        try:
            found = await self._subscription.fetch(BATCH_MAX, timeout=timeout_s)
        except (TimeoutError, nats.errors.TimeoutError):
            return []
        return [self._found(message) for message in found]

    def _found(self, message: Any) -> Found:
        """What the stream numbers has that number, whoever publishes it."""
        headers = {name.lower(): str(value) for name, value in (message.headers or {}).items()}
        position = f"{self._stream}/{message.metadata.sequence.stream}"
        return Found(position, [*headers.items(), ("subject", message.subject)], message.data, message)


def _message(one: Found) -> Any:
    """As the library knows it."""
    return one.receipt
