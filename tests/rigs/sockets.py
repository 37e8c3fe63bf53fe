"""Raw connections to a running hub, for what no client library would send."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.rigs.api import LiveHub
from tests.rigs.waiting import DEADLINE_S

GET = b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n"


@contextmanager
def connected(live: LiveHub) -> Iterator[socket.socket]:
    host, _, port = live.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as connection:
        yield connection


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the hub ends the connection."""
    found = b""
    while got := connection.recv(65_536):
        found += got
    return found


def exchange(live: LiveHub, *parts: bytes) -> bytes:
    """What the hub answers until it ends the connection; parts go out one by one."""
    with connected(live) as connection:
        for part in parts:
            connection.sendall(part)
        return rest_of(connection)


def statuses(answers: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def check_refused(answer: bytes, status: int) -> None:
    """A problem, and the last answer of its connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert head.lower().count(b"connection: close") == 1
    assert b"content-type: application/problem+json" in head.lower()
    assert b'"status":%d' % status in body
    assert int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]) == len(body)


def send_what_is_taken(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:  # the hub has heard enough
        pass
