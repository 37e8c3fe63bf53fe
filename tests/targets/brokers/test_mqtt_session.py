"""The connection of MQTT: what its thread lives through."""

import fcntl
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.targets.addresses import Addresses
from hub.targets.brokers import mqtt
from hub.targets.brokers.client import Broker, Message
from hub.targets.brokers.mqtt_session import Session
from tests.rigs.authority import Authority
from tests.rigs.brokers import MosquittoRig, failure, message
from tests.rigs.receivers import Receiver, Wire
from tests.rigs.waiting import DEADLINE_S, until

ACCEPTED = b"\x20\x06\x00\x00\x03\x21\x00\x02"
"""CONNACK with a Receive Maximum of 2."""
LONG = Message("a/b", "evt_1", "order.paid", "evt_1", {"webhook-id": "évt"}, b"{}")


def sessions() -> int:
    return sum(thread.name == "mqtt" for thread in threading.enumerate())


@contextmanager
def without_low_descriptors() -> Iterator[None]:
    """Every descriptor that is opened meanwhile is beyond what select can watch."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    taken = []
    with Path(os.devnull).open() as nothing:
        while not taken or taken[-1] < 1024:
            taken.append(fcntl.fcntl(nothing, fcntl.F_DUPFD_CLOEXEC, 0))
    try:
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_with_many_descriptors_can_publish(
    mosquitto_rig: MosquittoRig, addresses: Addresses
) -> None:
    made = mqtt.client(mosquitto_rig.broker(), addresses)
    with without_low_descriptors():
        assert made.publish(message(mosquitto_rig), DEADLINE_S)
    made.close()


def test_its_thread_ends_with_it(mosquitto_rig: MosquittoRig, addresses: Addresses) -> None:
    until(sessions, lambda count: count == 0)
    made = mqtt.client(mosquitto_rig.broker(), addresses)
    for _ in range(3):
        made.publish(message(mosquitto_rig), DEADLINE_S)
    assert sessions() == 1
    made.close()
    until(sessions, lambda count: count == 0)


def test_no_more_are_under_way_than_the_broker_wants(addresses: Addresses) -> None:
    seen = bytearray()

    def answer(wire: Wire) -> None:
        wire.sock.recv(4096)
        wire.send(ACCEPTED)
        while data := wire.sock.recv(4096):
            seen.extend(data)

    with Receiver(on_connect=answer) as server:
        made = mqtt.client(Broker("b", "mqtt", f"mqtt://127.0.0.1:{server.port}"), addresses)
        made.check(DEADLINE_S)
        threads = [threading.Thread(target=failure, args=(made, LONG, 2)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made.close()
    assert seen.count(b"a/b") == 2


def test_tls_is_spoken_and_judged(addresses: Addresses, authority: Authority) -> None:
    def answer(wire: Wire) -> None:
        with authority.context("127.0.0.1").wrap_socket(wire.sock, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(ACCEPTED)
            packet = tls.recv(4096)
            number = packet[packet.index(b"a/b") + 3 :][:2]
            tls.sendall(b"\x40\x02" + number)

    with Receiver(on_connect=answer) as server:
        url = f"mqtts://127.0.0.1:{server.port}"
        trusting = mqtt.client(Broker("b", "mqtt", url, ca=Path(authority.ca_file).read_text()), addresses)
        assert trusting.publish(LONG, DEADLINE_S) == "acknowledged: Success"
        wary = mqtt.client(Broker("b", "mqtt", url), addresses)
        assert "certificate verify failed" in failure(wary, LONG).reason
        trusting.close()


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\xff\xff\xff\xff\xff", b""])
def test_what_is_no_mqtt_ends_as_a_failure(addresses: Addresses, nonsense: bytes) -> None:
    with Receiver(on_connect=lambda wire: wire.send(nonsense)) as server:
        made = mqtt.client(Broker("b", "mqtt", f"mqtt://127.0.0.1:{server.port}"), addresses)
        error = failure(made, LONG)
    assert (error.fault, error.was_sent) == ("receiver", False)


def test_the_size_of_a_packet_is_never_told_too_small() -> None:
    assert Session.size("a/b", LONG) >= 2 + 3 + 2 + 2 + 5 + len(b"webhook-id") + len("évt".encode()) + 2
