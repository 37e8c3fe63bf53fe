"""What happens by the clock: rescue, hold expiry, retention, the heartbeat.

Owns the wiring of APScheduler and nothing else: each job calls one function of the store, in a transaction of
its own. Jobs are made anew at each start, and what is due is read from the tables. Due retries are no job: the
dispatcher wakes for them by itself, so that deliveries never wait for the scheduler.
"""

import contextlib
import logging
from collections.abc import Callable
from datetime import UTC
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from hub.engine import worker
from hub.engine.dispatcher import Dispatcher
from hub.engine.intake import Intake
from hub.rules.settings import Settings
from hub.store import deliveries, history, retention, settings, workers
from hub.store.database import Database, StoreUnavailable

log = logging.getLogger("hub.engine.scheduler")

RESCUE_EVERY_S = 5
HEARTBEAT_EVERY_S = 5
CHECKPOINT_EVERY_S = 1
TIDY_EVERY_S = 30
COUNT_EVERY_S = 60
TIDY_BATCHES_MAX = 200
"""Batches of one tidying: the rest waits for the next, so that publishers are not kept from the writer for
long.
"""


class Scheduler:
    """The clockwork of one process; `dispatcher` is None where it only takes events in."""

    def __init__(
        self, database: Database, intake: Intake, dispatcher: Dispatcher | None, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._intake = intake
        self._dispatcher = dispatcher
        self._wake = wake
        # Without a grace time a late job would be dropped; coalesced, a suspended machine does not run it a
        # hundred times.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._jobs = BackgroundScheduler(timezone=UTC, job_defaults=defaults, daemon=True)
        self._is_stopping = False

    def start(self) -> None:
        self._every(RESCUE_EVERY_S, self.rescue)
        self._every(TIDY_EVERY_S, self.tidy)
        self._every(COUNT_EVERY_S, self.count_backlog)
        self._every(60, self._database.sync_clock)
        self._every(CHECKPOINT_EVERY_S, self._database.checkpoint)
        if self._dispatcher is not None:
            self._every(HEARTBEAT_EVERY_S, self.beat)
            self.beat()
        self._jobs.start()

    def stop(self) -> None:
        """Returns when no job runs any more: the database is closed next."""
        self._is_stopping = True
        if self._jobs.running:
            self._jobs.shutdown()
        if self._dispatcher is not None:
            owner = self._dispatcher.owner
            with contextlib.suppress(StoreUnavailable):
                self._database.write(lambda: workers.leave(owner)).result()

    def rescue(self) -> None:
        """Take back what dead workers had claimed."""
        now = self._database.clock.now()

        def write() -> int:
            workers.leave_dead(self._is_dead)
            return deliveries.rescue(self._database, now, self._is_dead)

        rescued = self._database.write(write).result()
        if rescued:
            log.warning("took back %s deliveries of workers that stopped", rescued)
            self._wake()

    def tidy(self) -> None:
        """End what was held too long, forget what is older than the retention; in batches, each a turn at the
        writer.
        """
        for step in (retention.expire_held, retention.forget):
            for _ in range(TIDY_BATCHES_MAX):
                if self._is_stopping or not self._database.write(partial(self._tidy, step)).result():
                    break

    def _tidy(self, step: Callable[[Settings, float], int]) -> int:
        return step(settings.load(), self._database.clock.now())

    def count_backlog(self) -> None:
        self._intake.backlog = self._database.read(history.backlog)

    def beat(self) -> None:
        """Say that this worker lives."""
        if self._dispatcher is not None:
            owner, now = self._dispatcher.owner, self._database.clock.now()
            self._database.write(lambda: workers.beat(owner, now)).result()

    def _is_dead(self, owner: str) -> bool:
        """Only on SQLite are all workers on this machine; of a shared database a process of the same name may be
        another machine's.
        """
        return not self._database.is_postgresql and worker.is_known_dead(owner)

    def _every(self, seconds: float, job: Callable[[], None]) -> None:
        self._jobs.add_job(_logged(job), "interval", seconds=seconds, id=job.__name__)


def _logged(job: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            job()
        except StoreUnavailable as error:
            log.warning("%s: %s", job.__name__, error)

    return run
