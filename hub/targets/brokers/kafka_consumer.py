"""Reading a Kafka topic: its partitions are shared among all hubs of one group, each read in its order.

Owns how far it has been read: the group's offset of a partition is what the hub has committed, and moves only
then. A group that has none yet begins at the end, and remembers that at once: what comes while the hub is
down is then read later. Kafka has no place for messages that are refused: they are passed over. Step before:
`operations.broker_sources`. Step after: each message becomes an event.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, not_taken, unreachable
from hub.targets.brokers.consuming import Found, Place
from hub.targets.brokers.dialing import Deadline, said
from hub.targets.brokers.kafka import Unheard, reaching

BATCH_MAX = 100
WAIT_S = 0.05
GOODBYE_S = 2.0
ASK_S = 10.0
SESSION_S = 10
"""Who is silent for so long has left the group, and others read its partitions."""
FETCH_BYTES_MAX = 16 * 1024 * 1024
"""What may lie read ahead, of the process's memory."""
_PASSING = frozenset({KafkaError._ALL_BROKERS_DOWN, KafkaError._PARTITION_EOF})


def consumer(broker: Broker, addresses: Addresses, place: Place) -> "KafkaConsumer":
    return KafkaConsumer(broker, place)


class KafkaConsumer:
    """See `consuming.Consumer`."""

    def __init__(self, broker: Broker, place: Place, ask_s: float = ASK_S) -> None:
        """`ask_s`: how long a question to the cluster may take."""
        self._ask_s = ask_s
        self._broker = broker
        self._place = place
        self._where = f"Kafka at {broker.url.partition('://')[2].partition('?')[0]}"
        self._trouble: KafkaError | None = None
        self._last_word_at = time.monotonic()
        self._early: list[Any] = []
        """What came while offsets were written."""
        self._answers: list[KafkaError | None] = []
        """To the offsets that were written last."""
        self._kafka: Any = None

    def take(self, timeout_s: float) -> Sequence[Found]:
        try:
            if self._kafka is None:
                self._kafka = self._subscribed()
            early, self._early = self._early, []
            messages = early or self._kafka.consume(BATCH_MAX, timeout_s)
        except KafkaException as error:
            raise self._failure(error.args[0]) from None
        found = []
        for message in messages:
            if message.error() is not None:
                raise self._failure(message.error())
            found.append(_found(message))
        if found:
            self._trouble = None
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise self._failure(trouble)
        return found

    def done(self, kept: Sequence[Found], refused: Sequence[Found]) -> None:
        offsets: dict[tuple[str, int], int] = {}
        for one in (*kept, *refused):
            topic, partition, offset = one.position.rsplit("/", 2)
            place = (topic, int(partition))
            offsets[place] = max(int(offset) + 1, offsets.get(place, 0))
        reached = [TopicPartition(*place, offset) for place, offset in offsets.items()]
        self._answers.clear()
        deadline = Deadline(self._ask_s)
        try:
            self._kafka.commit(offsets=reached, asynchronous=True)
            while not self._answers:
                if not deadline.rest_s():  # the library's own waiting has no end
                    raise unreachable(f"{self._where} does not take the offsets within {self._ask_s:.3g} s")
                self._early += self._kafka.consume(1, WAIT_S)
        except KafkaException as error:
            raise self._failure(error.args[0]) from None
        if self._answers[0] is not None:
            raise self._failure(self._answers[0])

    def close(self) -> None:
        """In a thread of its own: the library says goodbye for as long as a silent cluster takes."""
        if self._kafka is not None:
            ending = threading.Thread(target=self._kafka.close, name="kafka goodbye", daemon=True)
            ending.start()
            ending.join(GOODBYE_S)

    def _subscribed(self) -> Any:
        found = Consumer(
            {
                **reaching(self._broker),
                "group.id": self._place.group,
                "session.timeout.ms": SESSION_S * 1000,
                "socket.timeout.ms": round(ASK_S * 1000),
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": FETCH_BYTES_MAX // 1024,
                "error_cb": self._complains,
                "on_commit": self._committed,
                "logger": Unheard(),
            }
        )
        found.subscribe([self._place.name], on_assign=self._assigned)
        return found

    def _assigned(self, kafka: Any, partitions: list[TopicPartition]) -> None:
        """Where a group begins that has read nothing: said and remembered, partition by partition."""
        if not self._place.from_start:
            begun = kafka.committed(partitions, timeout=self._ask_s)
            fresh = [one for one in begun if one.offset < 0]
            for one in fresh:
                one.offset = kafka.get_watermark_offsets(one, timeout=self._ask_s, cached=False)[1]
            if fresh:
                kafka.commit(offsets=fresh, asynchronous=False)
            partitions = begun
        kafka.assign(partitions)

    def _committed(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        self._answers.append(error)

    def _complains(self, error: KafkaError) -> None:
        if error.code() not in _PASSING:
            self._trouble = error

    def _failure(self, error: KafkaError) -> Exception:
        words = said(error.str(), self._broker)
        if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED):
            return not_taken(f"{self._where} says of {self._place.name}: {words}")
        return unreachable(f"{self._where}: {words}")


def _found(message: Any) -> Found:
    position = f"{message.topic()}/{message.partition()}/{message.offset()}"
    headers = [(name.lower(), (value or b"").decode("latin-1")) for name, value in message.headers() or ()]
    return Found(position, headers, message.value() or b"")
