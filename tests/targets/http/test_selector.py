"""A thread's waiting: calls of others wake it, in order, and nothing of it is lost."""

import socket
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from hub.targets.http.selector import CALLS_MAX, Selector
from tests.rigs.waiting import DEADLINE_S


@pytest.fixture
def selector() -> Iterator[Selector]:
    made = Selector()
    yield made
    made.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_calls_are_done_in_order_and_those_that_come_meanwhile_in_the_next_turn(selector: Selector) -> None:
    done: list[int] = []
    selector.call(lambda: selector.call(lambda: done.append(99)))
    for n in range(CALLS_MAX):
        selector.call(partial(done.append, n))
    selector.act()
    assert done == list(range(CALLS_MAX - 1)), "no more than so many"
    assert selector.has_calls
    selector.act()
    assert done == [*range(CALLS_MAX), 99]
    assert not selector.has_calls


def test_a_call_ends_the_wait(selector: Selector) -> None:
    waits = threading.Event()

    def for_long() -> float:
        waits.set()
        return DEADLINE_S

    def call() -> None:
        waits.wait(DEADLINE_S)
        selector.call(has_been_called.set)

    has_been_called = threading.Event()
    thread = threading.Thread(target=call)
    thread.start()
    while not selector.has_calls:
        assert selector.wait(for_long) == []
    thread.join()
    selector.act()
    assert has_been_called.is_set()


def test_it_does_not_wait_where_a_call_is_to_be_done(selector: Selector) -> None:
    selector.call(lambda: None)
    assert selector.wait(lambda: pytest.fail("it waits")) == []


def test_what_was_put_off_is_done_once_before_the_wait(selector: Selector) -> None:
    done: list[str] = []
    selector.before_waiting(partial(done.append, "last"))
    selector.call(partial(done.append, "first"))
    selector.act()
    selector.wait(lambda: 0)
    selector.wait(lambda: 0)
    assert done == ["first", "last"]


def test_what_is_watched_is_done_and_what_others_wait_for_is_told(
    selector: Selector, ends: tuple[socket.socket, socket.socket]
) -> None:
    one, other = ends
    read: list[bytes] = []
    selector.watch(one.fileno(), lambda: read.append(one.recv(10)))
    assert selector.wait(lambda: 0) == []
    other.send(b"a")
    assert selector.wait(lambda: DEADLINE_S) == []
    assert read == [b"a"]

    selector.unwatch(one.fileno())
    selector.epoll.register(one.fileno())
    other.send(b"b")
    [(descriptor, _)] = selector.wait(lambda: DEADLINE_S)
    assert descriptor == one.fileno()


def test_room_to_write_is_waited_for_only_where_it_is_asked_for(
    selector: Selector, ends: tuple[socket.socket, socket.socket]
) -> None:
    one, _ = ends
    acted: list[int] = []
    selector.watch(one.fileno(), lambda: acted.append(1))
    selector.wait(lambda: 0)
    assert acted == []
    selector.watch(one.fileno(), lambda: acted.append(1), for_room=True)
    selector.wait(lambda: DEADLINE_S)
    assert acted == [1]


def test_a_call_after_its_end_harms_nobody() -> None:
    made = Selector()
    made.close()
    made.call(lambda: None)
