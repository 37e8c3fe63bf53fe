"""What happens by the clock: schedules, rescue, hold expiry, retention, the heartbeat.

Owns the wiring of APScheduler and nothing else: each job calls one function of the store, in a transaction of
its own. Jobs are made anew at each start, and what is due is read from the tables. Due retries are no job:
the dispatcher wakes for them by itself, so that deliveries never wait for the scheduler.
"""

import contextlib
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler

from hub.engine import worker
from hub.engine.dispatcher import Dispatcher
from hub.engine.due import Due
from hub.engine.intake import Intake
from hub.engine.intervals import Every, IntervalJobs
from hub.engine.notices import Notices
from hub.errors import StoreUnavailable
from hub.rules.settings import Settings
from hub.store import fan_outs, figures, history, leases, replanning, rescue, retention, settings, workers
from hub.store.database import Database

log = logging.getLogger("hub.engine.scheduler")

# Its warnings say only that a job is not begun again while it runs, which is meant: each second, while one
# waits for the database.
library_log = logging.getLogger("hub.engine.scheduler.library")
library_log.setLevel(logging.ERROR)

RESCUE_EVERY_S = 5
HEARTBEAT_EVERY_S = 5
CHECKPOINT_EVERY_S = 1
WRITE_COUNTS_EVERY_S = 1
SYNC_CLOCK_EVERY_S = 60
SET_CLOCK_EVERY_S = 5
REPLAN_EVERY_S = 10
TIDY_EVERY_S = 30
COUNT_EVERY_S = 60
FIRE_EVERY_S = 1
PLAN_EVERY_S = 3600
TELL_EVERY_S = 60
TIDY_BATCHES_MAX = 200
"""Batches of one tidying: the rest waits for the next, so that publishers are not kept from the writer for
long.
"""


class Scheduler:
    """The clockwork of one process; `dispatcher` is None where it only takes events in."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        dispatcher: Dispatcher | None,
        due: Due,
        wake: Callable[[], None],
        notices: Notices | None = None,
    ) -> None:
        self._database = database
        self._intake = intake
        self._dispatcher = dispatcher
        self._wake = wake
        self._due = due
        self._notices = notices
        # Without a grace time a late job is run, not dropped.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._jobs = BackgroundScheduler(
            timezone=UTC,
            job_defaults=defaults,
            daemon=True,
            jobstores={"default": IntervalJobs()},
            logger=library_log,
        )
        self._is_stopping = False
        self._chance = random.Random().random

    def start(self) -> None:
        self.every(RESCUE_EVERY_S, self.rescue)
        self.every(TIDY_EVERY_S, self.tidy)
        self.every(COUNT_EVERY_S, self.count_backlog)
        self.every(SYNC_CLOCK_EVERY_S, self._database.sync_clock)
        self.every(SET_CLOCK_EVERY_S, self.set_clock)
        self.every(REPLAN_EVERY_S, self.replan)
        self.every(CHECKPOINT_EVERY_S, self._database.checkpoint)
        self.every(WRITE_COUNTS_EVERY_S, self.write_counts)
        self.every(FIRE_EVERY_S, self.fire)
        self.every(PLAN_EVERY_S, self.plan)
        self.every(TELL_EVERY_S, self.tell)
        if self._dispatcher is not None:
            self.every(HEARTBEAT_EVERY_S, self.beat)
            self.beat()
        self._jobs.start()

    def stop(self) -> None:
        """Returns when no job runs any more: the database is closed next."""
        self._is_stopping = True
        if self._jobs.running:
            self._jobs.shutdown()
        with contextlib.suppress(StoreUnavailable):
            self.write_counts()
        if self._dispatcher is not None:
            owner = self._dispatcher.owner
            with contextlib.suppress(StoreUnavailable):
                self._database.write(lambda: workers.leave(owner)).result()

    def rescue(self) -> None:
        """Take back what dead workers had leased."""
        now = self._database.clock.now()

        def write() -> int:
            workers.leave_dead(self._is_dead)
            return rescue.rescue(self._database, now, self._is_dead)

        rescued = 0
        for _ in range(TIDY_BATCHES_MAX):
            batch = self._database.write(write, waits=True, is_synced=False).result()
            rescued += batch
            if batch < rescue.RESCUE_MAX:
                break
        if rescued:
            log.warning("took back %s deliveries of workers that stopped", rescued)
            self._wake()

    def set_clock(self, wall_s: Callable[[], float] = time.time) -> None:
        """Follow the wall clock of a machine that had none yet when the hub started."""
        clock = self._database.clock
        behind_s = clock.unset_for_s(wall_s())
        if behind_s is None:
            return

        def write() -> None:
            leases.postpone(self._database, behind_s)
            self._database.after_commit(lambda: clock.sync(wall_s()))

        self._database.write(write, waits=True).result()
        log.warning("this machine's clock has been set, and the hub follows it")
        self._wake()

    def tidy(self) -> None:
        """End what was held too long, forget what is older than the retention; in batches, each a turn at the
        writer.
        """
        for step in (retention.expire_held, retention.forget):
            self._in_batches(step)

    def replan(self) -> None:
        """Bring near what a wrong clock has put years ahead."""
        replanned = self._in_batches(
            lambda tuned, now: replanning.replan(self._database, tuned, now, self._chance)
        )
        if replanned:
            log.warning(
                "planned %s retries, lanes and leases anew: a clock had put them too far ahead", replanned
            )
            self._wake()

    def _in_batches(self, step: Callable[[Settings, float], int]) -> int:
        """Call `step` in transactions of its own until it finds nothing more; returns how much it found."""
        total = 0
        for _ in range(TIDY_BATCHES_MAX):
            if self._is_stopping:
                break
            done = self._database.write(
                lambda: step(settings.load(), self._database.clock.now()), waits=True, is_synced=False
            ).result()
            if not done:
                break
            total += done
        return total

    def fire(self) -> None:
        """Publish what schedules have due."""
        self._due.tick(self._database.clock.now())

    def plan(self) -> None:
        """Plan schedules anew, as the clocks of their zones go now."""
        self._due.replan(self._database.clock.now())

    def tell(self) -> None:
        """Mail people what needs attention."""
        if self._notices is not None:
            self._notices.tick(self._database.clock.now())

    def write_counts(self) -> None:
        self._intake.type_counts.write()
        self._intake.source_counts.write()
        if self._dispatcher is not None:
            self._dispatcher.result_counts.write()

    def count_backlog(self) -> None:
        """Count what waits, for the intake's bound and for the health page's plots."""
        waiting = self._intake.backlog = self._database.read(lambda: history.backlog() + fan_outs.promised())
        oldest_at = self._database.read(lambda: history.oldest_waiting(self._database))
        now = self._database.clock.now()
        values = {
            "waiting": float(waiting),
            "oldest_s": 0.0 if oldest_at is None else max(0.0, now - oldest_at),
            "database_bytes": float(self._database.size_bytes()),
        }
        self._database.write(
            lambda: figures.set_gauges(self._database, values, now), is_synced=False
        ).result()

    def beat(self) -> None:
        """Say that this worker lives, as long as its dispatcher does."""
        if self._dispatcher is not None and self._dispatcher.is_turning():
            owner, now = self._dispatcher.owner, self._database.clock.now()
            self._database.write(lambda: workers.beat(owner, now), is_synced=False).result()

    def _is_dead(self, owner: str) -> bool:
        """Only on SQLite are all workers on this machine; of a shared database a process of the same name may
        be another machine's.
        """
        return not self._database.is_postgresql and worker.is_known_dead(owner)

    def every(self, seconds: float, job: Callable[[], None]) -> None:
        """Before `start`."""
        self._jobs.add_job(_logged(job), Every(seconds), id=job.__name__, name=job.__name__)


def _logged(job: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            job()
        except StoreUnavailable as error:
            log.warning("%s: %s (%s)", job.__name__, error, error.detail)

    return run
