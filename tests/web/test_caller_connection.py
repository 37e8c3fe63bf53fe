"""Connections: whatever a caller sends costs little, and is answered where it can be.

Raw sockets against a running hub with its real limits.
"""

import threading

import pytest

from hub.web.caller_connection import Connection
from hub.web.problems import Problem
from tests.rigs.api import LiveHub
from tests.rigs.sockets import (
    GET,
    LAST,
    check_refused,
    connected,
    exchange,
    rest_of,
    send_what_is_taken,
    statuses,
)
from tests.rigs.waiting import DEADLINE_S

LIMITS = Connection.limits


def with_fields(count: int) -> bytes:
    """A request with so many fields."""
    return LAST[:-2] + b"".join(b"x-%d: 1\r\n" % n for n in range(count - 2)) + b"\r\n"


def test_heads_up_to_the_limit_are_taken(live: LiveHub) -> None:
    value = b"a" * (LIMITS.head_bytes - 200)
    assert statuses(exchange(live, LAST[:-2] + b"x: " + value + b"\r\n\r\n")) == [200]
    assert statuses(exchange(live, LAST.replace(b"/healthz", b"/healthz?" + value))) == [200]
    assert statuses(exchange(live, with_fields(LIMITS.fields))) == [200]


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"a" * 20_000], ids=["ended", "without end"])
@pytest.mark.parametrize(
    "fields",
    [
        b"x: " + b"a" * LIMITS.head_bytes,
        b"a" * LIMITS.head_bytes + b": x",
        b"\r\n".join(b"x-%d: %s" % (n, b"a" * 2000) for n in range(50)),
        b"\r\n".join(b"x-%d: 1" % n for n in range(100_000)),
    ],
    ids=["a value", "a name", "together", "very many fields"],
)
def test_a_larger_head_is_refused(live: LiveHub, fields: bytes, end: bytes) -> None:
    check_refused(exchange(live, LAST[:-2] + fields + end), 431)


def test_one_field_too_many_is_refused(live: LiveHub) -> None:
    check_refused(exchange(live, with_fields(LIMITS.fields + 1)), 431)


@pytest.mark.parametrize("end", [b" HTTP/1.1\r\n\r\n", b""], ids=["ended", "without end"])
def test_a_longer_target_is_refused(live: LiveHub, end: bytes) -> None:
    check_refused(exchange(live, b"GET /" + b"a" * LIMITS.head_bytes + b"aa" + end), 414)


def test_fifty_megabytes_of_one_header_do_not_stop_the_others(live: LiveHub) -> None:
    with connected(live) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nx: ")
        flood = threading.Thread(target=send_what_is_taken, args=[connection, b"a" * 50_000_000])
        flood.start()
        try:
            assert statuses(exchange(live, LAST)) == [200]
        finally:
            flood.join(DEADLINE_S)
        check_refused(rest_of(connection), 431)


@pytest.mark.parametrize(
    "chunks",
    [
        b"1\r\n{\r\n0\r\n" + b"".join(b"x-%d: 1\r\n" % n for n in range(50_000)) + b"\r\n",
        b"1\r\n{\r\n0\r\nx: " + b"a" * 200_000,
        b"1;" + b"a" * 200_000,
    ],
    ids=["fields of a trailer", "a trailer without end", "an extension of a chunk"],
)
def test_what_stands_around_a_body_is_bounded_too(live: LiveHub, chunks: bytes) -> None:
    key = live.project()
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: hub\r\nX-API-Key: %s\r\nTransfer-Encoding: chunked\r\n\r\n"
    check_refused(exchange(live, head % live.token("publish", project=key).encode(), chunks), 431)


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"hello\r\n"],
)
def test_what_is_no_request_is_refused(live: LiveHub, garbage: bytes) -> None:
    check_refused(exchange(live, garbage), 400)


def test_requests_that_stand_in_line_are_answered_in_turn(live: LiveHub) -> None:
    assert statuses(exchange(live, GET * 20 + LAST)) == [200] * 21


def test_garbage_behind_a_request_does_not_take_its_answer(live: LiveHub) -> None:
    answers = exchange(live, GET + GET + b"\0\0\0\0\r\n\r\n")
    assert statuses(answers) == [200, 200]
    assert statuses(exchange(live, GET, b"\0\0\0\0\r\n\r\n"))[0] == 200


def test_a_line_of_requests_has_an_end(live: LiveHub) -> None:
    with connected(live) as connection:
        flood = threading.Thread(target=send_what_is_taken, args=[connection, GET * 200_000])
        flood.start()
        found = rest_of(connection)
        flood.join(DEADLINE_S)
    assert set(statuses(found)) == {200}
    assert len(statuses(found)) <= LIMITS.waiting + 2


def test_a_body_that_is_no_chunk_is_refused_at_once(live: LiveHub) -> None:
    head = b"POST /setup HTTP/1.1\r\nHost: hub\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    check_refused(exchange(live, head, b"zzz\r\n"), 400)


def test_whoever_sends_all_before_reading_hears_that_it_is_too_much(live: LiveHub) -> None:
    body = b"a" * 8_000_000
    head = b"POST /setup HTTP/1.1\r\nHost: hub\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    answer = exchange(live, head % len(body), body)
    assert statuses(answer) == [413]
    assert b"connection: close" in answer.lower()


def test_the_connection_ends_after_a_body_too_large_whatever_shape_the_answer_has(live: LiveHub) -> None:
    key = live.project(catalogue="icescrum")
    token = live.token("manage", "subscribe", project=key).encode()
    head = b"POST /ws/project/%s/hook HTTP/1.1\r\nHost: hub\r\nx-icescrum-token: %s\r\nContent-Length: %d\r\n\r\n"
    answer = exchange(live, head % (key.encode(), token, 2_000_000), b" " * 2_000_000)
    assert statuses(answer) == [413]
    assert b"connection: close" in answer.lower()


def test_the_connection_ends_after_a_body_that_is_late_or_too_large() -> None:
    assert (
        Problem(408, "late").headers()["Connection"]
        == Problem(413, "large").headers()["Connection"]
        == "close"
    )
    assert "Connection" not in Problem(422, "wrong").headers()


UNAUTHORISED = b"POST /api/v1/hooks HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n"


def test_a_body_that_comes_after_its_answer_leaves_the_connection_as_it_was(live: LiveHub) -> None:
    with connected(live) as connection:
        connection.sendall(UNAUTHORISED % 10)
        assert statuses(connection.recv(65_536)) == [401]
        connection.sendall(b"a" * 10 + LAST)
        assert statuses(rest_of(connection)) == [200]


def test_much_more_of_a_body_that_nobody_waits_for_ends_the_connection(live: LiveHub) -> None:
    with connected(live) as connection:
        connection.sendall(UNAUTHORISED % 50_000_000)
        assert statuses(connection.recv(65_536)) == [401]
        send_what_is_taken(connection, b"a" * 10_000_000)
        assert rest_of(connection) == b""


def test_an_offer_to_speak_another_protocol_is_not_taken_and_the_connection_stays(live: LiveHub) -> None:
    offer = (
        GET[:-2]
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    )
    assert statuses(exchange(live, offer + offer, offer, LAST)) == [200] * 4
