"""Messages of a RabbitMQ queue, acknowledged one by one.

Owns the connection: one of its own for each source, in the source's thread. What is refused goes to the
queue's dead-letter exchange, where it has one. Step before: `operations.broker_sources`. Step after: each
message becomes an event.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, not_taken, unreachable
from hub.targets.brokers.consuming import Found, Place
from hub.targets.brokers.rabbitmq_connecting import OPEN_S, parameters, words, words_of_opening

BATCH_MAX = 100
PREFETCH = 100


def consumer(broker: Broker, addresses: Addresses, place: Place) -> "RabbitMQConsumer":
    return RabbitMQConsumer(broker, addresses, place.name)


class RabbitMQConsumer:
    """See `consuming.Consumer`."""

    def __init__(self, broker: Broker, addresses: Addresses, queue: str) -> None:
        self._broker = broker
        self._addresses = addresses
        self._queue = queue
        self._connection: Any = None
        self._channel: Any = None
        self._arrived: deque[Found] = deque()
        self._is_cancelled = False

    def take(self, timeout_s: float) -> Sequence[Found]:
        with self._told():
            self._open()
            ends_at = time.monotonic() + timeout_s
            while not self._arrived and (left_s := ends_at - time.monotonic()) > 0:
                self._connection.process_data_events(time_limit=left_s)
                if self._is_cancelled:
                    raise not_taken(f"RabbitMQ has ended it: the queue {self._queue} is gone")
            return [self._arrived.popleft() for _ in range(min(BATCH_MAX, len(self._arrived)))]

    def done(self, kept: Sequence[Found], refused: Sequence[Found]) -> None:
        with self._told():
            for one in kept:
                self._channel.basic_ack(one.receipt)
            for one in refused:
                self._channel.basic_nack(one.receipt, requeue=False)

    def close(self) -> None:
        """What was not acknowledged goes back into the queue."""
        connection, self._connection, self._channel = self._connection, None, None
        self._arrived.clear()
        self._is_cancelled = False
        if connection is not None and connection.is_open:
            with suppress(AMQPError, OSError):
                connection.close()

    def _open(self) -> None:
        if self._connection is not None:
            return
        self._connection = pika.BlockingConnection(parameters(self._broker, self._addresses, OPEN_S))
        self._channel = self._connection.channel()
        self._channel.basic_qos(prefetch_count=PREFETCH)
        self._channel.add_on_cancel_callback(self._on_cancelled)
        self._channel.basic_consume(self._queue, self._on_message)

    def _on_message(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        own = {str(name).lower(): str(value) for name, value in (properties.headers or {}).items()}
        told = {
            "routing-key": method.routing_key,
            "message-id": properties.message_id,
            "message-type": properties.type,
            "content-type": properties.content_type,
        }
        headers = {**own, **{name: value for name, value in told.items() if value}}
        # Without an id of its sender a message that comes again cannot be told from another one.
        position = properties.message_id or ""
        self._arrived.append(Found(position, list(headers.items()), body, method.delivery_tag))

    def _on_cancelled(self, frame: Any) -> None:
        self._is_cancelled = True

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong ends the connection. Raises: DeliveryError."""
        was_open = self._channel is not None
        try:
            yield
        except ChannelClosedByBroker as error:
            self.close()
            raise not_taken(f"RabbitMQ refuses it: {words(error, self._broker)}") from None
        except (AMQPError, OSError, ValueError) as error:
            self.close()
            if not was_open:
                raise unreachable(words_of_opening(error, self._broker)) from None
            raise unreachable(f"the connection to RabbitMQ broke: {words(error, self._broker)}") from None
        except BaseException:
            self.close()
            raise
