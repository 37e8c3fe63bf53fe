"""The one door to the network, against real receivers on loopback: good ones, bad ones, and names that
lie.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pycurl
import pytest
from hub.targets.http.resolver import Resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hub.targets.outbound
from hub.errors import DeliveryError
from hub.targets.http.answer import KEEP_BODY_BYTES, READ_BODY_BYTES, Answer
from hub.targets.http.exchange import CONNECTIONS_PER_HANDLE, IDLE_S, Handle
from hub.targets.outbound import Outbound, Request, Response
from tests.rigs.receivers import (
    OK,
    Authority,
    Received,
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
from tests.rigs.receivers import (
    Answer as ReceiverAnswer,
)

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
TOTAL_S = 0.4
CONNECT_S = 0.25
SLACK_S = 0.6
"""What a deadline may be late by on a busy machine."""
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


class Names:
    """A resolver for tests: answers as told, and counts."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@pytest.fixture
def names() -> Names:
    return Names(["127.0.0.1"])


@pytest.fixture
def outbound(names: Names) -> Iterator[Outbound]:
    door = Outbound(allow=LOOPBACK, resolve=names)
    yield door
    door.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


def post(url: str, body: bytes = b'{"a": 1}', **changes: Any) -> Request:
    return Request(
        url,
        {"Content-Type": "application/json"},
        body,
        **{"total_timeout_s": 5, "connect_timeout_s": 2} | changes,
    )


def hasty(url: str, **changes: Any) -> Request:
    return post(url, **{"total_timeout_s": TOTAL_S, "connect_timeout_s": CONNECT_S} | changes)


def failure(outbound: Outbound, request: Request) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        outbound.send(request)
    return raised.value


# What is sent


def test_it_sends_the_request_byte_for_byte_and_nothing_of_its_own(
    outbound: Outbound, receiver: Receiver
) -> None:
    headers = {"Content-Type": "application/json", "X-Name": "Zoë", "X-Empty": "", "x-lower": " a "}
    answer = outbound.send(Request(f"{receiver.url}/../a%2fb?q=%0d%0a#".rstrip("#"), headers, b'{"a": 1}\n'))
    assert answer.status == 200
    [got] = receiver.requests
    assert (got.method, got.path, got.body) == ("POST", "/hook/../a%2fb?q=%0d%0a", b'{"a": 1}\n')
    assert got.header_list == [
        ("Host", f"127.0.0.1:{receiver.port}"),
        ("Content-Type", "application/json"),
        ("X-Name", "Zoë"),
        ("X-Empty", ""),
        ("x-lower", "a"),
        ("Content-Length", "9"),
    ]


def test_it_asks_for_no_permission_before_a_big_body(outbound: Outbound, receiver: Receiver) -> None:
    body = os.urandom(3_000_000)
    outbound.send(post(receiver.url, body))
    [got] = receiver.requests
    assert got.body == body
    assert "expect" not in got.headers


def test_other_methods_go_too(outbound: Outbound, receiver: Receiver) -> None:
    outbound.send(Request(receiver.url, {}, b"", method="DELETE"))
    [got] = receiver.requests
    assert (got.method, got.body, "content-type" in got.headers) == ("DELETE", b"", False)


def test_proxies_and_netrc_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, receiver: Receiver, names: Names
) -> None:
    with Receiver(599) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        (tmp_path / ".netrc").write_text(
            "machine 127.0.0.1 login eve password stolen\ndefault login eve password stolen\n"
        )
        (tmp_path / ".netrc").chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        door = Outbound(allow=LOOPBACK, resolve=names)
        for url in (receiver.url, receiver.url_as("hooks.example.com")):
            request = Request(url, {"Authorization": "Bearer mine"}, b"")
            assert door.send(request).status == 200
        door.close()
        assert proxy.requests == []
    assert [got.headers["authorization"] for got in receiver.requests] == ["Bearer mine"] * 2


def test_no_cookie_is_ever_sent_back(outbound: Outbound, receiver: Receiver) -> None:
    receiver.answer = (200, {"Set-Cookie": "tenant=a; Path=/"}, b"")
    for _ in range(2):
        outbound.send(post(receiver.url))
    assert all("cookie" not in got.headers for got in receiver.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_never_followed(
    outbound: Outbound, receiver: Receiver, status: int
) -> None:
    with Receiver() as other:
        receiver.answer = (status, {"Location": other.url}, b"moved")
        answer = outbound.send(post(receiver.url))
        assert (answer.status, answer.body) == (status, b"moved")
        assert ("Location", other.url) in answer.headers
        assert (len(receiver.requests), other.requests) == (1, [])


@pytest.mark.parametrize(
    "location", ["http://[", "http://a:99999999/", "\\\\", "http://" + "x" * 70 + "/", ""]
)
def test_a_broken_redirect_is_an_answer_too(outbound: Outbound, receiver: Receiver, location: str) -> None:
    receiver.answer = (302, {"Location": location}, b"")
    assert outbound.send(post(receiver.url)).status == 302


# What comes back


def test_the_answer_tells_status_headers_body_peer_and_time(outbound: Outbound, receiver: Receiver) -> None:
    receiver.answer = (201, {"X-One": "1", "X-Wörter": "grün"}, b"thanks")
    answer = outbound.send(post(receiver.url))
    assert (answer.status, answer.body, answer.phase, answer.peer, answer.note) == (
        201,
        b"thanks",
        "body",
        "127.0.0.1",
        None,
    )
    assert answer.headers == [("X-One", "1"), ("X-Wörter", "grün"), ("Content-Length", "6")]
    assert 0 < answer.duration_s < 2


def test_a_body_is_kept_to_8_kib_and_read_on_for_keep_alives_sake(
    outbound: Outbound, receiver: Receiver
) -> None:
    receiver.answer = (200, {}, b"a" * READ_BODY_BYTES)
    for _ in range(2):
        answer = outbound.send(post(receiver.url))
        assert (answer.body, answer.note) == (b"a" * KEEP_BODY_BYTES, None)
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
            "not finished within 0.4 s",
        ),
        (hang(HEAD + b"Content-Length: 5\r\n\r\n"), 200, "not finished within 0.4 s"),
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
    started = time.monotonic()
    answer = outbound.send(hasty(receiver.url))
    assert time.monotonic() - started < TOTAL_S + SLACK_S
    assert answer.status == status
    assert len(answer.body) <= KEEP_BODY_BYTES
    assert answer.note is None if note is None else note in str(answer.note)


def test_101_is_an_answer_that_switches_nothing(outbound: Outbound, receiver: Receiver) -> None:
    receiver.answer = raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    assert outbound.send(hasty(receiver.url)).status == 101


@pytest.mark.parametrize(
    ("reply", "phase", "words"),
    [
        (hang(), "sent", "no answer within 0.4 s"),
        (hang(b"HTTP/1.1 2"), "sent", "no answer within 0.4 s"),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n"), "sent", "no answer within 0.4 s"),
        (hang(HEAD), "head", "headers were not complete within 0.4 s"),
        (drip(b"X-Slow: " + b"a" * 100, after=HEAD), "head", "headers were not complete within 0.4 s"),
        (endless(b"X-A: b\r\n", after=HEAD, every_s=0.02), "head", "headers were not complete within 0.4 s"),
        (
            endless(b"HTTP/1.1 100 Continue\r\n\r\n", every_s=0.05),
            "head",
            "headers were not complete within 0.4 s",
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
    started = time.monotonic()
    error = failure(outbound, hasty(receiver.url))
    assert time.monotonic() - started < TOTAL_S + SLACK_S
    assert (error.phase, error.fault, error.was_sent, error.peer) == (phase, "receiver", True, "127.0.0.1")
    assert words in error.reason
    # The next request to a receiver that came to its senses finds nothing left over.
    receiver.answer = (200, {}, b"fine")
    assert outbound.send(post(receiver.url)).body == b"fine"


def test_a_receiver_that_never_reads_ends_at_the_total_deadline(outbound: Outbound) -> None:
    with Receiver(on_connect=Wire.pause) as deaf:
        error = failure(outbound, hasty(deaf.url, body=b"x" * 20_000_000))
    assert (error.phase, error.was_sent) == ("sent", True)


def test_a_closed_port_is_a_refused_connection(outbound: Outbound) -> None:
    with Receiver() as gone:
        url = gone.url
    error = failure(outbound, post(url))
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
        error = failure(outbound, hasty(f"http://127.0.0.1:{listener.getsockname()[1]}/", total_timeout_s=5))
        assert CONNECT_S * 0.9 < time.monotonic() - started < CONNECT_S + SLACK_S
        for filler in fillers:
            filler.close()
    assert (error.phase, error.reason, error.was_sent) == ("connect", "no connection within 0.25 s", False)


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
    assert outbound.send(post(receiver.url)).status == 200
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
    assert outbound.send(post(receiver.url)).status == 200
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


def test_idle_handles_are_closed_after_a_while(receiver: Receiver) -> None:
    door = Outbound(allow=LOOPBACK)
    door.send(post(receiver.url))
    pool = door._adapter._pool
    pool.sweep()
    assert len(pool._idle) == 1
    [handle] = pool._idle
    handle.idle_since -= IDLE_S
    pool.sweep()
    assert (len(pool._idle), pool._by_origin) == (0, {})
    door.send(post(receiver.url))
    assert receiver.connections == 2
    door.close()


def test_the_number_of_idle_handles_is_bounded(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr(hub.targets.outbound, "MAX_IDLE_HANDLES", 3)
    door = Outbound(allow=LOOPBACK)
    pool = door._adapter._pool
    handles = [Handle("", LOOPBACK) for _ in range(5)]
    for number, handle in enumerate(handles):
        handle.pin(("http", "a.example", number, True), ["127.0.0.1"], 0)
        pool.give(handle)
    assert list(pool._idle) == handles[2:]
    assert [origin[2] for origin in pool._by_origin] == [2, 3, 4]
    door.close()


def test_closing_it_closes_its_connections_and_those_still_in_use_afterwards(receiver: Receiver) -> None:
    door = Outbound(allow=LOOPBACK)
    door.send(post(receiver.url))
    closing = threading.Event()

    def answer(_: Received) -> int:
        door.close()
        closing.set()
        return 200

    receiver.answer = answer
    assert door.send(post(receiver.url)).status == 200
    assert closing.is_set()
    assert len(door._adapter._pool._idle) == 0


def test_many_threads_share_one_door(receiver: Receiver) -> None:
    door = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.1"]))
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                mark = f"{number}.{turn}".encode()
                receiver_answer = door.send(
                    post(
                        receiver.url_as(f"host{number % 7}.example.com"),
                        mark,
                        total_timeout_s=20,
                        connect_timeout_s=15,
                    )
                )
                assert receiver_answer.body == mark
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


# Addresses


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
    with Receiver() as gone:
        closed = gone.url_as("hooks.example.com")
    texts = {failure(door, post(url)).reason for url in (receiver.url_as("hooks.example.com"), closed)}
    assert len(texts) == 1
    door.close()


def test_a_name_that_changes_its_answer_after_the_check_leads_nowhere_else(receiver: Receiver) -> None:
    """Rebinding: one resolution for each new connection, and the socket goes to the address that was
    judged.
    """
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    door = Outbound(allow=[ip_network("127.0.0.2")], resolve=names)
    error = failure(door, post(receiver.url_as("hooks.example.com")))
    assert (error.reason, error.peer) == ("connection refused", "127.0.0.2")
    assert names.asked == ["hooks.example.com"]
    door._adapter._pool.close()
    error = failure(door, post(receiver.url_as("hooks.example.com")))
    assert error.fault == "refused"
    assert (receiver.connections, len(names.asked)) == (0, 2)
    door.close()


def test_a_name_is_asked_for_again_once_its_judged_addresses_are_old(
    outbound: Outbound, receiver: Receiver, names: Names
) -> None:
    url = receiver.url_as("hooks.example.com")
    outbound.send(post(url))
    [handle] = outbound._adapter._pool._idle
    handle.pin(
        ("http", "hooks.example.com", receiver.port, True), ["127.0.0.1"], time.monotonic() - IDLE_S - 1
    )
    names.answers = [["10.0.0.1"]]
    error = failure(outbound, post(url))
    assert (error.fault, error.phase) == ("refused", "dns")
    assert len(outbound._adapter._pool._idle) == 1


def test_the_socket_guard_refuses_what_slipped_through_all_checks_before(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setattr(hub.targets.outbound, "check_answers", lambda addresses, allow: None)
    door = Outbound(resolve=Names(["127.0.0.1"]))
    error = failure(door, post(receiver.url_as("hooks.example.com")))
    assert (error.fault, error.phase, error.was_sent) == ("refused", "connect", False)
    assert receiver.connections == 0
    door.close()


def test_the_socket_guard_opens_no_allowed_address_that_was_not_judged_for_this_attempt() -> None:
    handle = Handle("", LOOPBACK)
    handle._guarded = frozenset({"127.0.0.2"})
    for address, opens in (("127.0.0.2", True), ("127.0.0.1", False)):
        given = handle._open_socket(
            pycurl.SOCKTYPE_IPCXN, (socket.AF_INET, socket.SOCK_STREAM, 0, (address, 80))
        )
        assert (given != pycurl.SOCKET_BAD) == opens
    assert handle._trouble is not None
    assert handle._trouble[1] == "refused"
    handle.close()


def test_libcurl_never_resolves_a_name_itself(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    """`localhost` needs no server to resolve; without a pin it may not lead anywhere."""
    door = Outbound(allow=LOOPBACK, resolve=Names(["127.0.0.9"]))
    error = failure(door, post(receiver.url_as("localhost")))
    assert (error.reason, error.peer) == ("connection refused", "127.0.0.9")
    assert receiver.connections == 0
    door.close()


@pytest.mark.parametrize(
    "name", ["hooks.example.com", "Hooks.Example.COM", "hooks.example.com.", "n8n", "localhost"]
)
def test_names_are_pinned_however_they_are_written(outbound: Outbound, receiver: Receiver, name: str) -> None:
    assert outbound.send(post(receiver.url_as(name))).peer == "127.0.0.1"


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


# Names


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
        assert door.send(post(receiver.url_as("localhost"))).status == 200
    door.close()


def test_a_name_server_that_hangs_ends_at_the_connect_deadline_and_disturbs_nobody(
    receiver: Receiver,
) -> None:
    release = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        if host.startswith("slow"):
            release.wait(10)
        return ["127.0.0.1"]

    door = Outbound(allow=LOOPBACK, resolve=lookup)
    started = time.monotonic()
    error = failure(door, hasty("http://slow.example.com/", total_timeout_s=5))
    assert CONNECT_S * 0.9 < time.monotonic() - started < CONNECT_S + SLACK_S
    assert (error.phase, error.fault, error.reason) == (
        "dns",
        "receiver",
        "no address for slow.example.com within 0.25 s",
    )
    assert door.send(hasty(receiver.url_as("quick.example.com"))).status == 200
    release.set()
    door.close()


def test_one_lookup_is_under_way_per_host_however_many_wait() -> None:
    begun, release = threading.Event(), threading.Event()
    asked: list[str] = []
    answers: list[list[str]] = []

    def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        begun.set()
        release.wait(10)
        return ["127.0.0.1", "127.0.0.1"]

    resolver = Resolver(lookup)
    first = threading.Thread(target=lambda: answers.append(resolver.resolve("a.example", 80, 5)))
    first.start()
    begun.wait(5)
    for _ in range(20):
        with pytest.raises(DeliveryError):
            resolver.resolve("a.example", 80, 0.001)
    assert asked == ["a.example"]
    release.set()
    first.join()
    assert answers == [["127.0.0.1"]]
    resolver.resolve("a.example", 80, 5)
    assert asked == ["a.example"] * 2, "an answer was remembered"
    resolver.close()


def test_when_slow_name_servers_hold_all_threads_the_others_are_not_blamed() -> None:
    release = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        release.wait(10)
        return ["127.0.0.1"]

    resolver = Resolver(lookup, threads=2)
    errors: list[DeliveryError] = []
    for host in ("a.example", "b.example", "c.example"):
        with pytest.raises(DeliveryError) as raised:
            resolver.resolve(host, 80, 0.1)
        errors.append(raised.value)
    assert [error.fault for error in errors] == ["receiver", "receiver", "hub"]
    assert resolver._threads == 2
    release.set()
    assert resolver.resolve("d.example", 80, 5) == ["127.0.0.1"]
    resolver.close()


# TLS


def tls_door(ca_file: str | None = None) -> Outbound:
    return Outbound(allow=LOOPBACK, ca_file=ca_file, resolve=Names(["127.0.0.1"]))


def test_it_verifies_the_certificate_against_the_given_authority(authority: Authority) -> None:
    door = tls_door(authority.ca_file)
    with Receiver(tls=authority.context("hooks.example.com", "127.0.0.1")) as receiver:
        for url in (
            receiver.url,
            receiver.url_as("hooks.example.com"),
            receiver.url_as("hooks.example.com."),
        ):
            assert door.send(post(url)).status == 200
        door.send(post(receiver.url))
        assert receiver.connections == 3
    door.close()


@pytest.mark.parametrize(
    ("names", "expired", "trusts"),
    [
        (("hooks.example.com",), False, False),
        (("other.example.com",), False, True),
        (("127.0.0.1",), False, True),
        (("hooks.example.com",), True, True),
    ],
    ids=["unknown authority", "wrong name", "address only", "expired"],
)
def test_a_certificate_that_is_not_good_ends_it_with_nothing_sent(
    authority: Authority, names: tuple[str, ...], expired: bool, trusts: bool
) -> None:
    door = tls_door(authority.ca_file if trusts else None)
    with Receiver(tls=authority.context(*names, expired=expired)) as receiver:
        url = receiver.url_as("hooks.example.com")
        error = failure(door, post(url))
        assert (error.phase, error.fault, error.was_sent, error.peer) == (
            "tls",
            "receiver",
            False,
            "127.0.0.1",
        )
        assert error.reason.startswith("TLS certificate not trusted: ")
        assert receiver.requests == []
        # The person may say that this receiver need not be verified; that opens nothing for the others.
        assert door.send(post(url, verify_ssl=False)).status == 200
        assert failure(door, post(url)).phase == "tls"
    door.close()


def test_a_receiver_that_never_shakes_hands_ends_at_the_connect_deadline() -> None:
    door = tls_door()
    with Receiver(on_connect=Wire.pause) as mute:
        started = time.monotonic()
        error = failure(door, hasty(mute.url.replace("http:", "https:"), total_timeout_s=5))
        assert time.monotonic() - started < CONNECT_S + SLACK_S
    assert (error.phase, error.reason, error.was_sent) == ("tls", "no TLS connection within 0.25 s", False)
    door.close()


def test_a_tls_port_that_speaks_plain_http_is_a_failure_of_tls() -> None:
    door = tls_door()
    with Receiver(on_connect=lambda wire: wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as plain:
        error = failure(door, post(plain.url.replace("http:", "https:")))
    assert (error.phase, error.was_sent) == ("tls", False)
    assert error.reason.startswith("TLS handshake failed: ")
    door.close()


def test_a_tls_receiver_that_hangs_ends_at_the_total_deadline(authority: Authority) -> None:
    door = tls_door(authority.ca_file)
    with Receiver(hang(), tls=authority.context("127.0.0.1")) as receiver:
        error = failure(door, hasty(receiver.url, total_timeout_s=0.6, connect_timeout_s=0.6))
    assert (error.phase, error.reason, error.was_sent) == ("sent", "no answer within 0.6 s", True)
    door.close()


def test_a_missing_authority_file_is_the_hubs_fault(authority: Authority, tmp_path: Path) -> None:
    door = tls_door(str(tmp_path / "none.pem"))
    with Receiver(tls=authority.context("127.0.0.1")) as receiver:
        error = failure(door, post(receiver.url))
    assert (error.fault, error.was_sent) == ("hub", False)
    door.close()


# The hub's own trouble


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-B: c"),
        ("X-A", "a\nb"),
        ("X-A", "a\x00b"),
        ("X-A", "€"),
        ("X A", "b"),
        ("X-A:", "b"),
        ("", "b"),
        ("Host", "evil.example"),
        ("Content-Length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Proxy-Authorization", "x"),
        ("connection", "close"),
    ],
)
def test_a_header_that_would_break_the_request_is_the_hubs_fault(
    outbound: Outbound, receiver: Receiver, name: str, value: str
) -> None:
    error = failure(outbound, Request(receiver.url, {name: value}, b""))
    assert (error.phase, error.fault, error.was_sent) == ("none", "hub", False)
    assert receiver.connections == 0


ODD = st.one_of(
    st.none(), st.integers(), st.text(max_size=5), st.binary(max_size=5), st.just([]), st.just(float("nan"))
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    with suppress(DeliveryError):
        assert isinstance(outbound.send(Request(url, headers, body, True, total_s, 0.2, method)), Response)


@given(
    lines=st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from([HEAD, b"\r\n", b" folded\r\n", b"HTTP/1.1 103 E\r\n", b"a: b\r\n"]),
        )
    )
)
def test_whatever_lines_come_reading_them_never_raises(lines: list[bytes]) -> None:
    answer = Answer()
    for line in lines:
        if answer.read_header(line) is not None:
            assert answer.stop
            break
    assert not answer.is_head_done or answer.status >= 101


def test_a_folded_header_is_one_header() -> None:
    answer = Answer()
    for line in (HEAD, b"X-Long: one\r\n", b"\t two\r\n", b"\r\n", b"Trailer-After: x\r\n"):
        assert answer.read_header(line) is None
    assert answer.headers == [("X-Long", "one two")]


def test_two_lengths_are_refused_even_where_libcurl_does_not() -> None:
    answer = Answer()
    for line in (HEAD, b"Content-Length: 1\r\n", b"content-length: 2\r\n"):
        answer.read_header(line)
    assert answer.read_header(b"\r\n") is not None
    assert not answer.is_head_done
