"""What is due by the clock: schedules whose time has come, and events that were to be delivered later.

Owns one tick: each time that has come is taken and its event written or released, with its deliveries, in one
transaction, so that neither kill nor many processes lose or double it. Step before: `scheduler` calls this
each second. Step after: as for every event, the dispatcher.
"""

import logging
from functools import partial

from hub.engine.intake import Intake
from hub.ids import new_id
from hub.rules import catalogue
from hub.rules import schedule as rules
from hub.store import events, projects, schedules
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.projects import Project
from hub.store.schedules import Schedule

log = logging.getLogger("hub.engine.due")

TICK_MAX = 100
"""Schedules, and events, that one tick takes; the rest waits for the next."""


class Due:
    """The tick of one process."""

    def __init__(self, database: Database, intake: Intake) -> None:
        self._database = database
        self._intake = intake

    def tick(self, now: float) -> int:
        """Fire what has come by `now`; returns how many times were taken by this process."""
        found = self._database.read(lambda: schedules.due(now, TICK_MAX))
        waited = self._database.read(lambda: events.due(now, TICK_MAX))
        return sum(self._take(one, now) for one in found) + sum(self._release(one, now) for one in waited)

    def replan(self, now: float) -> None:
        """Plan those of cron anew: what a zone's clocks do may have changed since."""
        for one in self._database.read(lambda: schedules.planned(now)):
            next_at = rules.next_time(one.rhythm, now)
            if next_at != one.next_at:
                self._database.write(partial(schedules.advance, one, next_at)).result()
                log.warning(
                    "schedule %s is planned anew: the clocks of %s have changed", one.id, one.time_zone
                )

    def fire(self, schedule: Schedule, project: Project, now: float) -> str:
        """Publish its event now, whatever its time is, in the caller's transaction; returns its id."""
        return self._publish(schedule, project, rules.Firing(True, now, 0, schedule.next_at), now)

    def _take(self, one: Schedule, now: float) -> bool:
        firing = rules.due(one.rhythm, one.next_at, now, one.misfire, one.grace_s)

        def write() -> bool:
            # Taken first: the row stays locked until its event is committed with it.
            if not schedules.advance(one, firing.next_at):
                return False
            project = projects.by_id(one.project_id)
            if firing.fires and project is not None and not project.is_archived:
                schedules.remember(one.id, self._publish(one, project, firing, now), firing.missed, now)
            return True

        return self._database.write(write, waits=True).result()

    def _release(self, event: NewEvent, now: float) -> bool:
        def write() -> bool:
            if not events.take_due(event):
                return False
            self._intake.release(event, now)
            return True

        return self._database.write(write, waits=True).result()

    def _publish(self, one: Schedule, project: Project, firing: rules.Firing, now: float) -> str:
        data = rules.event_data(one.id, firing, one.data.encode())
        event = NewEvent(new_id("evt"), project.id, one.event_type, now, data)
        self._intake.enter(event, now, remembers_type=project.catalogue == catalogue.OPEN)
        return event.id
