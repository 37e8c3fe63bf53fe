"""Figures: how many requests succeeded and failed in each hour, how fast they were answered, and how often
each event type came.

Owns small counters that pages read in place of counting a log of millions. They are added up in memory and
written once a second (`engine.result_counts`, `engine.type_counts`), so that neither recording nor publishing
costs more: a crash may lose the last second of them. An hour is a whole number, epoch seconds // 3600.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from peewee import fn

from hub.rules import histogram
from hub.rules.outcome import Outcome
from hub.store import models
from hub.store.database import Database

HOUR_S = 3600
KEPT_HOURS = 24 * 8
"""A week and a day: what pages show, and the day before it to compare with."""
GAUGES_KEPT_HOURS = 24 * 15

_PARTS = tuple(f"within_{part}" for part in range(histogram.PARTS))
_COUNTERS = ("delivered", "failed", *_PARTS)
_ADDED = ", ".join(f"{name} = result_hour.{name} + excluded.{name}" for name in _COUNTERS)
_ADD_RESULTS = (
    f"INSERT INTO result_hour (subject, hour, {', '.join(_COUNTERS)})"
    f" VALUES (?, ?, {', '.join('?' * len(_COUNTERS))}) ON CONFLICT (subject, hour) DO UPDATE SET {_ADDED}"
)
_ADD_EVENTS = (
    "INSERT INTO type_hour (project_id, type, hour, events, deliveries, last_at) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (project_id, type, hour) DO UPDATE SET events = type_hour.events + excluded.events,"
    " deliveries = type_hour.deliveries + excluded.deliveries,"
    " last_at = CASE WHEN excluded.last_at > type_hour.last_at THEN excluded.last_at "
    "ELSE type_hour.last_at END"
)


@dataclass(slots=True)
class Results:
    """The requests of one hour, of a hook or of a whole project."""

    delivered: int = 0
    failed: int = 0
    answers: list[int] = field(default_factory=lambda: [0] * histogram.PARTS)
    """How many successes were answered within which time: see `rules.histogram`."""

    def add(self, outcome: Outcome) -> None:
        if outcome.kind == "success":
            self.delivered += 1
            self.answers[histogram.part_of(outcome.duration_s)] += 1
        elif outcome.kind in ("failure", "gone"):
            self.failed += 1

    def merge(self, other: "Results") -> None:
        self.delivered += other.delivered
        self.failed += other.failed
        self.answers = [mine + theirs for mine, theirs in zip(self.answers, other.answers, strict=True)]

    def within_ms(self, share: float) -> float | None:
        """The time within which this share of the successes was answered."""
        return histogram.quantile_ms(self.answers, share)


ResultsKey = tuple[str, int, int]
"""Hook id, project id and hour."""


@dataclass(frozen=True, slots=True)
class TypeCount:
    """Events of one type in one hour."""

    type: str
    hour: int
    events: int
    deliveries: int
    last_at: float


def hour_of(at: float) -> int:
    return int(at // HOUR_S)


def project_subject(project_id: int) -> str:
    """What the results of a whole project stand under, beside those of its hooks."""
    return f"project-{project_id}"


def gather(into: MutableMapping[ResultsKey, Results], outcomes: Iterable[tuple[str, int, Outcome]]) -> None:
    """Add up finished attempts, to be written later: (hook id, project id, outcome)."""
    for hook_id, project_id, outcome in outcomes:
        key = (hook_id, project_id, hour_of(outcome.ended_at))
        known = into.get(key)
        if known is None:
            known = into[key] = Results()
        known.add(outcome)


def add_gathered(database: Database, gathered: Mapping[ResultsKey, Results]) -> None:
    """Write such sums, of hooks and of their projects. In the caller's transaction."""
    counted: dict[tuple[str, int], Results] = {}
    for (hook_id, project_id, hour), one in gathered.items():
        counted[hook_id, hour] = one
        counted.setdefault((project_subject(project_id), hour), Results()).merge(one)

    # In the order of their keys, so that two processes never wait for each other in a circle.
    rows = [
        (subject, hour, one.delivered, one.failed, *one.answers)
        for (subject, hour), one in sorted(counted.items(), key=lambda item: item[0])
        if one.delivered or one.failed
    ]
    database.executemany(_ADD_RESULTS, rows)


def add_events(database: Database, counts: Mapping[tuple[int, str, int], tuple[int, int, float]]) -> None:
    """Count events: (project id, type, hour) → (events, deliveries, when the last came). In a transaction."""
    rows = [(*key, *value) for key, value in sorted(counts.items())]
    database.executemany(_ADD_EVENTS, rows)


def results(database: Database, subjects: Sequence[str], since_hour: int) -> dict[str, dict[int, Results]]:
    """Subject → hour → its results, of the hours from `since_hour` on; hours without any are left out."""
    if not subjects:
        return {}
    condition, params = database.among("subject", subjects)
    rows = database.execute(
        f"SELECT subject, hour, {', '.join(_COUNTERS)} FROM result_hour WHERE {condition} AND hour >= ?",
        (*params, since_hour),
    ).fetchall()
    found: dict[str, dict[int, Results]] = {}
    for subject, hour, delivered, failed, *answers in rows:
        found.setdefault(subject, {})[hour] = Results(delivered, failed, answers)
    return found


def type_counts(database: Database, project_id: int, since_hour: int) -> list[TypeCount]:
    """Each type and hour of a project from `since_hour` on."""
    rows = database.execute(
        "SELECT type, hour, events, deliveries, last_at FROM type_hour WHERE project_id = ? AND hour >= ?",
        (project_id, since_hour),
    ).fetchall()
    return [TypeCount(*row) for row in rows]


def type_spans(database: Database, project_id: int) -> dict[str, tuple[float, float]]:
    """Type → the beginning of the first hour in which it came, and when it last came."""
    rows = database.execute(
        "SELECT type, MIN(hour), MAX(last_at) FROM type_hour WHERE project_id = ? GROUP BY type",
        (project_id,),
    ).fetchall()
    return {code: (float(first_hour * HOUR_S), float(last_at)) for code, first_hour, last_at in rows}


def event_counts(database: Database, project_ids: Sequence[int], since_hour: int) -> dict[int, int]:
    """Project → how many events came in the hours from `since_hour` on; projects without any are left out."""
    if not project_ids:
        return {}
    condition, params = database.among("project_id", project_ids)
    rows = database.execute(
        f"SELECT project_id, SUM(events) FROM type_hour WHERE {condition} AND hour >= ? GROUP BY project_id",
        (*params, since_hour),
    ).fetchall()
    return {project_id: int(events) for project_id, events in rows}


def set_gauges(database: Database, values: Mapping[str, float], now: float) -> None:
    """Write what figures of the whole server are now, in place of what they were earlier in this hour."""
    database.executemany(
        "INSERT INTO gauge_hour (name, hour, value) VALUES (?, ?, ?)"
        " ON CONFLICT (name, hour) DO UPDATE SET value = excluded.value",
        [(name, hour_of(now), value) for name, value in sorted(values.items())],
    )


def gauges(database: Database, names: Sequence[str], since_hour: int) -> dict[str, dict[int, float]]:
    """Name → hour → value, of the hours from `since_hour` on; hours without one are left out."""
    condition, params = database.among("name", names)
    rows = database.execute(
        f"SELECT name, hour, value FROM gauge_hour WHERE {condition} AND hour >= ?", (*params, since_hour)
    ).fetchall()
    found: dict[str, dict[int, float]] = {name: {} for name in names}
    for name, hour, value in rows:
        found[name][hour] = value
    return found


def forget_over(now: float) -> None:
    """Delete the hours that no page shows any more: a row or two a hook, each hour.

    Of each event type its first and its last hour stay, for "first seen" and "last seen".
    """
    before = hour_of(now) - KEPT_HOURS
    models.ResultHour.delete().where(models.ResultHour.hour < before).execute()
    old, other = models.TypeHour, models.TypeHour.alias()
    same = other.select().where((other.project_id == old.project_id) & (other.type == old.type))
    is_between = fn.EXISTS(same.where(other.hour < old.hour)) & fn.EXISTS(same.where(other.hour > old.hour))
    old.delete().where((old.hour < before) & is_between).execute()
    gauge = models.GaugeHour
    gauge.delete().where(gauge.hour < hour_of(now) - GAUGES_KEPT_HOURS).execute()
