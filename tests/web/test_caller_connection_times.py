"""Connections: a caller that sends nothing, or not on, or does not read, is left after a time. The times here
are short.
"""

import threading

import pytest

from tests.rigs.api import LiveHub
from tests.rigs.sockets import GET, check_refused, connected, exchange, rest_of, send_what_is_taken, statuses


def test_a_head_that_does_not_end_is_cut(hasty: LiveHub) -> None:
    check_refused(exchange(hasty, b"GET / HTTP/1.1\r\nHost: h"), 408)
    check_refused(exchange(hasty, b"G"), 408)
    two = exchange(hasty, GET, b"GET / HTTP/1.1\r\nHost: h")
    assert statuses(two) == [200, 408]


@pytest.mark.parametrize("idle", [b"", b"\r\n\r\n"], ids=["nothing", "empty lines"])
def test_a_connection_without_a_request_is_cut_and_not_answered(hasty: LiveHub, idle: bytes) -> None:
    with connected(hasty) as first, connected(hasty) as second, connected(hasty) as third:
        for one in (first, second, third):
            one.sendall(idle)
        assert [rest_of(one) for one in (first, second, third)] == [b"", b"", b""]


def test_bytes_that_drip_do_not_keep_a_head_alive(hasty: LiveHub) -> None:
    with connected(hasty) as connection:
        ended = threading.Event()

        def drip() -> None:
            connection.sendall(b"GET / HTTP/1.1\r\nx: ")
            while not ended.wait(0.05):
                send_what_is_taken(connection, b"a")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            check_refused(rest_of(connection), 408)
        finally:
            ended.set()
            dripping.join()


def test_the_rest_of_a_body_that_nobody_waits_for_must_come_in_time(hasty: LiveHub) -> None:
    head = b"POST /api/v1/hooks HTTP/1.1\r\nHost: hub\r\nContent-Length: 10\r\n\r\n"
    assert statuses(exchange(hasty, head, b"a")) == [401]
