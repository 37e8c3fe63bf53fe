"""What holds for every kind of broker, against the real server of each.

A kind joins by a rig in `tests/rigs/` and a fixture `KIND_rig` beside this file.
"""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.base import Event, HttpParcel
from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers import kinds
from hub.targets.brokers.client import Broker, Client
from hub.targets.brokers.transport import BrokerTransport
from hub.targets.transport import Request
from tests.rigs.brokers import PASSWORD, Rig, failure, message
from tests.rigs.waiting import DEADLINE_S, until

KINDS = ["redis", "mosquitto", "kafka", "sqs", "rabbit", "nats"]
TIMEOUT_S = 1.0
"""Of an attempt that is waited for in vain."""
LATE_S = 10.0
"""So much later a thread may be free again, on a busy machine."""


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest) -> Rig:
    found: Rig = request.getfixturevalue(f"{request.param}_rig")
    return found


@pytest.fixture
def client(rig: Rig, addresses: Addresses) -> Iterator[Client]:
    made = kinds.make(rig.broker(), addresses)
    yield made
    made.close()


def test_what_is_delivered_is_on_the_broker_byte_for_byte(rig: Rig, client: Client) -> None:
    body = '{"é": "€", "n": 1.10}'.encode()
    assert client.publish(message(rig, body), DEADLINE_S)
    assert body in until(rig.bodies, lambda bodies: body in bodies)


def test_many_threads_publish_at_once_and_each_message_arrives_once(rig: Rig, client: Client) -> None:
    bodies = [f'{{"many": {number}}}'.encode() for number in range(200)]
    with ThreadPoolExecutor(20) as threads:
        words = list(threads.map(lambda body: client.publish(message(rig, body), DEADLINE_S), bodies))
    assert all(words)
    found = until(lambda: [one for one in rig.bodies() if b"many" in one], lambda some: len(some) >= 200)
    assert sorted(found) == sorted(bodies)


def test_a_broker_that_is_stopped_is_a_failure_in_time_until_it_is_back(rig: Rig, client: Client) -> None:
    assert client.publish(message(rig), DEADLINE_S)
    rig.stop()
    for _ in range(2):
        check_late(client, rig)
    with pytest.raises(DeliveryError):
        client.check(TIMEOUT_S)
    rig.start()
    assert until(lambda: works(client, rig))
    assert b'{"back": 1}' in until(rig.bodies, lambda bodies: b'{"back": 1}' in bodies)


def test_a_broker_that_says_nothing_frees_every_thread_in_time(rig: Rig, client: Client) -> None:
    assert client.publish(message(rig), DEADLINE_S)
    rig.freeze()
    try:
        with ThreadPoolExecutor(5) as threads:
            for checked in [threads.submit(check_late, client, rig) for _ in range(5)]:
                checked.result()
    finally:
        rig.thaw()
    assert until(lambda: works(client, rig))


def test_a_hundred_hooks_share_one_client(rig: Rig, addresses: Addresses) -> None:
    made: list[Client] = []

    def make(broker: Broker, judge: Addresses) -> Client:
        made.append(kinds.make(broker, judge))
        return made[-1]

    transport = BrokerTransport(addresses, lambda name: rig.broker(), make)
    parcel = HttpParcel({"webhook-id": "evt_1"}, b'{"hooks": 1}')
    event = Event("evt_1", "order.paid", "2026-11-23T21:04:06.123Z", "SHOP", b"{}")
    one = Request(f"broker://queue/{rig.place}", parcel, True, DEADLINE_S, DEADLINE_S, event)
    transport.send(one)  # of several first ones each makes a client, and all but one are dropped unconnected
    with ThreadPoolExecutor(10) as threads:
        receipts = list(threads.map(transport.send, [one] * 100))
    transport.close()
    assert {receipt.answer.status for receipt in receipts} == {None}
    assert len(made) == 1


def test_a_password_is_in_no_error_and_no_log(
    rig: Rig, addresses: Addresses, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert PASSWORD not in repr(rig.broker())
    right = kinds.make(rig.broker(), addresses)
    right.publish(message(rig), DEADLINE_S)
    right.close()
    wrong = kinds.make(rig.broker(password=f"not-{PASSWORD}"), addresses)
    error = failure(wrong, message(rig), 3)
    wrong.close()
    assert (error.fault, error.was_sent) == ("receiver", False)
    assert PASSWORD not in f"{error!r} {error.reason} {caplog.text}"


def test_a_check_logs_in_and_sends_nothing(rig: Rig, client: Client, addresses: Addresses) -> None:
    before = len(rig.bodies())
    client.check(DEADLINE_S)
    assert len(rig.bodies()) == before
    wrong = kinds.make(rig.broker(password="wrong-one"), addresses)
    with pytest.raises(DeliveryError):
        wrong.check(1)
    wrong.close()


def check_late(client: Client, rig: Rig) -> None:
    """Failed, in time, and the target is to blame."""
    began = time.monotonic()
    error = failure(client, message(rig), TIMEOUT_S)
    assert time.monotonic() - began < TIMEOUT_S + LATE_S
    assert (error.fault, error.blames_event) == ("receiver", False)


def works(client: Client, rig: Rig) -> bool:
    """The very client that failed; some need a moment to see that the broker is back."""
    try:
        return bool(client.publish(message(rig, b'{"back": 1}'), 5))
    except DeliveryError:
        return False
