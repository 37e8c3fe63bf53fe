"""RabbitMQ: a message is delivered once the broker confirms that it is in a queue.

Owns the connection: one a process, in a thread of its own, with publisher confirms and `mandatory`, without
which RabbitMQ drops what no queue takes and says nothing (https://www.rabbitmq.com/docs/confirms). A channel
an exchange: a broker closes the channel of whoever names an exchange that is not there, and with it
everything under way on it. Step before: `transport`. Step after: the broker's confirm.
"""

import logging
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import pika
from pika.exceptions import AMQPError, ProbableAccessDeniedError, ProbableAuthenticationError

from hub.errors import DeliveryError
from hub.rules.brokers import judged_as
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message, not_taken, refused, unanswered, unreachable
from hub.targets.brokers.dialing import host_and_port, is_tls, said, tls_context

# What goes wrong is told by who asked, once.
logging.getLogger("pika").setLevel(logging.CRITICAL)

DEFAULT_EXCHANGE = "amq.default"
"""What RabbitMQ calls the exchange without a name: its routing keys are names of queues."""
CHANNELS_MAX = 100
HEARTBEAT_S = 20
OPEN_S = 10.0


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
        sending = _Sending(message, *_exchange_and_key(message))
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


@dataclass(slots=True, eq=False)
class _Sending:
    """A message on its way. But for the future it belongs to the connection's thread."""

    message: Message
    exchange: str
    routing_key: str
    confirmed: "Future[str]" = field(default_factory=Future)
    was_sent: bool = False
    returned: str | None = None
    """Why RabbitMQ gave it back; its confirm comes after that."""

    def fail(self, error: DeliveryError) -> None:
        if not self.confirmed.done():
            self.confirmed.set_exception(error)

    def is_like(self, properties: Any, routing_key: str) -> bool:
        return self.routing_key == routing_key and self.message.event_id == properties.message_id


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
        self._waiting: list[_Sending] = []
        """Those that came before the connection was there."""
        self._channels: OrderedDict[str, _Channel] = OrderedDict()
        self._connection: Any = None
        self._thread = threading.Thread(target=self._run, name="rabbitmq", daemon=True)

    @property
    def is_over(self) -> bool:
        return self._error is not None

    def start(self) -> None:
        self._thread.start()

    def put(self, sending: _Sending) -> None:
        with self._lock:
            if self._error is not None:
                sending.fail(self._error)
                return
            self._waiting.append(sending)
            if self.opened.done():
                self._soon(self._send_waiting)

    def forget(self, sending: _Sending) -> None:
        with self._lock:
            if sending in self._waiting:
                self._waiting.remove(sending)

    def close(self) -> None:
        with self._lock:
            self._soon(self._close)
        self._thread.join(2)

    def _run(self) -> None:
        for parameters in self._parameters:
            try:
                self._try(parameters)
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

    def _channel(self, exchange: str) -> "_Channel":
        channel = self._channels.get(exchange)
        if channel is None or channel.is_over:
            channel = self._channels[exchange] = _Channel(self._broker, self._connection, exchange)
        self._channels.move_to_end(exchange)
        while len(self._channels) > CHANNELS_MAX and (idle := next(iter(self._channels.values()))).is_idle:
            del self._channels[idle.exchange]
            idle.close()
        return channel


class _Channel:
    """A channel with confirms, for one exchange. In the connection's thread."""

    def __init__(self, broker: Broker, connection: Any, exchange: str) -> None:
        self._broker = broker
        self.exchange = exchange
        self.is_over = False
        self._is_ready = False
        self._number = 0
        self._waiting: list[_Sending] = []
        self._sent: OrderedDict[int, _Sending] = OrderedDict()
        self._channel = connection.channel(on_open_callback=self._on_open)

    @property
    def is_idle(self) -> bool:
        return self._is_ready and not (self._waiting or self._sent)

    def put(self, sending: _Sending) -> None:
        if self._is_ready:
            self._send(sending)
        else:
            self._waiting.append(sending)

    def close(self) -> None:
        self.is_over = True
        if self._channel.is_open:
            self._channel.close()

    def end(self, error: DeliveryError) -> None:
        """Nothing more comes. What was sent may have arrived."""
        self.is_over = True
        waiting, self._waiting = self._waiting, []
        sent, self._sent = list(self._sent.values()), OrderedDict()
        for sending in waiting:
            sending.fail(error)
        for sending in sent:
            sending.fail(unanswered(error.reason) if error.phase == "connect" else error)

    def _on_open(self, channel: Any) -> None:
        channel.add_on_close_callback(self._on_closed)
        channel.add_on_return_callback(self._on_returned)
        channel.confirm_delivery(self._on_confirmed, self._on_selected)

    def _on_selected(self, frame: Any) -> None:
        self._is_ready = True
        waiting, self._waiting = self._waiting, []
        for sending in waiting:
            self._send(sending)

    def _send(self, sending: _Sending) -> None:
        message = sending.message
        headers = dict(message.headers)
        properties = pika.BasicProperties(
            content_type=headers.pop("content-type", None),
            headers=headers,
            delivery_mode=2,
            message_id=message.event_id,
            type=message.event_type,
            app_id="hookhub",
        )
        if self.is_over or not self._channel.is_open:
            sending.fail(unreachable("the channel to RabbitMQ was closed just now"))
            return
        try:
            self._channel.basic_publish(
                sending.exchange, sending.routing_key, message.body, properties, mandatory=True
            )
        except (AMQPError, ValueError, TypeError) as error:
            sending.fail(not_taken(f"RabbitMQ's client refuses it: {words(error, self._broker)}"))
            return
        self._number += 1
        self._sent[self._number] = sending
        sending.was_sent = True

    def _on_returned(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        words = f"{method.reply_code} {method.reply_text}"
        for sending in self._sent.values():
            if sending.is_like(properties, method.routing_key):
                sending.returned = words

    def _on_confirmed(self, frame: Any) -> None:
        method = frame.method
        is_ack = isinstance(method, pika.spec.Basic.Ack)
        first = next(iter(self._sent), 0) if method.multiple else method.delivery_tag
        for number in range(first, method.delivery_tag + 1):
            sending = self._sent.pop(number, None)
            if sending is not None and not sending.confirmed.done():
                self._judge(sending, number, is_ack)

    def _judge(self, sending: _Sending, number: int, is_ack: bool) -> None:
        where = f"exchange {sending.exchange or DEFAULT_EXCHANGE}, routing key {sending.routing_key}"
        if sending.returned is not None:
            sending.fail(not_taken(f"RabbitMQ gave it back: {sending.returned}, no queue takes it ({where})"))
        elif not is_ack:
            sending.fail(not_taken(f"RabbitMQ refuses it (basic.nack): the queue takes no more ({where})"))
        else:
            sending.confirmed.set_result(f"basic.ack {number}: {where}")

    def _on_closed(self, channel: Any, error: BaseException) -> None:
        self.end(not_taken(f"RabbitMQ refuses it: {words(error, self._broker)}"))


def parameters(broker: Broker, addresses: Addresses, timeout_s: float) -> list[Any]:
    """Of each judged address. Raises: DeliveryError."""
    host, port = host_and_port(broker)
    options = None
    if is_tls(broker):
        options = pika.SSLOptions(tls_context(broker), host)
    return [
        pika.ConnectionParameters(
            host=address,
            port=port,
            virtual_host=unquote(urlsplit(broker.url).path[1:]) or "/",
            credentials=pika.PlainCredentials(broker.username or "guest", broker.password or "guest"),
            heartbeat=HEARTBEAT_S,
            connection_attempts=1,
            socket_timeout=OPEN_S,
            stack_timeout=OPEN_S,
            ssl_options=options,
            client_properties={"connection_name": "hookhub"},
        )
        for address in addresses.of(addresses.target(judged_as(host, port)), timeout_s)
    ]


def _exchange_and_key(message: Message) -> tuple[str, str]:
    """Of `EXCHANGE/KEY` or `EXCHANGE`. Raises: DeliveryError."""
    exchange, _, key = message.place.partition("/")
    key = key or message.event_type
    if len(key.encode()) > 255:
        raise refused(f"the routing key has {len(key.encode())} bytes; 255 is the most")
    return "" if exchange == DEFAULT_EXCHANGE else exchange, key


def _late(link: _Link, sending: _Sending, timeout_s: float) -> DeliveryError:
    if not link.opened.done():
        return unreachable(f"RabbitMQ gave no answer within {timeout_s:.3g} s")
    why = f": it blocks publishers, {link.blocked}" if link.blocked else ""
    reason = f"RabbitMQ did not confirm it within {timeout_s:.3g} s{why}"
    return unanswered(reason) if sending.was_sent else unreachable(reason)


def words_of_opening(error: BaseException, broker: Broker) -> str:
    """pika wraps what happened three times."""
    while inner := _inner(error):
        error = inner
    if isinstance(error, ProbableAuthenticationError):
        return "RabbitMQ refuses the login: user name or password is wrong"
    if isinstance(error, ProbableAccessDeniedError):
        return f"RabbitMQ refuses access to the virtual host: {words(error, broker)}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with RabbitMQ: {words(error, broker)}"
    return f"RabbitMQ is not to be had: {words(error, broker)}"


def _inner(error: BaseException) -> BaseException | None:
    """The last of what an error of pika's tells of."""
    told = [*error.args, *(getattr(error, "exceptions", None) or ()), getattr(error, "exception", None)]
    return next((one for one in reversed(told) if isinstance(one, BaseException)), None)


def words(error: BaseException, broker: Broker) -> str:
    """What the broker said, where it closed something."""
    code, text = getattr(error, "reply_code", None), getattr(error, "reply_text", None)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return said(f"{code} {text}" if code else str(error) or type(error).__name__, broker)
