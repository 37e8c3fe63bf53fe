"""Addresses: what a name leads to is judged before anything is connected to it."""

import socket
import threading
import time
from ipaddress import ip_network

import pytest

from hub.errors import DeliveryError
from hub.targets.addresses import Addresses
from hub.targets.http.exchange import Handle
from hub.targets.http.pool import HandlePool
from hub.targets.http.transport import HttpTransport
from hub.targets.outbound import Outbound
from hub.targets.resolver import Resolver
from tests.rigs.doors import CONNECT_S, LOOPBACK, Names, failure, hasty, post
from tests.rigs.ports import free_port
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["93.184.216.34", "::1"],
        ["64:ff9b::a9fe:a9fe"],
    ],
)
def test_one_bad_answer_refuses_a_name_before_any_connection(receiver: Receiver, answers: list[str]) -> None:
    door = Outbound(resolve=Names(answers))
    error = failure(door, post(receiver.url_as("hooks.example.com")))
    assert (error.phase, error.fault, error.was_sent, error.peer) == ("dns", "refused", False, None)
    assert receiver.connections == 0
    door.close()


def test_localhost_is_reached_where_one_of_its_two_addresses_is_allowed(receiver: Receiver) -> None:
    """Most machines answer ::1 and 127.0.0.1 for it; who allows 127.0.0.0/8 means it."""
    door = Outbound(allow=[ip_network("127.0.0.0/8")], resolve=Names(["::1", "127.0.0.1"]))
    assert door.send(post(receiver.url_as("localhost"))).peer == "127.0.0.1"
    assert failure(door, post(receiver.url_as("localhost.example"))).fault == "refused"
    door.close()


def test_a_refusal_reads_the_same_whether_somebody_listens_or_not(receiver: Receiver) -> None:
    door = Outbound(resolve=Names(["127.0.0.1"]))
    closed = f"http://hooks.example.com:{free_port()}/hook"
    texts = {failure(door, post(url)).reason for url in (receiver.url_as("hooks.example.com"), closed)}
    assert len(texts) == 1
    door.close()


def test_a_name_that_changes_its_answer_after_the_check_leads_nowhere_else(receiver: Receiver) -> None:
    """Rebinding: one resolution for each new connection, and the socket goes to the address that was
    judged.
    """
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    allow = [ip_network("127.0.0.2")]
    pool = HandlePool(lambda: Handle("", allow))
    http = HttpTransport(Addresses(allow, Resolver(names)), lambda: Handle("", allow), pool)
    with pytest.raises(DeliveryError) as first:
        http.send(post(receiver.url_as("hooks.example.com")))
    assert (first.value.reason, first.value.peer) == ("connection refused", "127.0.0.2")
    assert names.asked == ["hooks.example.com"]
    pool.close()
    with pytest.raises(DeliveryError) as second:
        http.send(post(receiver.url_as("hooks.example.com")))
    assert second.value.fault == "refused"
    assert (receiver.connections, len(names.asked)) == (0, 2)
    http.close()


@pytest.mark.parametrize(
    "name", ["hooks.example.com", "Hooks.Example.COM", "hooks.example.com.", "n8n", "localhost"]
)
def test_names_are_pinned_however_they_are_written(outbound: Outbound, receiver: Receiver, name: str) -> None:
    assert outbound.send(post(receiver.url_as(name))).peer == "127.0.0.1"


def test_a_name_that_does_not_exist_is_the_receivers_failure() -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    door = Outbound(resolve=lookup)
    error = failure(door, post("https://gone.example.com/"))
    assert (error.phase, error.fault, error.was_sent) == ("dns", "receiver", False)
    assert "gone.example.com" in error.reason
    door.close()


def test_the_systems_resolver_is_the_default() -> None:
    door = Outbound(allow=LOOPBACK)
    with Receiver() as receiver:
        assert door.send(post(receiver.url_as("localhost"))).answer.status == 200
    door.close()


def test_a_name_server_that_hangs_ends_at_the_connect_deadline_and_disturbs_nobody(
    receiver: Receiver,
) -> None:
    release = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        if host.startswith("slow"):
            release.wait(DEADLINE_S)
        return ["127.0.0.1"]

    door = Outbound(allow=LOOPBACK, resolve=lookup)
    started = time.monotonic()
    error = failure(door, hasty("http://slow.example.com/", total_timeout_s=DEADLINE_S))
    assert time.monotonic() - started > CONNECT_S * 0.9
    assert (error.phase, error.fault, error.reason) == (
        "dns",
        "hub",
        "the hub's name server gave no address for slow.example.com within 0.5 s",
    )
    assert door.send(post(receiver.url_as("quick.example.com"))).answer.status == 200
    release.set()
    door.close()


@pytest.mark.parametrize("host", ["[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]"])
def test_an_ipv4_address_in_ipv6_dress_is_connected_to_as_what_it_is(
    receiver: Receiver, outbound: Outbound, host: str
) -> None:
    receipt = outbound.send(post(receiver.url_as(host).replace("/hook", "/a%2fb?c=%41")))
    assert (receipt.answer.status, receipt.peer) == (200, "127.0.0.1")
    assert receiver.requests[0].path == "/a%2fb?c=%41"


def test_a_name_that_leads_to_one_is_connected_to_alike(receiver: Receiver) -> None:
    door = Outbound(allow=LOOPBACK, resolve=Names(["::ffff:127.0.0.1"]))
    assert door.send(post(receiver.url_as("hooks.example.com"))).peer == "127.0.0.1"
    door.close()


def test_one_that_is_not_allowed_is_refused_as_the_ipv4_address_is(receiver: Receiver) -> None:
    door = Outbound()
    reasons = {failure(door, post(receiver.url_as(h))).reason for h in ("[::ffff:127.0.0.1]", "127.0.0.1")}
    assert len(reasons) == 1
    door.close()


def test_a_port_that_the_operator_names_is_tried() -> None:
    url = "http://127.0.0.1:1/"
    for ports, fault in (((), "refused"), ((1,), "receiver")):
        door = Outbound(allow=[ip_network("127.0.0.0/8")], ports=ports)
        assert failure(door, post(url)).fault == fault
        door.close()
