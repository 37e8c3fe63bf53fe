"""Names of workers: whose process is known to have ended."""

import os
import subprocess
import sys

import pytest

from hub.engine.worker import PROCESS, is_known_dead, new_name

HOST = os.uname().nodename


@pytest.fixture
def ended_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_every_worker_has_a_name_of_its_own_that_begins_with_its_process() -> None:
    names = {new_name() for _ in range(100)}
    assert len(names) == 100
    assert {name.rpartition("/")[0] for name in names} == {PROCESS}


def test_only_a_process_of_this_machine_that_has_ended_is_known_to_be_dead(ended_pid: int) -> None:
    assert is_known_dead(f"{HOST}/{ended_pid}/aaaa/bbbb")
    assert is_known_dead(f"{HOST}/{os.getpid()}/another start/bbbb"), "our process id was somebody's before"
    assert not is_known_dead(new_name())
    assert not is_known_dead(f"{HOST}/{os.getppid()}/aaaa/bbbb")
    assert not is_known_dead(f"elsewhere/{ended_pid}/aaaa/bbbb"), "another container's ids are its own"
