"""The door: which transport it picks, and that nothing but a DeliveryError leaves it."""

import threading
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Answer, HttpParcel
from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request
from tests.rigs.doors import LOOPBACK, Names, failure, post
from tests.rigs.receivers import Receiver


class Pigeons:
    """A transport of its own: a loft takes what is carried to it, unless it is shut."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.carried: list[tuple[str, bytes]] = []
        self.is_closed = False

    def send(self, request: Request) -> Receipt:
        loft = request.url.removeprefix("pigeon://")
        if loft == "shut":
            raise DeliveryError("the loft is shut", "connect")
        if loft == "lost":
            raise LookupError("no map")
        self.carried.append((loft, request.parcel.body))
        return Receipt(Answer(None, "cooed"), "body", None, 0.01)

    def close(self) -> None:
        self.is_closed = True


def test_the_scheme_of_the_url_picks_the_transport(receiver: Receiver) -> None:
    made: list[Pigeons] = []

    def make(addresses: Addresses) -> Pigeons:
        made.append(Pigeons(addresses))
        return made[0]

    door = Outbound(allow=LOOPBACK, transports={"pigeon": make})
    [pigeons] = made
    assert door.send(post("pigeon://x", b"note")).answer.words == "cooed"
    assert door.send(post(receiver.url)).answer.status == 200
    assert pigeons.carried == [("x", b"note")]
    assert len(receiver.requests) == 1
    assert pigeons.addresses.allow == LOOPBACK, "the door's one judge of addresses"
    door.close()
    assert pigeons.is_closed


def test_every_transport_fails_with_the_doors_one_error() -> None:
    door = Outbound(transports={"pigeon": Pigeons})
    assert (failure(door, post("pigeon://shut")).fault, failure(door, post("pigeon://lost")).fault) == (
        "receiver",
        "hub",
    )
    door.close()


@pytest.mark.parametrize("url", ["gopher://a.example/", "a.example", "", "://", "mailto:a@x.example"])
def test_a_scheme_that_nothing_sends_to_is_refused_with_those_there_are(url: str) -> None:
    door = Outbound(transports={"pigeon": Pigeons})
    error = failure(door, post(url))
    assert (error.fault, error.phase, error.was_sent) == ("refused", "none", False)
    assert error.reason == "The URL must begin with http: or https: or broker: or pigeon:."
    door.close()


def test_many_threads_share_one_door(receiver: Receiver) -> None:
    door = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.1"]))
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                mark = f"{number}.{turn}".encode()
                receipt = door.send(post(receiver.url_as(f"host{number % 7}.example.com"), mark))
                assert receipt.answer.body == mark
        except BaseException as fault:
            faults.append(fault)

    receiver.answer = lambda request: (200, {}, request.body)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len({got.body for got in receiver.requests}) == 64 * 5
    door.close()


@pytest.mark.parametrize("allow", [(), LOOPBACK], ids=["nothing allowed", "loopback allowed"])
def test_a_refused_url_is_the_hubs_own_refusal_and_nothing_is_opened(receiver: Receiver, allow: Any) -> None:
    door = Outbound(allow=allow, resolve=Names(["127.0.0.1"]))
    refused = [
        f"http://0.0.0.0:{receiver.port}/",
        "http://2130706433/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "http://169.254.169.254/",
    ]
    for url in refused:
        error = failure(door, post(url))
        assert (error.phase, error.fault, error.was_sent, error.peer) == ("none", "refused", False, None)
    assert receiver.connections == 0
    door.close()


ODD = st.one_of(
    st.none(), st.integers(), st.text(max_size=5), st.binary(max_size=5), st.just([]), st.just(float("nan"))
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    url=st.one_of(
        st.text(max_size=20),
        st.sampled_from(["{}", "{}?{{", "http://[::1", "http://a.example/", "http://x..y/"]),
        ODD,
    ),
    headers=st.one_of(
        st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=8), ODD), max_size=3), ODD
    ),
    body=st.one_of(st.binary(max_size=20), ODD),
    method=st.one_of(st.sampled_from(["POST", "DELETE"]), st.text(max_size=5)),
    total_s=st.one_of(st.sampled_from([0.2, 0, -1, float("inf"), 1e300]), ODD),
)
def test_nothing_but_a_delivery_error_ever_escapes(
    outbound: Outbound, receiver: Receiver, url: Any, headers: Any, body: Any, method: str, total_s: Any
) -> None:
    if isinstance(url, str):
        url = url.replace("{}", receiver.url)
    request = Request(url, HttpParcel(headers, body, method), True, total_s, 0.2)
    with suppress(DeliveryError):
        assert isinstance(outbound.send(request), Receipt)
