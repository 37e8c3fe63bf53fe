"""Threads that deliver: each process's on a core."""

import os
import threading

import pytest

from hub.targets.cores import on_any_core, stay_on_one_core


def test_processes_that_are_counted_up_spread_over_all_cores() -> None:
    found: list[set[int]] = []

    def stay(core: int) -> None:
        stay_on_one_core(core)
        found.append(os.sched_getaffinity(0))

    allowed = os.sched_getaffinity(0)
    for core in range(len(allowed)):
        thread = threading.Thread(target=stay, args=(core + 7,))
        thread.start()
        thread.join()
    assert all(len(cores) == 1 for cores in found)
    assert set.union(*found) == allowed


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
