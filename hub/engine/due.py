"""What is due by the clock: schedules whose time has come, and events that were to be delivered later.

Owns one tick: each time that has come is taken and its event written or released, with its deliveries, in one
transaction, so that neither kill nor many processes lose or double it. Step before: `scheduler` calls this
each second. Step after: as for every event, the dispatcher.
"""

import logging
import time
from collections.abc import Callable
from functools import partial

from hub.engine.intake import Intake
from hub.ids import new_id
from hub.rules import catalogue
from hub.rules import schedule as rules
from hub.store import events, notices, projects, schedules
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.projects import Project
from hub.store.schedules import Schedule

log = logging.getLogger("hub.engine.due")

BATCH_MAX = 100
"""Schedules, and events, that are read at once."""
TOGETHER_MAX = 20
"""Events that are released in one transaction: a turn at the writer is short."""
TICK_S = 0.8
"""No more is read in the same tick after this: others want the writer too."""


TELL_AGAIN_S = 12 * 3600.0
"""A notice of what passes is closed a day after it was news."""


class _Broken(Exception):
    """A schedule that cannot be planned; it has been told."""


class Due:
    """The tick of one process."""

    def __init__(self, database: Database, intake: Intake) -> None:
        self._database = database
        self._intake = intake
        self._broken: dict[str, float] = {}
        """Schedule → when somebody was told last that it cannot be planned."""

    def tick(self, now: float, tick_s: float = TICK_S) -> int:
        """Take what has come by `now`; returns how many times were taken by this process.

        What cannot be taken keeps nobody else from it; then the first error is raised at the end, but for
        schedules that cannot be planned.
        """
        until = time.monotonic() + tick_s
        failed: dict[str, Exception] = {}
        taken = last = self._batch(now, failed)
        while last and time.monotonic() < until:
            last = self._batch(now, failed)
            taken += last
        for error in failed.values():
            if not isinstance(error, _Broken):
                raise error
        return taken

    def _batch(self, now: float, failed: dict[str, Exception]) -> int:
        """Take the next of both, but those that have failed before; returns how many were taken."""
        most = BATCH_MAX + len(failed)
        found = self._database.read(lambda: schedules.due(now, most))
        waited = self._database.read(lambda: events.due(now, most))
        groups: list[tuple[list[str], Callable[[], int]]] = [
            ([one.id], partial(self._take, one, now)) for one in found if one.id not in failed
        ]
        left = [event for event in waited if event.id not in failed]
        for start in range(0, len(left), TOGETHER_MAX):
            group = left[start : start + TOGETHER_MAX]
            groups.append(([event.id for event in group], partial(self._release, group, now)))

        taken = 0
        for ids, take in groups:
            try:
                taken += take()
            except Exception as error:
                failed |= dict.fromkeys(ids, error)
        return taken

    def replan(self, now: float) -> None:
        """Plan those of cron anew: what a zone's clocks do may have changed since."""
        for one in self._database.read(lambda: schedules.planned(now)):
            try:
                next_at = rules.next_time(one.rhythm, now)
            except Exception as error:
                self._tell_broken(one, error, now)
                continue
            if next_at != one.next_at:
                self._database.write(partial(schedules.advance, one, next_at)).result()
                log.warning(
                    "schedule %s is planned anew: the clocks of %s have changed", one.id, one.time_zone
                )

    def fire(self, schedule: Schedule, project: Project, now: float) -> str:
        """Publish its event now, whatever its time is, in the caller's transaction; returns its id."""
        return self._publish(schedule, project, rules.Firing(True, now, 0, schedule.next_at), now)

    def _take(self, one: Schedule, now: float) -> bool:
        try:
            firing = rules.due(one.rhythm, one.next_at, now, one.misfire, one.grace_s)
        except Exception as error:
            self._tell_broken(one, error, now)
            raise _Broken from error
        self._broken.pop(one.id, None)

        def write() -> bool:
            # Taken first: the row stays locked until its event is committed with it.
            if not schedules.advance(one, firing.next_at):
                return False
            project = projects.by_id(one.project_id)
            if firing.fires and project is not None and not project.is_archived:
                schedules.remember(one.id, self._publish(one, project, firing, now), firing.missed, now)
            if (missed := rules.gone_by(one.rhythm, firing)) and project is not None:
                reason = f"{missed} {'time has' if missed == 1 else 'times have'} gone by without an event"
                key, about = f"schedule:{one.id}", (one.project_id, one.id, reason, now)
                notices.tell(self._database, "schedule_missed", key, *about, count=missed)
            return True

        return self._database.write(write, waits=True).result()

    def _tell_broken(self, one: Schedule, error: Exception, now: float) -> None:
        """It stays so until somebody changes it: the log has it once, and who looks after it a notice."""
        told_at = self._broken.get(one.id)
        if told_at is None:
            log.error("schedule %s cannot be planned", one.id, exc_info=error)
        if told_at is not None and now - told_at < TELL_AGAIN_S:
            return
        self._broken[one.id] = now
        reason = f"its next time cannot be told: {error}"
        about = (one.project_id, one.id, reason, now)
        self._database.write(
            lambda: notices.tell(self._database, "schedule_missed", f"schedule:{one.id}", *about), waits=True
        ).result()

    def _release(self, group: list[NewEvent], now: float) -> int:
        def write() -> int:
            mine = [event for event in group if events.take_due(event)]
            self._intake.release(mine, now)
            return len(mine)

        for event in group:
            self._intake.route_ahead(event)
        return self._database.write(write, waits=True).result()

    def _publish(self, one: Schedule, project: Project, firing: rules.Firing, now: float) -> str:
        data = rules.event_data(one.id, firing, one.data.encode())
        event = NewEvent(new_id("evt"), project.id, one.event_type, now, data)
        self._intake.enter(event, now, remembers_type=project.catalogue == catalogue.OPEN)
        return event.id
