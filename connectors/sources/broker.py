"""A queue, topic or stream of a message broker: its messages become events.

Owns what is asked for of it. The connection, which an administrator made, is what proves the sender; a
request to the source's address proves nothing and is refused. Step before: the hub took a message off the
broker. Step after: it is acknowledged there once its event is committed here.
"""

from collections.abc import Sequence
from dataclasses import replace

from connectors.inbound import Arrived, Document, Received, Setting, Settings
from connectors.sources.anybody import ID, TYPE, Anybody
from connectors.trial import Trial

POSITION = "x-broker-message"
"""The header in which the hub itself writes how the broker names the message."""

FROM_NOW = "new messages"
FROM_START = "all there is"


class MessageBroker(Anybody):
    key = "broker"
    name = "A message broker"
    summary = (
        "The messages of a RabbitMQ queue, a NATS JetStream consumer or a Kafka topic, over a connection that"
        " an administrator made."
    )
    proof = (
        "The connection: whoever may write there can send. Requests to the source's address are refused."
        " What the broker hands out again is taken once."
    )
    example = ("field `type`: `order.paid`", "order.paid")
    docs = "brokers.md"
    steps = (
        "Have an administrator make the connection, and say which projects may use it.",
        (
            "Name what is read in this source: a queue or a topic by its name, a durable pull consumer of"
            " JetStream as STREAM/CONSUMER. A topic is read from its end on, or from its beginning."
        ),
        "Write a message there: its event stands under Events.",
    )
    prefix = ""
    secret_from = "nowhere"
    from_broker = True
    settings: Sequence[Setting] = (
        Setting("connection", "Connection", "Its name; administrators make connections.", is_required=True),
        Setting(
            "place",
            "Queue, consumer or topic",
            "Where on the broker the messages are, such as orders, or ORDERS/hub for JetStream.",
            is_required=True,
        ),
        Setting(
            "start",
            "Begin with",
            "Of a topic: what is read the first time.",
            FROM_NOW,
            (FROM_NOW, FROM_START),
        ),
        Setting(
            "group",
            "Consumer group",
            (
                "Of a topic: under which name the broker remembers how far the hub has read. Empty: the"
                " source's own."
            ),
        ),
        replace(TYPE, help=f"{TYPE.help} RabbitMQ has header:routing-key, JetStream header:subject."),
        replace(
            ID,
            help=(
                "header:NAME or body:path.to.field: what comes twice with the same id is taken once. Empty:"
                " what the broker knows the message by."
            ),
        ),
    )

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        return None

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        return "this source reads from a broker: nothing is taken at its address"

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        found = super().read(received, document, settings, prefix, now)
        if found is None or found.id:
            return found
        return Arrived(found.event_type, found.data, received.header(POSITION))


SOURCE = MessageBroker()
