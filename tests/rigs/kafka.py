"""A Kafka cluster for tests: librdkafka's own mock, which speaks the real protocol over loopback.

It stands in the library that the client's package brings, so nothing else is needed. Its C functions
(rdkafka_mock.h) are called as they are: a broker can be taken down, slowed, and told to answer with an error.
"""

import ctypes
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import confluent_kafka
from confluent_kafka import Consumer, TopicPartition

from hub.targets.brokers.client import Broker
from tests.rigs.receivers import Receiver, Wire
from tests.rigs.waiting import DEADLINE_S, until

PRODUCE = 0
"""The number of that request in Kafka's protocol."""


def _library() -> Any:
    folder = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(folder.glob("librdkafka*"))))
    pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    for name, result, arguments in (
        ("conf_new", pointer, []),
        ("conf_set", number, [pointer, text, text, text, ctypes.c_size_t]),
        ("new", pointer, [number, pointer, text, ctypes.c_size_t]),
        ("destroy", None, [pointer]),
        ("mock_cluster_new", pointer, [pointer, number]),
        ("mock_cluster_destroy", None, [pointer]),
        ("mock_cluster_bootstraps", text, [pointer]),
        ("mock_topic_create", number, [pointer, text, number, number]),
        ("mock_broker_set_down", number, [pointer, number]),
        ("mock_broker_set_up", number, [pointer, number]),
        ("mock_broker_set_rtt", number, [pointer, number, number]),
        ("mock_push_request_errors_array", None, [pointer, ctypes.c_int16, ctypes.c_size_t, pointer]),
        ("mock_clear_request_errors", None, [pointer, ctypes.c_int16]),
    ):
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def refuse_login(wire: Wire) -> None:
    """A broker that knows three requests (ApiVersions, SaslHandshake, SaslAuthenticate) and no password."""
    apis = b"".join(struct.pack(">hhh", *api) for api in ((18, 0, 0), (17, 1, 1), (36, 0, 0)))
    words = b"Authentication failed: Invalid username or password"
    answers = {
        18: struct.pack(">hi", 0, 3) + apis,
        17: struct.pack(">hih", 0, 1, 5) + b"PLAIN",
        36: struct.pack(">hh", 58, len(words)) + words + struct.pack(">i", 0),
    }
    while head := wire.sock.recv(4, socket.MSG_WAITALL):
        request = wire.sock.recv(struct.unpack(">i", head)[0], socket.MSG_WAITALL)
        key, version, number = struct.unpack(">hhi", request[:8])
        answer = answers[key]
        if key == 18 and version > 0:  # as brokers answer a version that they do not know
            answer = struct.pack(">h", 35) + answer[2:]
        wire.send(struct.pack(">ii", 4 + len(answer), number) + answer)


class KafkaRig:
    """One broker."""

    place = "hub.SHOP"

    def __init__(self) -> None:
        self._lib = lib = _library()
        settings = lib.rd_kafka_conf_new()
        lib.rd_kafka_conf_set(settings, b"log_level", b"0", None, 0)
        self._owner = lib.rd_kafka_new(0, settings, None, 0)
        self._cluster = lib.rd_kafka_mock_cluster_new(self._owner, 1)
        self.servers: str = lib.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self.make_topic(self.place)
        self._refuser = Receiver(on_connect=refuse_login).__enter__()

    def make_topic(self, name: str, partitions: int = 1) -> None:
        self._lib.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1)

    def start(self) -> None:
        self._lib.rd_kafka_mock_broker_set_up(self._cluster, 1)

    def stop(self) -> None:
        self._lib.rd_kafka_mock_broker_set_down(self._cluster, 1)

    def freeze(self) -> None:
        self._lib.rd_kafka_mock_broker_set_rtt(self._cluster, 1, 3_600_000)

    def thaw(self) -> None:
        """What was held back stays so: those connections are closed."""
        self._lib.rd_kafka_mock_broker_set_rtt(self._cluster, 1, 0)
        self.stop()
        self.start()

    def answers(self, codes: Sequence[int], request: int = PRODUCE) -> None:
        """The next of these requests are answered with these errors."""
        array = (ctypes.c_int * len(codes))(*codes)
        self._lib.rd_kafka_mock_push_request_errors_array(self._cluster, request, len(codes), array)

    def broker(self, **changes: Any) -> Broker:
        """The mock knows no logins: whoever comes with a password meets another broker, which refuses it."""
        if "password" in changes:
            changes = {"url": f"kafka://127.0.0.1:{self._refuser.port}", "username": "hub"} | changes
        return Broker("queue", "kafka", **({"url": f"kafka://{self.servers}"} | changes))

    def bodies(self) -> list[bytes]:
        return [one.value() for one in self.records(self.place)]

    def records(self, topic: str) -> list[Any]:
        """All of partition 0, in their order."""
        reader = Consumer({"bootstrap.servers": self.servers, "group.id": "test", "log_level": 0})
        reader.assign([TopicPartition(topic, 0, 0)])
        _, end = until(lambda: reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=DEADLINE_S))
        found: list[Any] = []
        while len(found) < end:
            found += [one for one in reader.consume(end - len(found), 1) if one.error() is None]
        reader.close()
        return found

    def reached(self, group: str, topic: str) -> int:
        """The offset that a group has committed; below 0: none."""
        asker = Consumer({"bootstrap.servers": self.servers, "group.id": group, "log_level": 0})
        [found] = asker.committed([TopicPartition(topic, 0)], timeout=DEADLINE_S)
        asker.close()
        return int(found.offset)

    def close(self) -> None:
        self._refuser.close()
        self._lib.rd_kafka_mock_cluster_destroy(self._cluster)
        self._lib.rd_kafka_destroy(self._owner)
