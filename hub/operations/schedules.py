"""Schedules: made, changed, fired by hand and ended by whoever manages their project.

Owns the checks, the audit entry and the transaction. Step before: a door has read the fields. Step after:
`engine.due` fires what has come.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from hub.engine.due import Due
from hub.errors import Conflict, FieldError, Invalid, NotFound
from hub.operations.projects import check_open
from hub.rules import catalogue, schedule
from hub.rules.access import Requester, require
from hub.rules.changes import UNSET, Change, Unset, check_unchanged
from hub.rules.keys import label_error
from hub.rules.schedule import Misfire, Rhythm
from hub.store import audit, schedules
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.schedules import Schedule

T = TypeVar("T")

SCHEDULES_MAX = 1_000
"""In one project."""


@dataclass(frozen=True, slots=True)
class ScheduleFields:
    """What a person or program sets of a schedule."""

    event_type: str
    name: str = ""
    cron: str | None = None
    every_s: int | None = None
    time_zone: str = "UTC"
    data: Any = None
    """The object that its events carry; None: an empty one."""
    enabled: bool = True
    misfire: str = "once"
    grace_s: float = schedule.GRACE_DEFAULT_S


@dataclass(frozen=True, slots=True)
class ScheduleChange(Change):
    """What is to be changed of them; the rest is UNSET and stays as it is."""

    event_type: str | Unset = UNSET
    name: str | Unset = UNSET
    cron: str | Unset | None = UNSET
    every_s: int | Unset | None = UNSET
    time_zone: str | Unset = UNSET
    data: Any = UNSET
    enabled: bool | Unset = UNSET
    misfire: str | Unset = UNSET
    grace_s: float | Unset = UNSET


NAMES = tuple(one.name for one in fields(ScheduleFields))


def fields_of(found: Schedule) -> ScheduleFields:
    """A schedule as it is, to be changed."""
    values = {name: getattr(found, name) for name in NAMES}
    return ScheduleFields(**{**values, "data": json.loads(found.data)})


class Schedules:
    """The schedules of all projects. Any thread but the event loop's may call this."""

    def __init__(self, database: Database, due: Due, schedules_max: int = SCHEDULES_MAX) -> None:
        """`schedules_max`: how many one project may have."""
        self._database = database
        self._due = due
        self._schedules_max = schedules_max

    def list(
        self, requester: Requester, project: Project, before: str | None = None, limit: int = 200
    ) -> tuple[Schedule, ...]:
        """Newest first. Raises: Forbidden."""
        require(requester, "manage", project_id=project.id)
        return self._database.read(lambda: schedules.find(project.id, before, limit))

    def get(self, requester: Requester, project: Project, schedule_id: str) -> Schedule:
        """Raises: Forbidden, NotFound."""
        require(requester, "manage", project_id=project.id)
        return self._database.read(lambda: _of_project(schedules.get(schedule_id), project))

    def next_times(self, found: Schedule) -> tuple[float, ...]:
        """The next few times; none of one that is switched off."""
        if not found.enabled:
            return ()
        later = schedule.next_times(found.rhythm, found.next_at, schedule.SHOWN_TIMES - 1)
        return (found.next_at, *later)

    def preview(self, wanted: ScheduleFields) -> tuple[float, ...]:
        """The next few times of fields that nobody has saved. Raises: Invalid."""
        if errors := schedule.rhythm_errors(wanted.cron, wanted.every_s, wanted.time_zone):
            raise Invalid(errors)
        now = self._database.clock.now()
        return tuple(schedule.next_times(_rhythm(wanted, now), now))

    def create(self, requester: Requester, project: Project, wanted: ScheduleFields) -> Schedule:
        """Raises: Forbidden; Invalid; Conflict, there are as many as there may be."""
        require(requester, "manage", project_id=project.id)
        new = _checked(project, wanted)

        def write() -> Schedule:
            check_open(project)
            if schedules.count(project.id) >= self._schedules_max:
                raise Conflict(
                    f"this project has {self._schedules_max} schedules: delete one", title="No room"
                )
            now = self._database.clock.now()
            next_at = schedule.next_time(_rhythm(new, now), now)
            made = schedules.add(project.id, _columns(new), requester.name, next_at, now)
            shown = {name: [None, value] for name, value in asdict(new).items()}
            audit.add(now, requester, "schedule.created", made.id, project.id, shown)
            return made

        return self._database.write(write).result()

    def update(
        self,
        requester: Requester,
        project: Project,
        schedule_id: str,
        change: ScheduleChange,
        as_of: float | None = None,
    ) -> Schedule:
        """What changes its times plans them anew. With `as_of`, it is changed only if that is
        still its `updated_at`.

        Raises: Forbidden, NotFound, ChangedMeanwhile, Invalid.
        """

        def write(found: Schedule, now: float) -> Schedule:
            check_unchanged("schedule", found.updated_at, as_of)
            before = fields_of(found)
            after = _checked(project, replace(before, **change.given()))
            shown = {
                name: [getattr(before, name), getattr(after, name)]
                for name in NAMES
                if getattr(before, name) != getattr(after, name)
            }
            if not shown:
                return found
            columns = _columns(after)
            if shown.keys() & {"cron", "every_s", "time_zone", "enabled"}:
                columns["next_at"] = schedule.next_time(_rhythm(after, found.created_at), now)
            audit.add(now, requester, "schedule.updated", found.id, project.id, shown)
            return schedules.update(found, columns, now)

        return self._change(requester, project, schedule_id, write)

    def fire(self, requester: Requester, project: Project, schedule_id: str) -> str:
        """Publish its event now; its times stay. Returns the event's id. Raises: Forbidden, NotFound."""

        def write(found: Schedule, now: float) -> str:
            event_id = self._due.fire(found, project, now)
            schedules.remember(found.id, event_id, 0, now)
            audit.add(now, requester, "schedule.fired", found.id, project.id, {"event": [None, event_id]})
            return event_id

        return self._change(requester, project, schedule_id, write)

    def delete(self, requester: Requester, project: Project, schedule_id: str) -> None:
        """Raises: Forbidden, NotFound."""

        def write(found: Schedule, now: float) -> None:
            schedules.delete(found.id)
            audit.add(now, requester, "schedule.deleted", found.id, project.id, {"name": [found.name, None]})

        self._change(requester, project, schedule_id, write)

    def _change(
        self,
        requester: Requester,
        project: Project,
        schedule_id: str,
        write: Callable[[Schedule, float], T],
    ) -> T:
        require(requester, "manage", project_id=project.id)

        def transaction() -> T:
            check_open(project)
            found = _of_project(schedules.locked(self._database, schedule_id), project)
            return write(found, self._database.clock.now())

        return self._database.write(transaction).result()


def _of_project(found: Schedule | None, project: Project) -> Schedule:
    if found is None or found.project_id != project.id:
        raise NotFound("there is no such schedule in this project", title="No such schedule")
    return found


def _checked(project: Project, wanted: ScheduleFields) -> ScheduleFields:
    """The same with `data` made an object. Raises: Invalid."""
    data = {} if wanted.data is None else wanted.data
    errors: list[FieldError] = []
    if (wrong := label_error(wanted.name)) is not None:
        errors.append(("name", wrong))
    if (reason := catalogue.type_error(project.catalogue, wanted.event_type)) is not None:
        errors.append(("event_type", reason))
    errors += schedule.rhythm_errors(wanted.cron, wanted.every_s, wanted.time_zone)
    errors += schedule.data_errors(data)
    if wanted.misfire not in schedule.MISFIRES:
        errors.append(("misfire", f"must be one of {', '.join(schedule.MISFIRES)}"))
    if not 0 <= wanted.grace_s <= schedule.GRACE_MAX_S:
        errors.append(("grace_s", f"must be from 0 to {schedule.GRACE_MAX_S}"))
    if errors:
        raise Invalid(errors)
    return replace(wanted, data=data)


def _columns(checked: ScheduleFields) -> dict[str, Any]:
    misfire: Misfire = "skip" if checked.misfire == "skip" else "once"
    data = json.dumps(checked.data, ensure_ascii=False, separators=(",", ":"))
    return {**asdict(checked), "misfire": misfire, "data": data}


def _rhythm(checked: ScheduleFields, anchor_at: float) -> Rhythm:
    return Rhythm(checked.cron, checked.every_s, checked.time_zone, anchor_at)
