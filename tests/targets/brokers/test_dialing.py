import pytest

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker
from hub.targets.brokers.dialing import WORDS_MAX, Deadline, dialed, host_and_port, is_tls, said
from hub.targets.resolver import Resolver
from tests.rigs.doors import LOOPBACK, Names
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S

BROKER = Broker("b", "redis", "rediss://[::1]:6380/2", password="s3cret")


def at(port: int) -> Broker:
    return Broker("b", "redis", f"redis://broker.example:{port}")


def test_where_a_broker_is_and_whether_by_tls() -> None:
    assert host_and_port(BROKER) == ("::1", 6380)
    assert is_tls(BROKER)
    assert not is_tls(Broker("b", "mqtt", "MQTT://host"))


def test_words_are_one_line_bounded_and_without_the_password() -> None:
    assert said("no\nuser me:s3cret@host\x00", BROKER) == "no user me:***@host"
    assert len(said("x" * 5000, BROKER)) == WORDS_MAX


def test_a_deadline_that_is_over_says_so() -> None:
    assert 0 < Deadline(DEADLINE_S).left_s() <= DEADLINE_S
    with pytest.raises(TimeoutError, match="not through within 0 s"):
        Deadline(0).left_s()


def test_a_name_is_dialed_at_the_addresses_that_were_judged() -> None:
    with Receiver() as server:
        judge = Addresses(LOOPBACK, Resolver(Names(["127.0.0.1"])))
        dialed(at(server.port), judge, Deadline(DEADLINE_S)).close()
        strict = Addresses((), Resolver(Names(["127.0.0.1"])))
        with pytest.raises(DeliveryError) as caught:
            dialed(at(server.port), strict, Deadline(DEADLINE_S))
    assert caught.value.fault == "refused"


def test_the_next_address_is_tried_where_one_refuses() -> None:
    with Receiver() as server:
        judge = Addresses(LOOPBACK, Resolver(Names(["127.0.0.2", "127.0.0.1"])))
        opened = dialed(at(server.port), judge, Deadline(DEADLINE_S))
        assert opened.getpeername()[0] == "127.0.0.1"
        opened.close()
