"""Several processes on one PostgreSQL: they share the work, and take over what one of them leaves."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import workers
from tests.rigs.engine import Engine
from tests.rigs.hubs import environ
from tests.rigs.receivers import Receiver, hang
from tests.rigs.waiting import DEADLINE_S, until


class Worker:
    """`hookhub worker` as a process; it logs each of its attempts."""

    def __init__(self, url: str, folder: Path, name: str) -> None:
        self.log = folder / f"{name}.log"
        values = environ(HUB_DATABASE_URL=url, HUB_DATA_DIR=str(folder), HUB_OUTBOUND_ALLOW="127.0.0.0/8")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli", "worker"], env=values, stderr=log, stdout=log, cwd=folder
            )

    @property
    def attempts(self) -> int:
        return self.log.read_text().count("attempt event=")


@pytest.fixture
def hub(postgresql_url: str, tmp_path: Path) -> Iterator[Engine]:
    """Takes events in and sends none."""
    engine = Engine(postgresql_url, tmp_path, sends=False, attempt_timeout_s=60)
    with engine:
        yield engine


@contextlib.contextmanager
def two_workers(hub: Engine, url: str, folder: Path) -> Iterator[list[Worker]]:
    both = [Worker(url, folder, name) for name in ("one", "two")]
    try:
        until(lambda: hub.database.read(lambda: workers.alive(hub.database.clock.now())) == 2)
        yield both
    finally:
        for worker in both:
            worker.process.kill()
            worker.process.wait()


def test_two_workers_share_the_work_and_send_nothing_twice(
    hub: Engine, postgresql_url: str, tmp_path: Path
) -> None:
    with Receiver() as receiver, two_workers(hub, postgresql_url, tmp_path) as both:
        made = [hub.hook(receiver.url) for _ in range(12)]
        published = 0

        def both_have_worked() -> bool:
            nonlocal published
            if published < 2000:
                hub.publish(5)
                published += 5
            return min(worker.attempts for worker in both) > 30

        until(both_have_worked)
        for hook in made:
            hub.settled(hook)
        for worker in both:
            worker.process.send_signal(signal.SIGTERM)
        assert [worker.process.wait(DEADLINE_S) for worker in both] == [0, 0]
        sent = [(one.headers["x-hub-delivery"], one.headers["x-hub-attempt"]) for one in receiver.requests]
    assert len(sent) == len(set(sent)) == published * len(made)
    assert {number for _, number in sent} == {"1"}
    assert sum(worker.attempts for worker in both) == len(sent)


def test_what_a_killed_worker_had_taken_is_taken_over(
    hub: Engine, postgresql_url: str, tmp_path: Path
) -> None:
    with Receiver(hang()) as receiver, two_workers(hub, postgresql_url, tmp_path) as [one, two]:
        hub.tune(attempt_timeout_s=4)
        two.process.send_signal(signal.SIGSTOP)
        hook = hub.hook(receiver.url)
        hub.publish(3)
        receiver.wait_for(3)
        one.process.kill()
        two.process.send_signal(signal.SIGCONT)
        receiver.answer = 200
        assert hub.states(hook) == ["sending"] * 3
        hub.settled(hook)
        assert [row.attempts for row in hub.deliveries(hook)] == [2, 2, 2]
    assert sorted(attempt.kind for attempt in hub.attempts(hook)) == ["success"] * 3 + ["unknown"] * 3
    assert (hub.row(hook).consecutive_failures, hub.row(hook).in_flight) == (0, 0)
