"""Schedules: events that the clock publishes.

Owns the table. A time is taken by compare-and-set on `next_at`, in the transaction that writes its event, so
that it is neither lost nor fired twice, however many processes look. Step before: `operations.schedules` has
checked what a person set. Step after: `engine.due`. Times are epoch seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from hub.ids import new_id
from hub.rules.schedule import Misfire, Rhythm
from hub.store import models
from hub.store.database import Database


@dataclass(frozen=True, slots=True)
class Schedule:
    id: str
    project_id: int
    name: str
    cron: str | None
    every_s: int | None
    time_zone: str
    event_type: str
    data: str
    """JSON: the fields that its events carry besides the hub's."""
    enabled: bool
    misfire: Misfire
    grace_s: float
    next_at: float
    """The next time; of one that is switched off, the one that it stood at."""
    last_at: float | None
    last_event_id: str | None
    missed: int
    """How many times had been missed when it fired last."""
    created_by: str
    created_at: float
    updated_at: float

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.cron, self.every_s, self.time_zone, self.created_at)


def add(project_id: int, columns: Mapping[str, Any], created_by: str, next_at: float, now: float) -> Schedule:
    """A new one with these columns, which the caller has checked."""
    schedule_id = new_id("sch")
    models.Schedule.create(
        id=schedule_id,
        project_id=project_id,
        next_at=next_at,
        created_by=created_by,
        created_at=now,
        updated_at=now,
        **columns,
    )
    made = get(schedule_id)
    assert made is not None, "it was written in this transaction"
    return made


def get(schedule_id: str) -> Schedule | None:
    """Of any project."""
    return _first(models.Schedule.select().where(models.Schedule.id == schedule_id))


def find(project_id: int, before: str | None = None, limit: int = 200) -> tuple[Schedule, ...]:
    """Newest first."""
    table = models.Schedule
    query = table.select().where(table.project_id == project_id)
    if before is not None:
        query = query.where(table.id < before)
    return tuple(map(_schedule, query.order_by(table.id.desc()).limit(limit)))


def count(project_id: int) -> int:
    return int(models.Schedule.select().where(models.Schedule.project_id == project_id).count())


def locked(database: Database, schedule_id: str) -> Schedule | None:
    """Kept from others until the transaction ends."""
    table = models.Schedule
    return _first(database.for_update(table.select().where(table.id == schedule_id)))


def update(schedule: Schedule, columns: Mapping[str, Any], now: float) -> Schedule:
    """Set these columns. The row must be locked."""
    table = models.Schedule
    table.update(**columns, updated_at=now).where(table.id == schedule.id).execute()
    return get(schedule.id) or schedule


def delete(schedule_id: str) -> None:
    models.Schedule.delete().where(models.Schedule.id == schedule_id).execute()


def delete_all(project_id: int) -> None:
    models.Schedule.delete().where(models.Schedule.project_id == project_id).execute()


def due(now: float, limit: int) -> tuple[Schedule, ...]:
    """Those whose time has come, the longest overdue first."""
    table = models.Schedule
    query = table.select().where(table.enabled, table.next_at <= now).order_by(table.next_at).limit(limit)
    return tuple(map(_schedule, query))


def planned(after: float) -> tuple[Schedule, ...]:
    """Those of cron whose next time is later than `after`."""
    table = models.Schedule
    query = table.select().where(table.enabled, table.next_at > after, table.cron.is_null(False))
    return tuple(map(_schedule, query))


def remember(schedule_id: str, event_id: str, missed: int, now: float) -> None:
    """What it published last."""
    table = models.Schedule
    fired = {"last_at": now, "last_event_id": event_id, "missed": missed}
    table.update(fired).where(table.id == schedule_id).execute()


def advance(schedule: Schedule, next_at: float) -> bool:
    """Go on to the next time; False when somebody else has, or when it was changed or switched off."""
    table = models.Schedule
    done = (
        table.update(next_at=next_at)
        .where(table.id == schedule.id, table.next_at == schedule.next_at, table.enabled)
        .execute()
    )
    return bool(done)


def _first(query: Any) -> Schedule | None:
    row = query.first()
    return None if row is None else _schedule(row)


def _schedule(row: Any) -> Schedule:
    values = {name: getattr(row, name) for name in Schedule.__slots__}
    return Schedule(**{**values, "misfire": cast(Misfire, row.misfire), "enabled": bool(row.enabled)})
