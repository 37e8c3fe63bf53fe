"""Idle handles: kept for a while, and only so many."""

import resource
import threading

from hub.targets.addresses import Addresses
from hub.targets.http.exchange import CONNECTIONS_PER_HANDLE, Handle
from hub.targets.http.pool import IDLE_SHARE, HandlePool
from hub.targets.http.sites import IDLE_S
from hub.targets.http.transport import HttpTransport
from hub.targets.resolver import Resolver
from tests.rigs.doors import LOOPBACK, post
from tests.rigs.receivers import Received, Receiver


def make() -> Handle:
    return Handle("", LOOPBACK)


def transport(pool: HandlePool) -> HttpTransport:
    return HttpTransport(Addresses(LOOPBACK, Resolver()), make, pool)


def test_idle_handles_are_closed_after_a_while(receiver: Receiver) -> None:
    pool = HandlePool(make)
    http = transport(pool)
    http.send(post(receiver.url))
    pool.sweep()
    assert len(pool._idle) == 1
    [handle] = pool._idle
    handle.idle_since -= IDLE_S
    pool.sweep()
    assert (len(pool._idle), pool._by_place) == (0, {})
    http.send(post(receiver.url))
    assert receiver.connections == 2
    http.close()


def test_the_number_of_idle_handles_is_bounded() -> None:
    pool = HandlePool(make, idle_max=3)
    handles = [make() for _ in range(5)]
    for number, handle in enumerate(handles):
        handle.sites.pin(("a.example", number), ["127.0.0.1"], 0)
        pool.give(handle)
    assert list(pool._idle) == handles[2:]
    assert [port for _, port in pool._by_place] == [2, 3, 4]
    pool.close()


def test_idle_handles_never_hold_more_than_a_part_of_the_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))
    try:
        pool = HandlePool(make)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert pool._idle_max * CONNECTIONS_PER_HANDLE == 1024 * IDLE_SHARE
    pool.close()


def test_closing_it_closes_its_connections_and_those_still_in_use_afterwards(receiver: Receiver) -> None:
    pool = HandlePool(make)
    http = transport(pool)
    http.send(post(receiver.url))
    closing = threading.Event()

    def answer(_: Received) -> int:
        http.close()
        closing.set()
        return 200

    receiver.answer = answer
    assert http.send(post(receiver.url)).answer.status == 200
    assert closing.is_set()
    assert len(pool._idle) == 0
