"""Kafka: a message is produced, and delivered once all in-sync replicas have it.

Owns the producer that all threads share, and what Kafka's errors mean. A message that timed out may have
arrived; librdkafka sends it in the background, so its time-out is the attempt's. Step before: `transport`.
Step after: consumers read the topic.
"""

import logging
import math
import threading
import time
from typing import Any

import certifi
from confluent_kafka import KafkaError, KafkaException, Producer

from hub.errors import DeliveryError
from hub.rules.brokers import KINDS, hosts_of, options_of
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message, not_taken, refused, too_large, unanswered, unreachable
from hub.targets.brokers.dialing import Deadline, is_tls, said

log = logging.getLogger(__name__)

POLL_S = 0.2
BATCH_BYTES = 100_000
"""What is sent together, unless one message is larger: a broker's limit is for the whole of it, and no event
is to be blamed for the others' size.
"""
ROOM_KIB = 64 * 1024
"""What may wait in the producer, of the process's memory."""
_EVENTS_FAULT = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_MSG,
    }
)
_LOGIN = frozenset({KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED})
_ABOUT_TOPIC = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError._UNKNOWN_TOPIC,
    }
)
_OPEN_ENDED = frozenset(
    {
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._PURGE_INFLIGHT,
        KafkaError.REQUEST_TIMED_OUT,
    }
)
"""Errors after which the message may have arrived."""


def client(broker: Broker, addresses: Addresses) -> "Kafka":
    return Kafka(broker)


def reaching(broker: Broker) -> dict[str, Any]:
    """How a connection of librdkafka finds the cluster and logs in. It follows the addresses that the cluster
    announces.
    """
    hosts = hosts_of(KINDS["kafka"], broker.url)
    settings: dict[str, Any] = {
        "bootstrap.servers": ",".join(
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in hosts
        ),
        "client.id": "hookhub",
        "reconnect.backoff.max.ms": 1000,
        "allow.auto.create.topics": False,
    }
    has_login = broker.username is not None
    settings["security.protocol"] = ("SASL_" if has_login else "") + (
        "SSL" if is_tls(broker) else "PLAINTEXT"
    )
    if has_login:
        settings["sasl.mechanism"] = options_of(KINDS["kafka"], broker.url).get("sasl", "PLAIN")
        settings["sasl.username"] = broker.username
        settings["sasl.password"] = broker.password or ""
    if is_tls(broker):
        settings |= {"ssl.ca.location": certifi.where()} if broker.ca is None else {"ssl.ca.pem": broker.ca}
        if not broker.verify_ssl:
            settings["enable.ssl.certificate.verification"] = False
            settings["ssl.endpoint.identification.algorithm"] = "none"
    return settings


class Kafka:
    """One producer, made when a message needs it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._where = f"Kafka at {broker.url.partition('://')[2].partition('?')[0]}"
        self._lock = threading.Lock()
        self._line: _Line | None = None

    def publish(self, message: Message, timeout_s: float) -> str:
        deadline = Deadline(timeout_s)
        line = self._ready(timeout_s)
        waiting = _Waiting()
        try:
            self._produce(line, message, waiting, deadline)
        except KafkaException as error:
            raise self._failure(error.args[0], line, deadline) from None
        except BufferError:
            raise not_taken(f"{self._where} takes too slowly: too many messages wait for it") from None

        if not waiting.event.wait(deadline.rest_s()):
            raise self._late(line, deadline)
        if waiting.error is not None:
            raise self._failure(waiting.error, line, deadline)
        return waiting.words

    def check(self, timeout_s: float) -> None:
        deadline = Deadline(timeout_s)
        line = self._ready(timeout_s)
        try:
            line.producer.list_topics(timeout=timeout_s)
        except KafkaException:
            raise self._late(line, deadline) from None

    def close(self) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.end()

    def _produce(self, line: "_Line", message: Message, waiting: "_Waiting", deadline: Deadline) -> None:
        """Raises: KafkaException, BufferError."""
        headers: list[tuple[str, str | bytes | None]] = list(message.headers.items())
        what = (message.place, message.body, message.key.encode())
        try:
            line.producer.produce(*what, headers=headers, on_delivery=waiting.tell)
        except KafkaException as error:
            if error.args[0].code() not in _ABOUT_TOPIC:
                raise
            # It remembers what was wrong with a topic, for minutes; perhaps somebody has mended that.
            line.producer.list_topics(message.place, timeout=deadline.rest_s())
            line.producer.produce(*what, headers=headers, on_delivery=waiting.tell)

    def _ready(self, timeout_s: float) -> "_Line":
        """The producer, whose messages time out when an attempt does: about, for an attempt has spent a
        little of its time before.
        """
        whole_s = math.ceil(timeout_s)
        with self._lock:
            line = self._line
            if line is None or line.is_over or not line.timeout_s / 2 <= whole_s <= line.timeout_s:
                if line is not None:
                    line.is_over = True
                try:
                    self._line = line = _Line(self._broker, whole_s)
                except KafkaException as error:
                    words = said(error.args[0].str(), self._broker)
                    raise refused(f"{self._where} cannot be reached so: {words}") from None
            return line

    def _failure(self, error: KafkaError, line: "_Line", deadline: Deadline) -> DeliveryError:
        if error.fatal() or error.code() == KafkaError._FATAL:
            line.is_over = True
        if error.code() in _OPEN_ENDED:
            return self._late(line, deadline)
        words = said(error.str(), self._broker)
        if error.code() in _EVENTS_FAULT:
            return too_large(f"{self._where} does not take it: {words}")
        return not_taken(f"{self._where} says: {words}")

    def _late(self, line: "_Line", deadline: Deadline) -> DeliveryError:
        """No acknowledgement came; with what librdkafka complained of meanwhile."""
        within = f"within {deadline.timeout_s:.3g} s"
        trouble = line.trouble_since(deadline.began)
        if trouble is None:
            return unanswered(f"no answer from {self._where} {within}")
        words = said(trouble.str(), self._broker)
        if trouble.code() in _LOGIN:
            return unreachable(f"{self._where} refuses the login: {words}")
        return unanswered(f"{self._where} did not acknowledge it {within}: {words}")


class _Waiting:
    """For one acknowledgement."""

    __slots__ = ("error", "event", "words")

    def __init__(self) -> None:
        self.event = threading.Event()
        self.error: KafkaError | None = None
        self.words = ""

    def tell(self, error: KafkaError | None, sent: Any) -> None:
        if error is None:
            self.words = f"partition {sent.partition()}, offset {sent.offset()}"
        self.error = error
        self.event.set()


class _Line:
    """A producer and the thread that hears what became of its messages."""

    def __init__(self, broker: Broker, timeout_s: int) -> None:
        self.timeout_s = timeout_s
        self.is_over = False
        self._trouble: tuple[float, KafkaError] | None = None
        self.producer = Producer(
            {
                **reaching(broker),
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": timeout_s * 1000,
                "linger.ms": 0,
                "batch.size": BATCH_BYTES,
                "topic.metadata.propagation.max.ms": 500,
                "queue.buffering.max.kbytes": ROOM_KIB,
                "partitioner": "murmur2_random",  # where Kafka's own producers put the same key
                "error_cb": self._complains,
                "logger": Unheard(),
            }
        )
        self._thread = threading.Thread(target=self._run, name="kafka", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Before the process ends its thread is out of librdkafka, unless that is stuck."""
        self.is_over = True
        self._thread.join(3 * POLL_S)

    def trouble_since(self, began: float) -> KafkaError | None:
        """The last complaint, if it is so new. One about the login says more than that all are down."""
        trouble = self._trouble
        return trouble[1] if trouble is not None and trouble[0] >= began else None

    def _run(self) -> None:
        """The producer is let go here, where nobody waits for that."""
        producer = self.producer
        try:
            while not self.is_over:
                producer.poll(POLL_S)
        except KafkaException as error:  # one that no producer can go on after
            log.warning("a Kafka producer is given up: %s", error)
            self.is_over = True
        producer.purge()
        producer.flush(POLL_S)

    def _complains(self, error: KafkaError) -> None:
        if error.fatal():
            self.is_over = True
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self._trouble = (time.monotonic(), error)


class Unheard:
    """For librdkafka's log, which repeats a broker's absence every second: what matters of it comes as
    errors.
    """

    def log(self, level: int, *words: object) -> None:
        log.debug("librdkafka: %s", words[-1] if words else "")
