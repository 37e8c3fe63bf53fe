"""RabbitMQ: a message is delivered once the broker confirms that it is in a queue.

Owns the connection: one a process, in a thread of its own, which another follows when it breaks. Step before:
`transport`. Step after: `rabbitmq_channel` publishes and hears the confirm.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pika

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message, refused, unanswered, unreachable
from hub.targets.brokers.rabbitmq_channel import DEFAULT_EXCHANGE, Channel, Sending
from hub.targets.brokers.rabbitmq_connecting import parameters, words, words_of_opening

CHANNELS_MAX = 100


def client(broker: Broker, addresses: Addresses) -> "RabbitMQ":
    return RabbitMQ(broker, addresses)


class RabbitMQ:
    """A client; see `client.Client`."""

    def __init__(self, broker: Broker, addresses: Addresses) -> None:
        self._broker = broker
        self._addresses = addresses
        self._lock = threading.Lock()
        self._link: _Link | None = None

    def publish(self, message: Message, timeout_s: float) -> str:
        link = self._linked(timeout_s)
        sending = Sending(message, *_exchange_and_key(message))
        link.put(sending)
        try:
            return sending.confirmed.result(timeout_s)
        except TimeoutError:
            link.forget(sending)
            raise _late(link, sending, timeout_s) from None

    def check(self, timeout_s: float) -> None:
        link = _Link(self._broker, parameters(self._broker, self._addresses, timeout_s))
        link.start()
        try:
            link.opened.result(timeout_s)
        except TimeoutError:
            raise unreachable(f"RabbitMQ gave no answer within {timeout_s:.3g} s") from None
        finally:
            link.close()

    def close(self) -> None:
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            link.close()

    def _linked(self, timeout_s: float) -> "_Link":
        """Raises: DeliveryError."""
        link = self._link
        if link is not None and not link.is_over:
            return link
        found = parameters(self._broker, self._addresses, timeout_s)
        with self._lock:
            if self._link is None or self._link.is_over:
                self._link = _Link(self._broker, found)
                self._link.start()
            return self._link


class _Link:
    """One connection and its thread, until it breaks: then another is made."""

    def __init__(self, broker: Broker, parameters: Sequence[Any]) -> None:
        """`parameters`: of each address of the broker, tried in their order."""
        self.opened: Future[None] = Future()
        self.blocked: str | None = None
        """Why RabbitMQ takes nothing for now, such as a full disk."""
        self._failure = unreachable("the connection to RabbitMQ was closed")
        self._error: DeliveryError | None = None
        """Why it is over."""
        self._broker = broker
        self._parameters = parameters
        self._lock = threading.Lock()
        self._waiting: list[Sending] = []
        """Those that came before the connection was there."""
        self._channels: OrderedDict[str, Channel] = OrderedDict()
        self._connection: Any = None
        self._thread = threading.Thread(target=self._run, name="rabbitmq", daemon=True)

    @property
    def is_over(self) -> bool:
        return self._error is not None

    def start(self) -> None:
        self._thread.start()

    def put(self, sending: Sending) -> None:
        with self._lock:
            if self._error is not None:
                sending.fail(self._error)
                return
            self._waiting.append(sending)
            if self.opened.done():
                self._soon(self._send_waiting)

    def forget(self, sending: Sending) -> None:
        with self._lock:
            if sending in self._waiting:
                self._waiting.remove(sending)

    def close(self) -> None:
        with self._lock:
            self._soon(self._close)
        self._thread.join(2)

    def _run(self) -> None:
        for one in self._parameters:
            try:
                self._try(one)
            except Exception as error:
                self._failure = unreachable(f"RabbitMQ is not to be had: {words(error, self._broker)}")
            if self.is_over or self.opened.done():
                break
        self._end(self._failure)

    def _try(self, parameters: Any) -> None:
        """Connect to one address and stay as long as it lasts."""
        connection = pika.SelectConnection(parameters, self._on_open, self._on_open_failed, self._on_closed)
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        with self._lock:
            self._connection = connection
        try:
            connection.ioloop.start()
        finally:
            with self._lock:
                self._connection = None
            connection.ioloop.close()

    def _soon(self, call: Callable[[], None]) -> None:
        """Have the connection's own thread do it. With the lock held."""
        if self._connection is not None:
            self._connection.ioloop.add_callback_threadsafe(call)

    def _close(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        else:
            self._end(self._failure)
            self._connection.ioloop.stop()

    def _on_open(self, connection: Any) -> None:
        with self._lock:
            self.opened.set_result(None)
        self._send_waiting()

    def _on_open_failed(self, connection: Any, error: BaseException) -> None:
        self._failure = unreachable(words_of_opening(error, self._broker))
        connection.ioloop.stop()

    def _on_closed(self, connection: Any, error: BaseException) -> None:
        self._failure = unreachable(f"the connection to RabbitMQ broke: {words(error, self._broker)}")
        self._end(self._failure)
        connection.ioloop.stop()

    def _on_blocked(self, connection: Any, method: Any) -> None:
        self.blocked = str(method.method.reason)[:100]

    def _on_unblocked(self, connection: Any, method: Any) -> None:
        self.blocked = None

    def _end(self, error: DeliveryError) -> None:
        with self._lock:
            if self._error is not None:
                return
            self._error = error
            waiting, self._waiting = self._waiting, []
            if not self.opened.done():
                self.opened.set_exception(error)
        for sending in waiting:
            sending.fail(error)
        for channel in self._channels.values():
            channel.end(error)

    def _send_waiting(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for sending in waiting:
            self._channel(sending.exchange).put(sending)

    def _channel(self, exchange: str) -> Channel:
        channel = self._channels.get(exchange)
        if channel is None or channel.is_over:
            channel = self._channels[exchange] = Channel(self._broker, self._connection, exchange)
        self._channels.move_to_end(exchange)
        while len(self._channels) > CHANNELS_MAX and (idle := next(iter(self._channels.values()))).is_idle:
            del self._channels[idle.exchange]
            idle.close()
        return channel


def _exchange_and_key(message: Message) -> tuple[str, str]:
    """Of `EXCHANGE/KEY` or `EXCHANGE`. Raises: DeliveryError."""
    exchange, _, key = message.place.partition("/")
    key = key or message.event_type
    if len(key.encode()) > 255:
        raise refused(f"the routing key has {len(key.encode())} bytes; 255 is the most")
    return "" if exchange == DEFAULT_EXCHANGE else exchange, key


def _late(link: _Link, sending: Sending, timeout_s: float) -> DeliveryError:
    if not link.opened.done():
        return unreachable(f"RabbitMQ gave no answer within {timeout_s:.3g} s")
    why = f": it blocks publishers, {link.blocked}" if link.blocked else ""
    reason = f"RabbitMQ did not confirm it within {timeout_s:.3g} s{why}"
    return unanswered(reason) if sending.was_sent else unreachable(reason)
