"""A receipt is written in one piece where it can be, and looks and ends the connection as any other answer."""

import re

import pytest

from tests.rigs.api import LiveHub
from tests.rigs.sockets import connected, exchange, rest_of, statuses

EVENT = b'{"type":"a.b","data":{}}'


@pytest.fixture
def token(live: LiveHub, project: str) -> bytes:
    return live.token("publish", project=project).encode()


def post(token: bytes, *fields: bytes, version: bytes = b"1.1", body: bytes = EVENT) -> bytes:
    head = [
        b"POST /api/v1/events HTTP/" + version,
        b"Host: hub",
        b"Authorization: Bearer " + token,
        b"Content-Length: %d" % len(body),
        *fields,
    ]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def last(token: bytes) -> bytes:
    return post(token, b"Connection: close")


def test_a_receipt_has_the_headers_of_every_answer_and_the_last_one_ends_the_connection(
    live: LiveHub, token: bytes
) -> None:
    answers = exchange(live, post(token), last(token))
    assert statuses(answers) == [202, 202]
    first, second = re.split(rb"(?<=})(?=HTTP)", answers)
    for answer in (first, second):
        head, _, body = answer.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        assert fields[b"content-type"] == b"application/json"
        assert fields[b"x-content-type-options"] == b"nosniff"
        assert int(fields[b"content-length"]) == len(body)
        assert b"date" in fields
    assert b"connection" not in first.lower()
    assert b"connection: close" in second.lower()


def test_requests_in_line_are_answered_in_turn_whichever_way_each_is_written(
    live: LiveHub, token: bytes
) -> None:
    events = [post(token, body=b'{"type":"n.n%d","data":{}}' % n) for n in range(5)]
    answers = exchange(live, b"".join(events) + b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n" + last(token))
    assert statuses(answers) == [202] * 5 + [200, 202]
    assert re.findall(rb"n\.n(\d)", answers) == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("cut", [1, len(EVENT) - 1])
def test_a_body_in_two_pieces_is_waited_for(live: LiveHub, token: bytes, cut: int) -> None:
    request = last(token)
    assert statuses(exchange(live, request[:-cut], request[-cut:])) == [202]


def test_a_caller_of_http_1_0_gets_its_answer_and_the_end(live: LiveHub, token: bytes) -> None:
    assert statuses(exchange(live, post(token, version=b"1.0"))) == [202]


def test_whoever_waits_to_be_told_to_go_on_is_told(live: LiveHub, token: bytes) -> None:
    request = post(token, b"Expect: 100-continue", b"Connection: close")
    with connected(live) as connection:
        connection.sendall(request[: -len(EVENT)])
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(EVENT)
        assert statuses(rest_of(connection)) == [202]


def test_a_chunked_body_is_taken(live: LiveHub, token: bytes) -> None:
    head = post(token, b"Connection: close", b"Transfer-Encoding: chunked", body=b"").replace(
        b"Content-Length: 0\r\n", b""
    )
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (EVENT[:9], EVENT[9:]))
    assert statuses(exchange(live, head + chunks + b"0\r\n\r\n")) == [202]


def test_what_is_wrong_with_a_body_that_came_whole_is_told_and_the_connection_stays(
    live: LiveHub, token: bytes
) -> None:
    answers = exchange(live, post(token, body=b"{}"), post(token, b"Content-Encoding: gzip"), last(token))
    assert statuses(answers) == [422, 415, 202]
