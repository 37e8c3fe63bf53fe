"""The hub's clock: one time for all, that no step of a wall clock moves."""

import time

import pytest

from hub.store.clock import Clock
from hub.store.database import Database


def test_the_clock_goes_with_time_passed_and_not_with_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert before <= clock.now() < before + 5


def test_two_processes_of_a_machine_can_have_one_clock_whatever_the_wall_says_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent = Clock()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    child = Clock(parent.boot_epoch_s)
    assert child.now() == pytest.approx(parent.now(), abs=0.5)


def test_the_database_s_clock_is_everybodys(postgresql_url: str) -> None:
    clock = Clock()
    database = Database(postgresql_url, clock)
    try:
        clock.sync(clock.now() - 3600)
        database.sync_clock()
        assert clock.now() == pytest.approx(time.time(), abs=2)
    finally:
        database.close()


def test_syncing_the_clock_again_does_not_step_it_back(postgresql_url: str) -> None:
    """The way there and back takes longer at one time than at another; leases and counts compare times of
    many syncs.
    """
    clock = Clock()
    database = Database(postgresql_url, clock)
    try:
        database.sync_clock()
        last = clock.now()
        for _ in range(50):
            database.sync_clock()
            assert clock.now() >= last
            last = clock.now()
    finally:
        database.close()
