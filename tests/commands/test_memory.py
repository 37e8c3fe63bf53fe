"""The memory of a process: what is freed goes back to the system, and what stays is not looked through again."""

import gc
import subprocess
import sys

from hub.commands import memory
from tests.rigs.waiting import DEADLINE_S

GROWS_AND_FREES = """
import sys
from hub.commands import memory

def resident_bytes():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

if "gives" in sys.argv:
    memory.give_back_what_is_free()
first = [b"x" * 30_000_000 for _ in range(2)]  # the C library learns of large blocks, and keeps the next ones
del first
before = resident_bytes()
blocks = [bytearray(1_000_000) for _ in range(60)]
kept = [bytearray(100) for _ in range(1000)]  # stands behind them, where they lie in one heap
del blocks
print(resident_bytes() - before)
"""


def test_large_blocks_go_back_to_the_system() -> None:
    command = [sys.executable, "-c", GROWS_AND_FREES, "gives"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    assert int(done.stdout) < 10_000_000


def test_what_is_there_is_looked_at_by_no_later_collection() -> None:
    gc.unfreeze()
    try:
        memory.keep_what_is_there()
        assert gc.get_freeze_count() > 0
        assert gc.get_count()[2] == 0
    finally:
        gc.unfreeze()
