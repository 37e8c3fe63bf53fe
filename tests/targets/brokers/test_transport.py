"""The frame around the clients: which one is used, and what is refused before any is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from connectors.base import Event, HttpParcel
from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.brokers.client import Broker, Message
from hub.targets.brokers.transport import BrokerTransport
from hub.targets.outbound import Outbound
from hub.targets.transport import Request
from tests.rigs.doors import LOOPBACK

EVENT = Event("evt_1", "order.paid", "2026-11-23T21:04:06.123Z", "SHOP", b"{}")
BROKER = Broker("queue", "nats", "nats://127.0.0.1:4222")


@dataclass
class Kept:
    """A client that keeps what it is given, as any kind of broker would."""

    broker: Broker
    messages: list[Message] = field(default_factory=list)
    is_closed: bool = False

    def publish(self, message: Message, timeout_s: float) -> str:
        self.messages.append(message)
        return f"number {len(self.messages)}"

    def check(self, timeout_s: float) -> None: ...

    def close(self) -> None:
        self.is_closed = True


class Bench:
    def __init__(self) -> None:
        self.brokers = {"queue": BROKER}
        self.clients: list[Kept] = []
        self.door = Outbound(
            allow=LOOPBACK,
            transports={"broker": lambda addresses: BrokerTransport(addresses, self.find, self.make)},
        )

    def find(self, name: str) -> Broker | None:
        return self.brokers.get(name)

    def make(self, broker: Broker, addresses: Addresses) -> Kept:
        self.clients.append(Kept(broker))
        return self.clients[-1]

    def send(self, url: str = "broker://queue/hub.SHOP", key: str = "") -> str:
        parcel = HttpParcel({"webhook-id": "evt_1"}, b"{}", "PUBLISH")
        return self.door.send(Request(url, parcel, event=EVENT, key=key)).answer.words


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    one.door.close()


def test_the_brokers_words_are_the_answer_and_one_client_serves_all_messages(bench: Bench) -> None:
    assert [bench.send(), bench.send(key="hok_1")] == ["number 1", "number 2"]
    [client] = bench.clients
    headers = {"webhook-id": "evt_1"}
    assert client.messages == [
        Message("hub.SHOP", "evt_1", "order.paid", "evt_1", headers, b"{}"),
        Message("hub.SHOP", "evt_1", "order.paid", "hok_1", headers, b"{}"),
    ]


def test_a_connection_that_has_changed_gets_another_client(bench: Bench) -> None:
    bench.send()
    bench.brokers["queue"] = replace(BROKER, username="ann")
    bench.send()
    assert [client.is_closed for client in bench.clients] == [True, False]


def test_the_door_closes_its_clients(bench: Bench) -> None:
    bench.send()
    bench.door.close()
    assert bench.clients[0].is_closed


@pytest.mark.parametrize(
    ("broker", "url", "words"),
    [
        (None, "broker://queue/hub", "no connection queue"),
        (BROKER, "broker://queue", "place is missing"),
        (replace(BROKER, projects=frozenset({"OTHER"})), "broker://queue/hub", "not for the project SHOP"),
        (replace(BROKER, url="nats://10.0.0.1:4222"), "broker://queue/hub", "10.0.0.1"),
        (replace(BROKER, url="nats://127.0.0.1:22"), "broker://queue/hub", "Port 22"),
        (replace(BROKER, url="amqp://127.0.0.1"), "broker://queue/hub", "must begin with nats"),
        (replace(BROKER, kind="pigeon"), "broker://queue/hub", "pigeon"),
    ],
)
def test_what_may_not_be_sent_is_refused_and_never_counted(
    bench: Bench, broker: Broker | None, url: str, words: str
) -> None:
    bench.brokers = {"queue": broker} if broker else {}
    with pytest.raises(DeliveryError, match=words) as caught:
        bench.send(url)
    assert caught.value.fault == "refused"
    assert bench.clients == []
