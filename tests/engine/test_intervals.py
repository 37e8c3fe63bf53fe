"""Jobs by the interval, on a wall clock that steps: the real APScheduler, told another time."""

import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apscheduler.schedulers import base
from apscheduler.schedulers.background import BackgroundScheduler

from hub.engine.intervals import Every, IntervalJobs
from tests.rigs.waiting import DEADLINE_S, until

YEAR = timedelta(days=365)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Wall:
    """A wall clock that can be set while it runs."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self, zone: Any) -> datetime:
        return datetime.now(zone) + self.ahead


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    clock = Wall()
    monkeypatch.setattr(base, "datetime", clock)  # APScheduler's: it reads the wall clock nowhere else
    return clock


class Counted:
    """A job every 50 ms."""

    def __init__(self) -> None:
        self.runs = 0
        self.scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            jobstores={"default": IntervalJobs()},
        )
        self.scheduler.add_job(self._run, Every(0.05), id="counted")
        self.scheduler.add_job(lambda: None, Every(3600), id="rare")

    def _run(self) -> None:
        self.runs += 1

    def goes_on(self) -> bool:
        before = self.runs
        until(lambda: self.runs >= before + 3)
        return True


@pytest.fixture
def counted(wall: Wall) -> Iterator[Counted]:
    made = Counted()
    made.scheduler.start()
    yield made
    made.scheduler.shutdown()


def test_the_next_run_is_planned_from_now_and_not_from_the_last_one() -> None:
    assert Every(5).get_next_fire_time(None, NOW) == NOW + timedelta(seconds=5)
    assert Every(5).get_next_fire_time(NOW - YEAR, NOW) == NOW + timedelta(seconds=5)


@pytest.mark.parametrize("step", [30 * YEAR, YEAR, timedelta(days=30), timedelta(hours=1)])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_clock_that_steps_neither_stops_a_job_nor_runs_it_for_what_was_jumped_over(
    counted: Counted, wall: Wall, step: timedelta, direction: int
) -> None:
    assert counted.goes_on()
    tracemalloc.start()
    before, began = counted.runs, time.monotonic()
    wall.ahead += direction * step
    assert counted.goes_on()
    ran, elapsed_s = counted.runs - before, time.monotonic() - began
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ran <= elapsed_s / 0.05 + 3, "once for the jump, then by its interval"
    assert peak_bytes < 5_000_000


def test_nobody_waits_for_the_schedulers_lock_when_the_clock_steps(counted: Counted, wall: Wall) -> None:
    wall.ahead += 60 * YEAR
    counted.goes_on()
    got = threading.Event()

    def ask() -> None:
        counted.scheduler.get_jobs()
        got.set()

    threading.Thread(target=ask, daemon=True).start()
    assert got.wait(DEADLINE_S)
