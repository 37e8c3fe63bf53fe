"""The clockwork: whose leases are taken back at once, and what a stop leaves."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hub.engine import worker
from tests.rigs.engine import Engine
from tests.rigs.waiting import DEADLINE_S, until


@pytest.fixture
def ended_owner() -> str:
    """The name of a worker whose process has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{os.uname().nodename}/{process.pid}/aaaa/bbbb"


def claimed(hub: Engine, owner: str) -> str:
    """A hook one of whose deliveries this owner has leased."""
    hook = hub.hook("http://127.0.0.1:9/")
    hub.publish()
    hub.do(
        lambda: hub.database.execute(
            "UPDATE delivery SET state = 'sending', owner = ?, attempts = 1, lease_until = ?", (owner, 1e12)
        )
    )
    return hook


def test_on_sqlite_what_a_dead_process_had_leased_is_taken_back_at_once(
    sqlite_url: str, tmp_path: Path, ended_owner: str
) -> None:
    hub = Engine(sqlite_url, tmp_path, sends=False)
    hook = claimed(hub, ended_owner)
    hub.services.scheduler.rescue()
    assert hub.states(hook) == ["waiting"]
    hub.hub.stop()


def test_on_postgresql_its_lease_must_run_out(postgresql_url: str, tmp_path: Path, ended_owner: str) -> None:
    """Another machine's process may bear the same name."""
    hub = Engine(postgresql_url, tmp_path, sends=False)
    hook = claimed(hub, ended_owner)
    hub.services.scheduler.rescue()
    assert hub.states(hook) == ["sending"]
    hub.hub.stop()


def test_a_stop_waits_for_the_job_that_runs(sqlite_url: str, tmp_path: Path) -> None:
    """The database is closed next: a job must not be left to find that out."""
    hub = Engine(sqlite_url, tmp_path)
    scheduler = hub.services.scheduler
    began, go, ended = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        go.wait(DEADLINE_S)
        hub.database.read(lambda: None)
        ended.set()

    scheduler.every(0.01, job)
    scheduler._jobs.start()
    assert began.wait(DEADLINE_S)
    stopping = threading.Thread(target=scheduler.stop)
    stopping.start()
    stopping.join(0.2)
    assert stopping.is_alive()
    go.set()
    stopping.join(DEADLINE_S)
    assert ended.is_set()
    hub.hub.stop()


def test_a_hub_that_was_started_before_its_machine_knew_the_time_follows_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    """And no lease ends by the step of fifty-six years."""
    hub = Engine(sqlite_url, tmp_path, sends=False)
    clock, scheduler = hub.database.clock, hub.services.scheduler
    clock.sync(100.0)
    hook = hub.hook("http://127.0.0.1:9/")
    hub.publish()
    lease_until = clock.now() + 30
    hub.do(
        lambda: hub.database.execute(
            "UPDATE delivery SET state = 'sending', owner = ?, attempts = 1, lease_until = ?",
            (worker.new_name(), lease_until),
        )
    )
    scheduler.set_clock(lambda: 200.0)
    assert clock.now() < 1000, "the wall clock does not know either"

    now = 1_800_000_000.0
    scheduler.set_clock(lambda: now)
    assert clock.now() == pytest.approx(now, abs=30)
    scheduler.rescue()
    [row] = hub.deliveries(hook)
    assert row.state == "sending"
    scheduler.set_clock(lambda: now + 365 * 86_400)
    assert clock.now() == pytest.approx(now, abs=60), "a clock that was set once follows no step"
    hub.hub.stop()


def test_a_job_that_still_runs_when_its_time_comes_again_is_no_news(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub = Engine(sqlite_url, tmp_path, sends=False)
    scheduler = hub.services.scheduler
    go, ticks = threading.Event(), [0]

    def job() -> None:
        go.wait(DEADLINE_S)

    def tick() -> None:
        ticks[0] += 1

    scheduler.every(0.01, job)
    scheduler.every(0.01, tick)
    scheduler._jobs.start()
    until(lambda: ticks[0] > 20)
    go.set()
    scheduler.stop()
    hub.hub.stop()
    assert "skipped" not in caplog.text
