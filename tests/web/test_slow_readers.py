"""A caller that takes nothing of its answer is left; one that takes a little from time to time is not."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.web.slow_readers import SlowReader
from tests.rigs.api import LiveHub
from tests.rigs.sockets import connected
from tests.rigs.waiting import until


def is_reset(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def test_a_caller_that_does_not_read_is_left(hasty: LiveHub) -> None:
    large = b"GET /static/vendor/swagger-ui-5.35.0/swagger-ui-bundle.js HTTP/1.1\r\nHost: hub\r\n\r\n"
    with connected(hasty) as connection:
        connection.sendall(large * 50)
        until(lambda: is_reset(connection))


class Clockwork(asyncio.SelectorEventLoop):
    """A loop whose later comes when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.planned: list[Callable[[], None]] = []

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        self.planned.append(lambda: callback(*args))
        return super().call_later(3600, callback, *args)


class Caller(asyncio.Transport):
    """What is written to it stays until the test takes it."""

    def __init__(self) -> None:
        self.left_bytes = 0
        self.is_aborted = False
        self.socket = socket.socket()

    def get_write_buffer_size(self) -> int:
        return self.left_bytes

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.socket

    def abort(self) -> None:
        self.is_aborted = True


@pytest.fixture
def loop() -> Iterator[Clockwork]:
    loop = Clockwork()
    yield loop
    loop.close()


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller()
    yield caller
    caller.socket.close()


def test_whoever_takes_a_little_each_time_is_not_left(loop: Clockwork, caller: Caller) -> None:
    reader = SlowReader(loop, caller, 30)
    reader.watch()
    assert loop.planned == [], "nothing is left to take"
    caller.left_bytes = 100
    reader.watch()
    for left_bytes in (99, 50, 1):
        caller.left_bytes = left_bytes
        loop.planned.pop()()
        assert not caller.is_aborted
    loop.planned.pop()()
    assert caller.is_aborted


def test_whoever_took_all_is_not_looked_at_again(loop: Clockwork, caller: Caller) -> None:
    reader = SlowReader(loop, caller, 30)
    caller.left_bytes = 100
    reader.watch()
    reader.watch()
    assert len(loop.planned) == 1, "one look at a time"
    caller.left_bytes = 0
    loop.planned.pop()()
    assert (loop.planned, caller.is_aborted) == ([], False)
