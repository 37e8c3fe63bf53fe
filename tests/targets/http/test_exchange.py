"""HTTP exchanges with real receivers on loopback, good ones and bad ones: what comes back, how connections
are kept, and which sockets are opened.
"""

import socket
import time
from collections.abc import Sequence

import pycurl
import pytest

from hub.errors import DeliveryError
from hub.rules.targets import Target
from hub.targets.addresses import Addresses
from hub.targets.http.answer import KEEP_BODY_BYTES, READ_BODY_BYTES
from hub.targets.http.exchange import CONNECTIONS_PER_HANDLE, Handle
from hub.targets.http.pool import HandlePool
from hub.targets.http.sites import IDLE_S
from hub.targets.http.transport import HttpTransport
from hub.targets.outbound import Outbound
from hub.targets.resolver import Resolver
from tests.rigs import jobs
from tests.rigs.doors import CONNECT_S, HEAD, LOOPBACK, Names, failure, hasty, post
from tests.rigs.ports import free_port, nowhere
from tests.rigs.receivers import (
    OK,
    Receiver,
    Script,
    Wire,
    bad_gzip,
    close_silently,
    cut_chunk,
    drip,
    early_hints,
    endless,
    hang,
    http_0_9,
    huge_headers,
    raw,
    reset,
    too_long_length,
    two_lengths,
)
from tests.rigs.receivers import Answer as ReceiverAnswer
from tests.rigs.waiting import DEADLINE_S

CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


# What comes back


def test_the_answer_tells_status_headers_body_peer_and_time(outbound: Outbound, receiver: Receiver) -> None:
    receiver.answer = (201, {"X-One": "1", "X-Wörter": "grün"}, b"thanks")
    receipt = outbound.send(post(receiver.url))
    assert (receipt.answer.status, receipt.answer.body, receipt.phase, receipt.peer, receipt.note) == (
        201,
        b"thanks",
        "body",
        "127.0.0.1",
        None,
    )
    assert receipt.answer.headers == [("X-One", "1"), ("X-Wörter", "grün"), ("Content-Length", "6")]
    assert 0 < receipt.duration_s < DEADLINE_S


def test_a_body_is_kept_to_8_kib_and_read_on_for_keep_alives_sake(
    outbound: Outbound, receiver: Receiver
) -> None:
    receiver.answer = (200, {}, b"a" * READ_BODY_BYTES)
    for _ in range(2):
        receipt = outbound.send(post(receiver.url))
        assert (receipt.answer.body, receipt.note) == (b"a" * KEEP_BODY_BYTES, None)
    assert receiver.connections == 1


@pytest.mark.parametrize(
    ("reply", "status", "note"),
    [
        (early_hints(), 200, None),
        (early_hints(16), 200, None),
        (raw(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 P\r\n\r\n", OK), 200, None),
        (bad_gzip(), 200, None),
        (
            raw(
                HEAD
                + b"Content-Encoding: br, gzip, gzip, gzip, gzip, gzip, gzip\r\nContent-Length: 1\r\n\r\n?"
            ),
            200,
            None,
        ),
        (cut_chunk(), 200, "incomplete"),
        (raw(CHUNKED + b"zz\r\nabc\r\n"), 200, "incomplete"),
        (too_long_length(), 200, "incomplete"),
        (reset(HEAD + b"Content-Length: 9\r\n\r\nabc"), 200, "incomplete"),
        (raw(HEAD + b"Content-Length: 1\r\n\r\nabc"), 200, None),
        (endless(b"x" * 65536, after=HEAD + b"\r\n"), 200, "cut after 64 KiB"),
        (endless(b"1000\r\n" + b"x" * 4096 + b"\r\n", after=CHUNKED), 200, "cut after 64 KiB"),
        (raw(CHUNKED + b"1\r\na\r\n0\r\n" + b"T: x\r\n" * 20_000 + b"\r\n"), 200, "incomplete"),
        (
            endless(b"x" * 20, after=HEAD + b"Content-Length: 99999\r\n\r\n", every_s=0.05),
            200,
            "not finished within 1 s",
        ),
        (hang(HEAD + b"Content-Length: 5\r\n\r\n"), 200, "not finished within 1 s"),
        (raw(b"HTTP/1.1 204 No Content\r\n\r\nbody?"), 204, None),
        (raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), 304, None),
        (raw(b"HTTP/1.0 200 OK\r\n\r\nhello"), 200, None),
        (raw(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), 200, None),
        (raw(b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"), 200, None),
        (raw(HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab"), 200, None),
        (raw(b"HTTP/1.1 500 Oops\r\nContent-Length: 50\r\n\r\nshort"), 500, "incomplete"),
        (raw(b"HTTP/1.1 999 Huh\r\nContent-Length: 0\r\n\r\n"), 999, None),
        (huge_headers(101, 10), 200, None),
    ],
)
def test_the_final_status_line_and_headers_decide_whatever_befalls_the_body(
    outbound: Outbound, receiver: Receiver, reply: ReceiverAnswer, status: int, note: str | None
) -> None:
    receiver.answer = reply
    receipt = outbound.send((hasty if note and "within" in note else post)(receiver.url))
    assert receipt.answer.status == status
    assert len(receipt.answer.body) <= KEEP_BODY_BYTES
    assert receipt.note is None if note is None else note in str(receipt.note)


def test_101_is_an_answer_that_switches_nothing(outbound: Outbound, receiver: Receiver) -> None:
    receiver.answer = raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    assert outbound.send(post(receiver.url)).answer.status == 101


@pytest.mark.parametrize(
    ("reply", "phase", "words"),
    [
        (hang(), "sent", "no answer within 1 s"),
        (hang(b"HTTP/1.1 2"), "sent", "no answer within 1 s"),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n", every_s=0.2), "sent", "no answer within 1 s"),
        (hang(HEAD), "head", "headers were not complete within 1 s"),
        (drip(b"X-Slow: " + b"a" * 100, after=HEAD), "head", "headers were not complete within 1 s"),
        (endless(b"X-A: b\r\n", after=HEAD, every_s=0.02), "head", "headers were not complete within 1 s"),
        (
            endless(b"HTTP/1.1 100 Continue\r\n\r\n", every_s=0.2),
            "head",
            "headers were not complete within 1 s",
        ),
        (endless(b"HTTP/1.1 100 Continue\r\n\r\n"), "head", "interim"),
        (early_hints(17), "head", "interim"),
        (huge_headers(), "head", "64 KiB of headers"),
        (huge_headers(1, 70_000), "head", "64 KiB of headers"),
        (huge_headers(1, 200_000), "head", "larger than allowed"),
        (reset(), "sent", "cut the connection"),
        (reset(HEAD), "head", "cut the connection"),
        (close_silently(), "sent", "closed the connection without an answer"),
        (raw(HEAD + b"X-A: b\r\n"), "head", "ended before its headers did"),
        (two_lengths(), "head", "Content-Length"),
        (raw(HEAD + b"Content-Length: -1\r\n\r\n"), "head", "Content-Length"),
        (raw(HEAD + b"Content-Length: abc\r\n\r\n"), "head", "Content-Length"),
        (raw(HEAD + b"no colon here\r\n\r\n"), "head", "colon"),
        (raw(HEAD + b"X-Nul: a\0b\r\n\r\n"), "head", "NUL"),
        (raw(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), "head", "Transfer-Encoding"),
        (http_0_9(), "head", "not HTTP/1.1"),
        (raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "head", "not HTTP/1.1"),
        (raw(b"HTTP/3.7 200 OK\r\n\r\n"), "head", "not HTTP/1.1"),
        (raw(b"HTTP/2 200 OK\r\n\r\n"), "head", "HTTP/2"),
        (raw(b"HTTP/1.1 20 OK\r\n\r\n"), "head", "not HTTP/1.1"),
        (raw(b"HTTP/1.1 2000 OK\r\n\r\n"), "head", "not HTTP/1.1"),
        (raw(b"HTTP/1.1 -200 OK\r\n\r\n"), "head", "not HTTP/1.1"),
    ],
)
def test_a_bad_receiver_is_a_failure_in_its_phase_and_ends_in_time(
    outbound: Outbound, receiver: Receiver, reply: ReceiverAnswer, phase: str, words: str
) -> None:
    receiver.answer = reply
    error = failure(outbound, (hasty if "within" in words else post)(receiver.url))
    assert (error.phase, error.fault, error.was_sent, error.peer) == (phase, "receiver", True, "127.0.0.1")
    assert words in error.reason
    # The next request to a receiver that came to its senses finds nothing left over.
    receiver.answer = (200, {}, b"fine")
    assert outbound.send(post(receiver.url)).answer.body == b"fine"


def test_a_receiver_that_never_reads_ends_at_the_total_deadline(outbound: Outbound) -> None:
    with Receiver(on_connect=Wire.pause) as deaf:
        error = failure(outbound, hasty(deaf.url, body=b"x" * 20_000_000))
    assert (error.phase, error.was_sent) == ("sent", True)


def test_a_closed_port_is_a_refused_connection(outbound: Outbound) -> None:
    error = failure(outbound, post(nowhere()))
    assert (error.reason, error.phase, error.fault, error.was_sent) == (
        "connection refused",
        "connect",
        "receiver",
        False,
    )


def test_a_port_that_swallows_connections_ends_at_the_connect_deadline(outbound: Outbound) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # Linux drops further SYNs once the queue is full: a black hole on loopback.
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        started = time.monotonic()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        error = failure(outbound, hasty(url, total_timeout_s=DEADLINE_S))
        assert time.monotonic() - started > CONNECT_S * 0.9
        for filler in fillers:
            filler.close()
    assert (error.phase, error.reason, error.was_sent) == ("connect", "no connection within 0.5 s", False)


def test_a_network_that_leads_nowhere_is_the_hubs_fault(receiver: Receiver) -> None:
    """A broadcast address: the system refuses to connect to it as it does where it knows no route."""
    closed = free_port()
    for answers, fault in (
        (["127.255.255.255"], "hub"),
        (["127.255.255.255", "127.0.0.1"], "receiver"),
        (["127.0.0.1", "127.255.255.255"], "receiver"),
    ):
        door = Outbound(allow=LOOPBACK, resolve=Names(answers))
        error = failure(door, post(f"http://hooks.example.com:{closed}/"))
        assert (error.phase, error.fault, error.was_sent) == ("connect", fault, False), answers
        door.close()
    door = Outbound(allow=LOOPBACK, resolve=Names(["127.255.255.255", "127.0.0.1"]))
    assert door.send(post(receiver.url_as("hooks.example.com"))).peer == "127.0.0.1"
    door.close()


# Keep-alive


def test_a_connection_is_used_again(outbound: Outbound, receiver: Receiver, names: Names) -> None:
    for _ in range(5):
        outbound.send(post(receiver.url_as("hooks.example.com")))
    assert (receiver.connections, len(receiver.requests), names.asked) == (1, 5, ["hooks.example.com"])


def test_a_few_origins_share_a_handle_without_losing_their_connections(outbound: Outbound) -> None:
    receivers = [Receiver() for _ in range(CONNECTIONS_PER_HANDLE)]
    for one in receivers:
        one.__enter__()
    for _ in range(3):
        for one in receivers:
            outbound.send(post(one.url))
    for one in receivers:
        one.close()
    assert [one.connections for one in receivers] == [1] * CONNECTIONS_PER_HANDLE


def test_a_connection_that_the_receiver_closed_meanwhile_is_replaced_unseen(
    outbound: Outbound, receiver: Receiver
) -> None:
    outbound.send(post(receiver.url))
    receiver.drop_connections()
    assert outbound.send(post(receiver.url)).answer.status == 200
    assert (receiver.connections, len(receiver.requests)) == (2, 2)


@pytest.mark.parametrize("parting", [close_silently(), reset()], ids=["FIN", "RST"])
def test_a_kept_connection_that_dies_under_the_request_is_replaced_within_the_attempt(
    outbound: Outbound, receiver: Receiver, parting: Script
) -> None:
    """The race every keep-alive client has: the receiver's idle time-out and our next request cross on the
    wire.
    """
    receiver.answer = lambda request: (
        parting if request.connection == 1 and len(receiver.requests) == 2 else 200
    )
    outbound.send(post(receiver.url))
    assert outbound.send(post(receiver.url)).answer.status == 200
    assert [got.connection for got in receiver.requests] == [1, 1, 2]


def test_a_request_that_may_have_arrived_on_a_stale_connection_counts_as_sent(
    outbound: Outbound, receiver: Receiver
) -> None:
    outbound.send(post(receiver.url))
    receiver.stop_listening()
    receiver.answer = close_silently()
    error = failure(outbound, post(receiver.url))
    assert (error.phase, error.was_sent, len(receiver.requests)) == ("connect", True, 2)


def test_a_fresh_connection_that_dies_is_not_tried_twice(outbound: Outbound, receiver: Receiver) -> None:
    receiver.answer = close_silently()
    failure(outbound, post(receiver.url))
    assert len(receiver.requests) == 1


# Sockets


class Gullible(Addresses):
    """Finds nothing wrong with any address."""

    def judged(self, target: Target, found: list[str]) -> Sequence[str]:
        return found


def test_the_socket_guard_refuses_what_slipped_through_all_checks_before(receiver: Receiver) -> None:
    http = HttpTransport(Gullible((), Resolver(Names(["127.0.0.1"]))), lambda: Handle("", ()))
    request = post(receiver.url_as("hooks.example.com"))
    loop = http.loop("sender-test", lambda: None)
    for send in (http.send, lambda request: jobs.send(loop, request)):
        with pytest.raises(DeliveryError) as raised:
            send(request)
        error = raised.value
        assert (error.fault, error.phase, error.was_sent) == ("refused", "connect", False)
    assert receiver.connections == 0
    http.close()


def test_the_socket_guard_opens_no_allowed_address_that_was_not_judged_for_this_attempt() -> None:
    handle = Handle("", LOOPBACK)
    handle._site = handle.sites.pin(("hooks.example.com", 80), ["127.0.0.2"], 0)
    for address, opens in (("127.0.0.2", True), ("127.0.0.1", False)):
        given = handle._open_socket(
            pycurl.SOCKTYPE_IPCXN, (socket.AF_INET, socket.SOCK_STREAM, 0, (address, 80))
        )
        assert (given != pycurl.SOCKET_BAD) == opens
    assert handle._trouble is not None
    assert handle._trouble[1] == "refused"
    handle.close()


def test_libcurl_never_resolves_a_name_itself(receiver: Receiver) -> None:
    """`localhost` needs no server to resolve; without a pin it may not lead anywhere."""
    door = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.9"]))
    error = failure(door, post(receiver.url_as("localhost")))
    assert (error.reason, error.peer) == ("connection refused", "127.0.0.9")
    assert receiver.connections == 0
    door.close()


def test_both_families_are_kept_and_the_one_that_answers_wins(receiver: Receiver) -> None:
    door = Outbound(allow=LOOPBACK, resolve=Names(["::1", "127.0.0.1"]))
    assert door.send(post(receiver.url_as("hooks.example.com"))).peer == "127.0.0.1"
    door.close()


def test_it_speaks_ipv6(outbound: Outbound) -> None:
    try:
        receiver = Receiver(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with receiver:
        assert outbound.send(post(receiver.url)).peer == "::1"
        door = Outbound(allow=LOOPBACK, resolve=Names(["::1"]))
        assert door.send(post(receiver.url_as("hooks.example.com"))).peer == "::1"
        door.close()


def test_a_name_is_asked_for_again_once_its_judged_addresses_are_old(
    receiver: Receiver, names: Names
) -> None:
    pool = HandlePool(lambda: Handle("", LOOPBACK))
    http = HttpTransport(Addresses(LOOPBACK, Resolver(names)), lambda: Handle("", LOOPBACK), pool)
    url = receiver.url_as("hooks.example.com")
    http.send(post(url))
    [handle] = pool._idle
    handle.sites.pin(("hooks.example.com", receiver.port), ["127.0.0.1"], time.monotonic() - IDLE_S - 1)
    names.answers = [["10.0.0.1"]]
    with pytest.raises(DeliveryError) as raised:
        http.send(post(url))
    assert (raised.value.fault, raised.value.phase) == ("refused", "dns")
    assert len(pool._idle) == 1
    http.close()
