"""A channel of RabbitMQ: messages to one exchange, and what the broker says of each.

Owns publishing with confirms and `mandatory`, without which RabbitMQ drops what no queue takes and says
nothing (https://www.rabbitmq.com/docs/confirms). A channel an exchange: a broker closes the channel of
whoever names an exchange that is not there, and with it everything under way on it. All of it in the
connection's thread. Step before: `rabbitmq` has a connection. Step after: the broker's confirm.
"""

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pika
from pika.exceptions import AMQPError

from hub.errors import DeliveryError
from hub.targets.brokers.client import Broker, Message, not_taken, unanswered, unreachable
from hub.targets.brokers.rabbitmq_connecting import words

DEFAULT_EXCHANGE = "amq.default"
"""What RabbitMQ calls the exchange without a name: its routing keys are names of queues."""


@dataclass(slots=True, eq=False)
class Sending:
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


class Channel:
    """A channel with confirms, for one exchange."""

    def __init__(self, broker: Broker, connection: Any, exchange: str) -> None:
        self._broker = broker
        self.exchange = exchange
        self.is_over = False
        self._is_ready = False
        self._number = 0
        self._waiting: list[Sending] = []
        self._sent: OrderedDict[int, Sending] = OrderedDict()
        self._channel = connection.channel(on_open_callback=self._on_open)

    @property
    def is_idle(self) -> bool:
        return self._is_ready and not (self._waiting or self._sent)

    def put(self, sending: Sending) -> None:
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

    def _send(self, sending: Sending) -> None:
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
        reason = f"{method.reply_code} {method.reply_text}"
        for sending in self._sent.values():
            if sending.is_like(properties, method.routing_key):
                sending.returned = reason

    def _on_confirmed(self, frame: Any) -> None:
        method = frame.method
        is_ack = isinstance(method, pika.spec.Basic.Ack)
        first = next(iter(self._sent), 0) if method.multiple else method.delivery_tag
        for number in range(first, method.delivery_tag + 1):
            sending = self._sent.pop(number, None)
            if sending is not None and not sending.confirmed.done():
                self._judge(sending, number, is_ack)

    def _judge(self, sending: Sending, number: int, is_ack: bool) -> None:
        where = f"exchange {sending.exchange or DEFAULT_EXCHANGE}, routing key {sending.routing_key}"
        if sending.returned is not None:
            sending.fail(not_taken(f"RabbitMQ gave it back: {sending.returned}, no queue takes it ({where})"))
        elif not is_ack:
            sending.fail(not_taken(f"RabbitMQ refuses it (basic.nack): the queue takes no more ({where})"))
        else:
            sending.confirmed.set_result(f"basic.ack {number}: {where}")

    def _on_closed(self, channel: Any, error: BaseException) -> None:
        self.end(not_taken(f"RabbitMQ refuses it: {words(error, self._broker)}"))
