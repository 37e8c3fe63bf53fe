"""Kafka against librdkafka's own mock of a cluster: the record as it lies there, and what each error costs."""

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError

from hub.targets.addresses import Addresses
from hub.targets.brokers import kafka
from hub.targets.brokers.client import Broker
from hub.targets.brokers.kafka import Kafka, reaching
from tests.rigs.brokers import PASSWORD, failure, message
from tests.rigs.kafka import KafkaRig
from tests.rigs.waiting import DEADLINE_S


@pytest.fixture
def client(kafka_rig: KafkaRig, addresses: Addresses) -> Iterator[Kafka]:
    made = kafka.client(kafka_rig.broker(), addresses)
    yield made
    made.close()


def test_a_record_has_the_headers_and_the_key(kafka_rig: KafkaRig, client: Kafka) -> None:
    kafka_rig.make_topic("one")
    assert (
        client.publish(message(kafka_rig, place="one", key="hook_7"), DEADLINE_S) == "partition 0, offset 0"
    )
    [record] = kafka_rig.records("one")
    assert (record.key(), record.value()) == (b"hook_7", b'{"n": 1}')
    assert dict(record.headers()) == {
        "content-type": b"application/json",
        "webhook-id": b"evt_1",
        "x-hub-event": b"order.paid",
    }


def test_records_with_one_key_stay_in_one_partition_in_their_order(
    kafka_rig: KafkaRig, client: Kafka
) -> None:
    kafka_rig.make_topic("many", 8)
    words = [client.publish(message(kafka_rig, place="many", key="k"), DEADLINE_S) for _ in range(5)]
    assert len({one.partition(",")[0] for one in words}) == 1
    assert [one.rpartition(" ")[2] for one in words] == list("01234")


def test_one_that_is_too_large_blames_its_event_alone(kafka_rig: KafkaRig, client: Kafka) -> None:
    error = failure(client, message(kafka_rig, b"x" * 1_100_000))
    assert (error.fault, error.blames_event, error.was_sent) == ("receiver", True, False)
    kafka_rig.answers([KafkaError.MSG_SIZE_TOO_LARGE])
    error = failure(client, message(kafka_rig))
    assert (error.fault, error.blames_event) == ("receiver", True)
    assert "Message size too large" in error.reason


def test_a_topic_is_never_made_and_found_once_somebody_did(kafka_rig: KafkaRig, client: Kafka) -> None:
    for _ in range(2):
        error = failure(client, message(kafka_rig, place="later"))
        assert (error.fault, error.blames_event) == ("receiver", False)
        assert "Unknown topic" in error.reason
    kafka_rig.make_topic("later")
    assert client.publish(message(kafka_rig, place="later"), DEADLINE_S)


def test_a_right_that_is_missing_is_told_and_asked_for_again(kafka_rig: KafkaRig, client: Kafka) -> None:
    kafka_rig.answers([KafkaError.TOPIC_AUTHORIZATION_FAILED])
    error = failure(client, message(kafka_rig))
    assert (error.fault, error.blames_event) == ("receiver", False)
    assert "Topic authorization failed" in error.reason
    assert client.publish(message(kafka_rig), DEADLINE_S)


def test_too_few_replicas_are_waited_for_within_the_attempt(kafka_rig: KafkaRig, client: Kafka) -> None:
    kafka_rig.answers([KafkaError.NOT_ENOUGH_REPLICAS])
    assert client.publish(message(kafka_rig), DEADLINE_S)


def test_a_producer_that_is_beyond_help_is_replaced(kafka_rig: KafkaRig, client: Kafka) -> None:
    assert client.publish(message(kafka_rig), DEADLINE_S)
    kafka_rig.answers([KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER])
    error = failure(client, message(kafka_rig))
    assert error.fault == "receiver"
    assert client.publish(message(kafka_rig), DEADLINE_S)


def test_a_wrong_login_is_told_in_kafkas_words(kafka_rig: KafkaRig, addresses: Addresses) -> None:
    made = kafka.client(kafka_rig.broker(password="wrong-one"), addresses)
    error = failure(made, message(kafka_rig), 3)
    made.close()
    assert "refuses the login" in error.reason
    assert "Authentication failed: Invalid username or password" in error.reason


def test_certificates_that_are_none_are_refused(kafka_rig: KafkaRig, addresses: Addresses) -> None:
    made = kafka.client(Broker("b", "kafka", f"kafkas://{kafka_rig.servers}", ca="nonsense"), addresses)
    assert failure(made, message(kafka_rig)).fault == "refused"


@pytest.mark.parametrize(
    ("broker", "settings"),
    [
        (
            {"url": "kafka://a,[::1]:9"},
            {"bootstrap.servers": "a:9092,[::1]:9", "security.protocol": "PLAINTEXT"},
        ),
        ({"url": "kafkas://a", "ca": "PEM"}, {"security.protocol": "SSL", "ssl.ca.pem": "PEM"}),
        (
            {"url": "kafkas://a?sasl=SCRAM-SHA-512", "username": "u", "password": PASSWORD},
            {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.password": PASSWORD},
        ),
        (
            {"url": "kafka://a", "username": "u"},
            {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "u"},
        ),
        ({"url": "kafkas://a", "verify_ssl": False}, {"enable.ssl.certificate.verification": False}),
    ],
)
def test_a_connection_is_said_in_librdkafkas_words(broker: dict[str, Any], settings: dict[str, Any]) -> None:
    assert settings.items() <= reaching(Broker("b", "kafka", **broker)).items()
