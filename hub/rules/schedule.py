"""Schedules: when the next time is, and what to do about times that were missed.

Owns the checks of a schedule's fields and the arithmetic of its times, over nights in which clocks change:
cron's five fields by Debian cron's rules (`cronsim`), or every so many seconds. Pure; times are epoch
seconds.
Step before: `operations.schedules` takes one in. Step after: `engine.due` fires what is due.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from hub.errors import FieldError
from hub.rules.time_zones import is_time_zone

CRON_MAX = 200
EVERY_MIN_S = 60
EVERY_MAX_S = 31_536_000
GRACE_DEFAULT_S = 60
GRACE_MAX_S = 86_400
DATA_MAX_BYTES = 65_536
MISSED_MAX = 1_000
"""Missed times are counted no further."""
SHOWN_TIMES = 5

Misfire = Literal["once", "skip"]
MISFIRES: tuple[Misfire, ...] = get_args(Misfire)

OWN_FIELDS = ("schedule", "scheduled_for", "missed")
"""What the hub puts into the data of each event."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a schedule fires: `cron` in `time_zone`, or each `every_s` seconds from `anchor_at` on."""

    cron: str | None
    every_s: int | None
    time_zone: str
    anchor_at: float


@dataclass(frozen=True, slots=True)
class Firing:
    """What is to be done about a time that has come."""

    fires: bool
    scheduled_for: float
    missed: int
    """How many times have gone by without an event, this one not counted."""
    next_at: float


def times_after(rhythm: Rhythm, after: float) -> Iterator[float]:
    """Its times later than `after`, without end."""
    if rhythm.every_s is not None:
        rounds = max(0, int((after - rhythm.anchor_at) // rhythm.every_s) + 1)
        while True:
            yield rhythm.anchor_at + rounds * rhythm.every_s
            rounds += 1
    assert rhythm.cron is not None, "it has the one or the other"
    for moment in CronSim(rhythm.cron, datetime.fromtimestamp(after, _zone(rhythm.time_zone))):
        yield moment.timestamp()


def next_time(rhythm: Rhythm, after: float) -> float:
    """The first of its times later than `after`."""
    return next(times_after(rhythm, after))


def next_times(rhythm: Rhythm, after: float, count: int = SHOWN_TIMES) -> list[float]:
    """The next few, for people to look at."""
    return list(islice(times_after(rhythm, after), count))


def due(rhythm: Rhythm, next_at: float, now: float, misfire: Misfire, grace_s: float) -> Firing:
    """What to do at `now` about a time that was planned for `next_at`.

    Within its grace it is on time. Later, `once` fires one event for all that were missed, and `skip` none:
    it goes on with the first time that is still within its grace. Never a burst.
    """
    if now - next_at <= grace_s:
        return Firing(True, next_at, 0, next_time(rhythm, next_at))
    if misfire == "skip":
        return Firing(False, next_at, 0, next_time(rhythm, now - grace_s))
    missed = sum(1 for _ in _between(rhythm, next_at, now))
    return Firing(True, next_at, missed, next_time(rhythm, now))


def gone_by(rhythm: Rhythm, firing: Firing) -> int:
    """How many times went by without an event of their own, counted up to MISSED_MAX."""
    if firing.fires:
        return firing.missed
    # Its own time, and those up to the next one, which is still to come.
    return sum(1 for _ in _between(rhythm, firing.scheduled_for, firing.next_at))


def event_data(schedule_id: str, firing: Firing, data: bytes) -> bytes:
    """The data of the event: what the hub says of the time, then the schedule's own fields, byte for byte."""
    moment = datetime.fromtimestamp(firing.scheduled_for, UTC).isoformat(timespec="seconds")
    said = {"schedule": schedule_id, "scheduled_for": moment.replace("+00:00", "Z"), "missed": firing.missed}
    head = json.dumps(said, separators=(",", ":")).encode()
    inner = data.strip()[1:-1].strip()
    return head[:-1] + (b"," + inner if inner else b"") + b"}"


def rhythm_errors(cron: str | None, every_s: int | None, time_zone: str) -> list[FieldError]:
    """What is wrong with when it fires."""
    if (cron is None) == (every_s is None):
        return [("cron", "give either cron, such as 0 9 * * 1-5, or every_s")]
    errors: list[FieldError] = []
    if not is_time_zone(time_zone):
        errors.append(("time_zone", "must be the name of a zone, such as Europe/Berlin or UTC"))
    if every_s is None:
        errors += _cron_errors(cron or "")
    elif not EVERY_MIN_S <= every_s <= EVERY_MAX_S:
        errors.append(("every_s", f"must be from {EVERY_MIN_S} to {EVERY_MAX_S} seconds"))
    return errors


def data_errors(data: Any) -> list[FieldError]:
    """What is wrong with the fields that its events carry."""
    if not isinstance(data, dict):
        return [("data", "must be an object")]
    if len(json.dumps(data).encode()) > DATA_MAX_BYTES:
        return [("data", f"is too large: {DATA_MAX_BYTES} bytes are the most")]
    return [(f"data.{name}", "is set by the hub: use another name") for name in OWN_FIELDS if name in data]


def in_words(rhythm: Rhythm) -> str:
    """`At 09:00 on Monday through Friday`, `Every 90 seconds`."""
    if rhythm.every_s is None:
        return str(CronSim(rhythm.cron or "", datetime.fromtimestamp(0, UTC)).explain())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if rhythm.every_s % size == 0:
            count = rhythm.every_s // size
            return f"Every {unit}" if count == 1 else f"Every {count} {unit}s"
    raise AssertionError("seconds divide everything")


def _between(rhythm: Rhythm, after: float, until: float) -> Iterator[float]:
    for moment in islice(times_after(rhythm, after), MISSED_MAX):
        if moment > until:
            return
        yield moment


def _cron_errors(cron: str) -> list[FieldError]:
    if len(cron) > CRON_MAX or len(cron.split()) != 5:
        return [("cron", "must have five fields: minute, hour, day of month, month, day of week")]
    try:
        next(CronSim(cron, datetime.fromtimestamp(0, UTC)))
    except (CronSimError, StopIteration) as error:
        return [("cron", f"cannot be used: {str(error) or 'it never comes'}")]
    return []


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
