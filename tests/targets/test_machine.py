"""What our own machine lacks."""

import os
import threading

import pytest

from hub.targets.machine import has_address, has_route, on_any_core, shortage


def test_it_knows_which_addresses_it_has_a_way_to() -> None:
    assert has_route("127.0.0.1")
    assert not has_route("127.255.255.255"), "a broadcast address leads to nobody"
    assert not has_route("not an address")


def test_it_knows_its_own_addresses() -> None:
    assert has_address("127.0.0.1")
    assert not has_address("192.0.2.1"), "an address of documentation"
    assert not has_address("not an address")


def test_it_lacks_nothing_as_long_as_sockets_can_be_made() -> None:
    assert shortage() is None


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_a_thread_that_stays_on_one_core_starts_others_anywhere() -> None:
    seen: list[set[int]] = []

    def pinned() -> None:
        one = min(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {one})
        with on_any_core():
            seen.append(os.sched_getaffinity(0))
        seen.append(os.sched_getaffinity(0))
        seen.append({one})

    thread = threading.Thread(target=pinned)
    thread.start()
    thread.join()
    assert seen[0] == os.sched_getaffinity(os.getpid())
    assert seen[1] == seen[2]
