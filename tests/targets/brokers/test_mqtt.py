"""MQTT against a real mosquitto: the message as it arrives, and what each reason code costs."""

from collections.abc import Iterator

import pytest

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers import mqtt
from hub.targets.brokers.mqtt import Mqtt
from tests.rigs.brokers import MosquittoRig, failure, message
from tests.rigs.waiting import DEADLINE_S, until


@pytest.fixture
def client(mosquitto_rig: MosquittoRig, addresses: Addresses) -> Iterator[Mqtt]:
    made = mqtt.client(mosquitto_rig.broker(), addresses)
    yield made
    made.close()


def test_a_message_has_the_headers_and_its_type_in_the_topic(
    mosquitto_rig: MosquittoRig, client: Mqtt
) -> None:
    assert client.publish(message(mosquitto_rig, b"by topic"), DEADLINE_S) == "acknowledged: Success"
    found = until(lambda: [one for one in mosquitto_rig.messages if one.payload == b"by topic"])[0]
    assert (found.topic, found.qos, found.retain) == (mosquitto_rig.topic, 1, False)
    assert dict(found.properties.UserProperty) == {
        "content-type": "application/json",
        "webhook-id": "evt_1",
        "x-hub-event": "order.paid",
    }


def test_a_topic_that_may_not_be_written_is_the_hooks_fault(
    mosquitto_rig: MosquittoRig, client: Mqtt
) -> None:
    error = failure(client, message(mosquitto_rig, place="elsewhere"))
    assert (error.fault, error.blames_event) == ("receiver", False)
    assert "says: Not authorized" in error.reason


def test_one_that_is_too_large_blames_its_event_alone(mosquitto_rig: MosquittoRig, client: Mqtt) -> None:
    room = mosquitto_rig.packet_max
    error = failure(client, message(mosquitto_rig, b"x" * room))
    assert (error.fault, error.blames_event) == ("receiver", True)
    assert f"packets of {room} bytes" in error.reason
    assert client.publish(message(mosquitto_rig, b"x" * (room - 200)), DEADLINE_S)


@pytest.mark.parametrize("changes", [{"password": "wrong-one"}, {"username": None, "password": None}])
def test_a_wrong_login_is_told_in_the_brokers_words(
    mosquitto_rig: MosquittoRig, addresses: Addresses, changes: dict[str, str | None]
) -> None:
    made = mqtt.client(mosquitto_rig.broker(**changes), addresses)
    assert "refuses the login: Not authorized" in failure(made, message(mosquitto_rig)).reason
    with pytest.raises(DeliveryError, match="refuses the login"):
        made.check(DEADLINE_S)
