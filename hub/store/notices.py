"""Notices: what people should know of.

Owns that table. There is one open row a subject: what happens to it again changes that row, in the
transaction that changes its state, so that nothing is told that was rolled back. A row that is closed before
anybody was told is told to nobody. Step before: `engine.hook_states`, `engine.due`, `store.deliveries`. Step
after: `engine.notices` mails, `operations.notices` lists; `notice_choices` knows who wants to be told.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from hub.rules.notices import FAILING_S, PASSING, REFUSALS_MIN, REFUSES_S, Kind
from hub.store import broker_connections, models
from hub.store.database import Database

REASON_MAX = 500
DAY_S = 86_400.0
FORGET_S = 30 * DAY_S
LIST_MAX = 200
GRACE_S = 600.0
"""A source is set up by trying: so long after it was made nobody is told of refusals."""

_OPEN = (
    "INSERT INTO notice (kind, project_id, subject_id, open_key, first_at, last_at, news_at, count, reason)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (open_key) DO UPDATE SET"
    " told_at = CASE WHEN notice.kind = excluded.kind THEN notice.told_at END,"
    " news_at = CASE WHEN notice.kind = excluded.kind THEN notice.news_at ELSE excluded.news_at END,"
    " count = CASE WHEN notice.kind = excluded.kind THEN notice.count ELSE 0 END + excluded.count,"
    " kind = excluded.kind, last_at = excluded.last_at,"
    " reason = excluded.reason"
)


@dataclass(frozen=True, slots=True)
class Notice:
    id: int
    kind: Kind
    project_id: int | None
    project_key: str | None
    subject_id: str
    title: str
    """What the subject is called."""
    first_at: float
    last_at: float
    news_at: float
    count: int
    reason: str
    next_at: float | None
    """When the hook is tried next."""
    told_at: float | None
    closed_at: float | None
    maker: str | None = None
    """Who made the hook by hand."""


def tell(
    database: Database,
    kind: Kind,
    key: str,
    project_id: int | None,
    subject_id: str,
    reason: str,
    now: float,
    *,
    count: int = 1,
    after_s: float = 0.0,
) -> None:
    """Something happened to a subject, whose open notice `key` names; it is news `after_s` from now."""
    values = (kind, project_id, subject_id, key, now, now, now + after_s, count, reason[:REASON_MAX])
    database.execute(_OPEN, values)


def hook_changed(
    database: Database, hook_id: str, project_id: int, before: str, after: str, reason: str, now: float
) -> None:
    """A hook is in another state; nobody is told what a person has done by hand."""
    key = f"hook:{hook_id}"
    if after in ("gone", "auto_disabled"):
        kind: Kind = "gone" if after == "gone" else "auto_disabled"
        tell(database, kind, key, project_id, hook_id, reason, now)
    elif after == "failing":
        tell(database, "failing", key, project_id, hook_id, reason, now, after_s=FAILING_S)
    elif before == "failing" and after == "active":
        _recovered(database, key, now)
    else:
        close(database, [key], now)


def count_failed(database: Database, failed: Mapping[tuple[str, int], tuple[int, str]], now: float) -> None:
    """Deliveries were given up: (hook id, project id) → how many, and why the last one."""
    day = int(now // DAY_S)
    for (hook_id, project_id), (count, reason) in sorted(failed.items()):
        key = f"failed:{hook_id}:{day}"
        tell(database, "deliveries_failed", key, project_id, hook_id, reason, now, count=count)


def close(database: Database, keys: Iterable[str], now: float) -> None:
    """These subjects need nobody any more; what nobody should have known yet is forgotten."""
    for key in keys:
        database.execute("DELETE FROM notice WHERE open_key = ? AND news_at > ?", (key, now))
        database.execute("UPDATE notice SET closed_at = ?, open_key = NULL WHERE open_key = ?", (now, key))


def close_subject(subject_id: str, now: float) -> None:
    """All of a subject that is deleted."""
    table = models.Notice
    update = table.update(closed_at=now, open_key=None)
    update.where(table.subject_id == subject_id, table.open_key.is_null(False)).execute()


def _recovered(database: Database, key: str, now: float) -> None:
    """Told only to people who know that it failed."""
    row = database.execute(
        "SELECT kind, told_at, project_id, subject_id FROM notice WHERE open_key = ?", (key,)
    ).fetchone()
    if row is None or row[0] == "recovered":
        return
    _, told_at, project_id, subject_id = row
    if told_at is None:
        close(database, [key], now)
    else:
        tell(database, "recovered", key, project_id, subject_id, "", now, count=0)


def look_at_sources(database: Database, now: float) -> None:
    """Open a notice for each source that refuses everything, close that of one that takes something again."""
    table = models.Source
    refuses = (
        table.is_on
        & table.deleted_at.is_null()
        & (table.refused >= REFUSALS_MIN)
        & (table.last_refused_at > now - REFUSES_S)
        & (table.last_event_at.is_null() | (table.last_event_at < now - REFUSES_S))
        & (table.created_at < now - GRACE_S)
    )
    found = {row.id: row for row in table.select().where(refuses)}
    known = {
        row.subject_id for row in models.Notice.select().where(models.Notice.open_key.startswith("source:"))
    }
    for source_id in sorted(found.keys() - known):
        row = found[source_id]
        reason = row.last_refused_reason or ""
        tell(database, "source_refuses", f"source:{source_id}", row.project_id, source_id, reason, now)
    close(database, [f"source:{one}" for one in sorted(known - found.keys())], now)


def look_at_connections(database: Database, now: float) -> None:
    """Open a notice for each connection to a broker that cannot be used and that hooks send through, close
    that of one that works again: one notice, however many hooks.
    """
    found = {
        one.id: one
        for one in broker_connections.find(limit=LIST_MAX)
        if one.last_error is not None and broker_connections.hooks_on(one.name)
    }
    open_keys = models.Notice.select(models.Notice.open_key).where(models.Notice.kind == "connection")
    known = {str(row.open_key) for row in open_keys.where(models.Notice.open_key.is_null(False))}
    for connection_id, one in sorted(found.items()):
        if f"connection:{connection_id}" not in known:
            key, reason = f"connection:{connection_id}", one.last_error or ""
            tell(database, "connection", key, None, connection_id, reason, now)
    close(database, sorted(known - {f"connection:{one}" for one in found}), now)


def tidy(now: float) -> None:
    """Close what has passed, forget what is old."""
    table = models.Notice
    is_over = table.kind.in_(PASSING) & (table.last_at < now - DAY_S)
    is_old = table.last_at < now - FORGET_S
    update = table.update(closed_at=now, open_key=None)
    update.where(table.open_key.is_null(False), is_over | is_old).execute()
    table.delete().where(table.closed_at < now - FORGET_S).execute()


def find(
    now: float,
    *,
    project_ids: Collection[int] | None,
    maker: str | None = None,
    is_admin: bool = False,
    open_only: bool = True,
    before: int | None = None,
    limit: int = LIST_MAX,
) -> tuple[Notice, ...]:
    """Those that are news now, the newest first: of these projects (None: of all), and of hooks that `maker`
    made; those of the hub itself for administrators.
    """
    table = models.Notice
    query = joined().where(table.news_at <= now)
    seen = seen_by(project_ids, maker, is_admin)
    if seen is not None:
        query = query.where(seen)
    if open_only:
        query = query.where(table.open_key.is_null(False))
    if before is not None:
        query = query.where(table.id < before)
    return tuple(_notice(row) for row in query.order_by(table.id.desc()).limit(limit).dicts())


def mark_told(notice_ids: Collection[int], now: float) -> None:
    table = models.Notice
    table.update(told_at=now).where(table.id.in_(list(notice_ids)), table.told_at.is_null()).execute()


def joined() -> Any:
    """Notices with what they are about."""
    notice, project, hook, source, schedule, connection = (
        models.Notice,
        models.Project,
        models.Hook,
        models.Source,
        models.Schedule,
        models.BrokerConnection,
    )
    return (
        notice.select(
            notice,
            project.key.alias("project_key"),
            hook.name.alias("hook_name"),
            hook.created_by.alias("maker"),
            hook.origin_kind.alias("origin_kind"),
            hook.open_until.alias("next_at"),
            source.name.alias("source_name"),
            schedule.name.alias("schedule_name"),
            connection.name.alias("connection_name"),
        )
        .join(project, JOIN.LEFT_OUTER, on=(project.id == notice.project_id))
        .join(hook, JOIN.LEFT_OUTER, on=(hook.id == notice.subject_id))
        .join(source, JOIN.LEFT_OUTER, on=(source.id == notice.subject_id))
        .join(schedule, JOIN.LEFT_OUTER, on=(schedule.id == notice.subject_id))
        .join(connection, JOIN.LEFT_OUTER, on=(connection.id == notice.subject_id))
        .where(project.deleted_at.is_null())
    )


def seen_by(project_ids: Collection[int] | None, maker: str | None, is_admin: bool) -> Any:
    """Which notices somebody sees; None: all."""
    table = models.Notice
    if project_ids is None and is_admin:
        return None
    allowed: Any = (
        table.project_id.is_null(False) if project_ids is None else table.project_id.in_(list(project_ids))
    )
    if maker is not None:
        allowed = allowed | ((models.Hook.created_by == maker) & (models.Hook.origin_kind == "page"))
    return allowed | table.kind.in_(("hub", "connection")) if is_admin else allowed


def _notice(row: Mapping[str, Any]) -> Notice:
    names = (row[f"{one}_name"] for one in ("hook", "source", "schedule", "connection"))
    title = next(filter(None, names), row["subject_id"])
    return Notice(
        row["id"],
        row["kind"],
        row["project_id"],
        row["project_key"],
        row["subject_id"],
        title,
        row["first_at"],
        row["last_at"],
        row["news_at"],
        row["count"],
        row["reason"],
        row["next_at"] if row["kind"] == "failing" else None,
        row["told_at"],
        row["closed_at"],
        row["maker"] if row["origin_kind"] == "page" else None,
    )
