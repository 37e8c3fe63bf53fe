"""Redis streams against a real Redis: the entry as it lies there, and what each answer costs."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers import redis_streams
from hub.targets.brokers.client import Broker, Message
from hub.targets.brokers.redis_streams import READ_MAX, RedisStreams
from hub.targets.resolver import Resolver
from tests.rigs.authority import Authority
from tests.rigs.brokers import RedisRig, failure, message
from tests.rigs.receivers import Receiver, Wire
from tests.rigs.waiting import DEADLINE_S

SAMPLE = Message("events", "evt_1", "order.paid", "evt_1", {"webhook-id": "evt_1"}, b"{}")


@pytest.fixture
def client(redis_rig: RedisRig, addresses: Addresses) -> Iterator[RedisStreams]:
    made = redis_streams.client(redis_rig.broker(), addresses)
    yield made
    made.close()


def test_an_entry_has_the_headers_and_the_body(redis_rig: RedisRig, client: RedisStreams) -> None:
    words = client.publish(message(redis_rig, "é{}".encode()), DEADLINE_S)
    with redis_rig.own() as own:
        [(number, fields)] = own.xrevrange(redis_rig.place, count=1)
    assert words == f"entry {number.decode()}"
    assert fields == {
        b"content-type": b"application/json",
        b"webhook-id": b"evt_1",
        b"x-hub-event": b"order.paid",
        b"body": "é{}".encode(),
    }


def test_a_stream_is_cut_where_the_connection_says_so(redis_rig: RedisRig, addresses: Addresses) -> None:
    made = redis_streams.client(redis_rig.broker(url=f"{redis_rig.broker().url}?maxlen=100"), addresses)
    for _ in range(400):
        made.publish(message(redis_rig, place="short"), DEADLINE_S)
    made.close()
    with redis_rig.own() as own:
        assert 100 <= own.xlen("short") < 400


def test_what_is_no_stream_is_the_hooks_fault_in_redis_words(
    redis_rig: RedisRig, client: RedisStreams
) -> None:
    with redis_rig.own() as own:
        own.set("text", "x")
    error = failure(client, message(redis_rig, place="text"))
    assert (error.fault, error.blames_event) == ("receiver", False)
    assert "WRONGTYPE Operation against a key holding the wrong kind of value" in error.reason


def test_a_full_redis_is_a_failure_until_it_has_room(redis_rig: RedisRig, client: RedisStreams) -> None:
    with redis_rig.own() as own:
        own.config_set("maxmemory", "1")
        error = failure(client, message(redis_rig))
        own.config_set("maxmemory", "0")
    assert (error.fault, error.blames_event) == ("receiver", False)
    assert "used memory > 'maxmemory'" in error.reason
    assert client.publish(message(redis_rig), DEADLINE_S)


def test_one_that_is_too_large_blames_its_event_alone(redis_rig: RedisRig, client: RedisStreams) -> None:
    error = failure(client, message(redis_rig, b"x" * 2_000_000))
    assert (error.fault, error.blames_event) == ("receiver", True)
    assert client.publish(message(redis_rig), DEADLINE_S)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": None}, "Authentication required"),
        ({"username": "nobody"}, "invalid username-password pair"),
        ({"password": "wrong-one"}, "invalid username-password pair"),
    ],
)
def test_a_wrong_login_is_told_in_redis_words(
    redis_rig: RedisRig, addresses: Addresses, changes: dict[str, str | None], words: str
) -> None:
    made = redis_streams.client(redis_rig.broker(**changes), addresses)
    error = failure(made, message(redis_rig))
    assert "refuses the login" in error.reason
    assert words in error.reason
    with pytest.raises(DeliveryError, match="refuses the login"):
        made.check(DEADLINE_S)


def test_an_address_that_may_not_be_reached_is_refused(redis_rig: RedisRig) -> None:
    made = redis_streams.client(redis_rig.broker(), Addresses((), Resolver()))
    assert failure(made, message(redis_rig)).fault == "refused"


def test_a_redis_that_says_too_much_is_cut_off(addresses: Addresses) -> None:
    with Receiver(on_connect=lambda wire: wire.send(b"$100000000\r\n" + b"x" * 2 * READ_MAX)) as server:
        made = redis_streams.client(Broker("b", "redis", f"redis://127.0.0.1:{server.port}"), addresses)
        error = failure(made, SAMPLE)
    assert error.fault == "receiver"


def test_a_redis_that_drips_ends_with_the_deadline_of_the_call(addresses: Addresses) -> None:
    def answer_slowly(wire: Wire) -> None:
        wire.sock.recv(1)  # a connection with something to read is not taken at all
        wire.drip(b"$100000\r\n" + b"x" * 100_000)

    with Receiver(on_connect=answer_slowly) as server:
        made = redis_streams.client(Broker("b", "redis", f"redis://127.0.0.1:{server.port}"), addresses)
        began = time.monotonic()
        error = failure(made, SAMPLE, 2)
    assert time.monotonic() - began < DEADLINE_S, "it drips for an hour"
    assert "no answer" in error.reason
    assert error.was_sent


def test_tls_is_spoken_and_judged(addresses: Addresses, authority: Authority) -> None:
    """The server is no Redis: it answers in Redis's words to whatever comes."""
    ca = Path(authority.ca_file).read_text()

    def answer(wire: Wire) -> None:
        with authority.context("127.0.0.1").wrap_socket(wire.sock, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(b"$3\r\n1-1\r\n")

    with Receiver(on_connect=answer) as server:
        url = f"rediss://127.0.0.1:{server.port}"
        trusting = redis_streams.client(Broker("b", "redis", url, ca=ca), addresses)
        assert trusting.publish(SAMPLE, DEADLINE_S) == "entry 1-1"
        heedless = redis_streams.client(Broker("b", "redis", url, verify_ssl=False), addresses)
        assert heedless.publish(SAMPLE, DEADLINE_S) == "entry 1-1"
        wary = redis_streams.client(Broker("b", "redis", url), addresses)
        assert "certificate verify failed" in failure(wary, SAMPLE).reason
        for made in (trusting, heedless, wary):
            made.close()


def test_a_certificate_that_is_none_is_refused(addresses: Addresses) -> None:
    with Receiver() as server:
        url = f"rediss://127.0.0.1:{server.port}"
        made = redis_streams.client(Broker("b", "redis", url, ca="-----BEGIN CERTIFICATE-----"), addresses)
        assert failure(made, SAMPLE).fault == "refused"
