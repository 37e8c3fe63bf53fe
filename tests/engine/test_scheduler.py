"""The clockwork: whose leases are taken back at once, and what a stop leaves."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hub.engine.dispatcher import PROCESS
from tests.rigs.engine import Engine

HOST = os.uname().nodename


@pytest.fixture
def ended_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_on_sqlite_only_a_process_of_this_machine_that_has_ended_is_known_to_be_dead(
    sqlite_url: str, tmp_path: Path, ended_pid: int
) -> None:
    with Engine(sqlite_url, tmp_path) as hub:
        is_dead = hub.services.scheduler._is_dead
        assert is_dead(f"{HOST}/{ended_pid}/aaaa/bbbb")
        assert is_dead(f"{HOST}/{os.getpid()}/another start/bbbb"), "our process id was somebody's before"
        assert not is_dead(f"{PROCESS}/bbbb")
        assert not is_dead(f"{HOST}/{os.getppid()}/aaaa/bbbb")
        assert not is_dead(f"elsewhere/{ended_pid}/aaaa/bbbb"), "another container's ids are its own"


def test_on_postgresql_nobody_is_known_to_be_dead(
    postgresql_url: str, tmp_path: Path, ended_pid: int
) -> None:
    with Engine(postgresql_url, tmp_path) as hub:
        assert not hub.services.scheduler._is_dead(f"{HOST}/{ended_pid}/aaaa/bbbb")


def test_a_stop_waits_for_the_job_that_runs(sqlite_url: str, tmp_path: Path) -> None:
    """The database is closed next: a job must not be left to find that out."""
    hub = Engine(sqlite_url, tmp_path)
    scheduler = hub.services.scheduler
    began, go, ended = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        go.wait(10)
        hub.database.read(lambda: None)
        ended.set()

    scheduler._every(0.01, job)
    scheduler._jobs.start()
    assert began.wait(10)
    stopping = threading.Thread(target=scheduler.stop)
    stopping.start()
    stopping.join(0.2)
    assert stopping.is_alive()
    go.set()
    stopping.join(10)
    assert ended.is_set()
    hub.hub.stop()
