"""Threads that deliver: each process's on a core."""

import os
import threading

from hub.engine.cores import stay_on_one_core


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
