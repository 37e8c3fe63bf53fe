"""Reading Kafka, librdkafka's own mock of a cluster: where a group begins, and what it reads again."""

import time
from collections.abc import Callable, Sequence

import pytest

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers import consuming, kafka
from hub.targets.brokers.consuming import Consumer, Found, Place
from hub.targets.brokers.kafka_consumer import KafkaConsumer
from tests.rigs.brokers import message
from tests.rigs.kafka import KafkaRig
from tests.rigs.waiting import DEADLINE_S, until

Write = Callable[..., None]


@pytest.fixture
def write(kafka_rig: KafkaRig, addresses: Addresses) -> Write:
    def put(topic: str, *bodies: bytes) -> None:
        client = kafka.client(kafka_rig.broker(), addresses)
        for body in bodies:
            client.publish(message(kafka_rig, body, place=topic), DEADLINE_S)
        client.close()

    return put


def taken(consumer: Consumer, count: int) -> Sequence[Found]:
    found: list[Found] = []
    until(lambda: found.extend(consumer.take(0.2)) or found, lambda some: len(some) >= count)
    return found


def test_a_new_group_begins_at_the_end_and_goes_on_after_what_is_done(
    kafka_rig: KafkaRig, addresses: Addresses, write: Write
) -> None:
    kafka_rig.make_topic("orders")
    write("orders", b"old")
    reader = consuming.make(kafka_rig.broker(), addresses, Place("orders", "shop"))
    until(lambda: reader.take(0.2) or kafka_rig.reached("shop", "orders"), lambda at: at == 1)
    write("orders", b"1", b"2", b"3")
    found = taken(reader, 3)
    assert [(one.position, one.body) for one in found] == [
        ("orders/0/1", b"1"),
        ("orders/0/2", b"2"),
        ("orders/0/3", b"3"),
    ]
    assert ("webhook-id", "evt_1") in found[0].headers
    assert kafka_rig.reached("shop", "orders") == 1
    reader.done(found[:1], found[1:2])
    assert kafka_rig.reached("shop", "orders") == 3
    reader.close()


def test_all_there_is_is_read_where_that_is_wanted(
    kafka_rig: KafkaRig, addresses: Addresses, write: Write
) -> None:
    kafka_rig.make_topic("history")
    write("history", b"1", b"2")
    reader = consuming.make(kafka_rig.broker(), addresses, Place("history", "museum", True))
    assert [one.body for one in taken(reader, 2)] == [b"1", b"2"]
    kafka_rig.stop()
    began = time.monotonic()
    with pytest.raises(DeliveryError, match="Connection refused"):
        until(lambda: reader.take(0.2), lambda _: time.monotonic() > began + DEADLINE_S)
    kafka_rig.start()
    write("history", b"3")
    assert [one.body for one in taken(reader, 1)] == [b"3"]
    reader.close()


def test_a_cluster_that_says_nothing_holds_nobody_up(
    kafka_rig: KafkaRig, addresses: Addresses, write: Write
) -> None:
    """The library's own ways to write offsets and to leave wait for it without an end."""
    kafka_rig.make_topic("quiet")
    write("quiet", b"1")
    reader = KafkaConsumer(kafka_rig.broker(), Place("quiet", "quiet", True), ask_s=0.5)
    found = taken(reader, 1)
    kafka_rig.freeze()
    began = time.monotonic()
    with pytest.raises(DeliveryError, match="does not take the offsets"):
        reader.done(found, [])
    reader.close()
    kafka_rig.thaw()
    assert time.monotonic() - began < DEADLINE_S


def test_a_topic_that_is_not_there_is_told(kafka_rig: KafkaRig, addresses: Addresses) -> None:
    reader = consuming.make(kafka_rig.broker(), addresses, Place("nowhere", "shop"))
    with pytest.raises(DeliveryError, match=r"says of nowhere: .*Unknown topic or partition"):
        until(lambda: reader.take(0.2))
    reader.close()


def test_a_wrong_login_is_told(kafka_rig: KafkaRig, addresses: Addresses) -> None:
    reader = consuming.make(kafka_rig.broker(password="wrong-one"), addresses, Place("orders", "shop"))
    with pytest.raises(DeliveryError, match="Invalid username or password"):
        until(lambda: reader.take(0.2))
    reader.close()
