"""Hooks as a person looks for them: those that need attention first, by name, state, origin, and what they
want.

Owns the queries behind a page's list, and what is counted and told of many hooks at once, each bounded
however many hooks and deliveries there are. Step before: `operations.overview` says what is looked for.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SQL, Case, Expression, fn

from hub.rules.access import OriginKind
from hub.rules.health import State
from hub.store import models
from hub.store.database import Database
from hub.store.hooks import Hook, hook_of

_RANK: dict[State, int] = {"auto_disabled": 0, "failing": 1, "active": 2, "disabled": 2, "gone": 3}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None and empty mean any."""

    text: str = ""
    """Part of the name or the target."""
    states: Collection[State] = ()
    origin_kind: OriginKind | None = None
    origin_app: str | None = None
    format: str = ""
    hook_ids: Collection[str] | None = None
    """Only these, by what they want."""


def find(database: Database, project_id: int, wanted: Wanted, offset: int, limit: int) -> list[Hook]:
    """Those that need attention first, gone ones last, of the same rank the newest first."""
    table = models.Hook
    rank = Case(table.state, tuple(_RANK.items()))
    query = (
        _matching(database, project_id, wanted).order_by(rank, table.id.desc()).offset(offset).limit(limit)
    )
    return [hook_of(row) for row in query.dicts()]


def count(database: Database, project_id: int, wanted: Wanted) -> int:
    return int(_matching(database, project_id, wanted).count())


def origins(project_id: int) -> dict[str, int]:
    """Origin (`page`, `api`, or an app's key) → how many hooks have it, without those that are gone."""
    table = models.Hook
    rows: Any = (
        table.select(table.origin_kind, table.origin_app, fn.COUNT(SQL("*")))
        .where(table.project_id == project_id, table.deleted_at.is_null(), table.state != "gone")
        .group_by(table.origin_kind, table.origin_app)
        .tuples()
    )
    return {app or kind: int(count) for kind, app, count in rows}


def formats(project_id: int) -> dict[str, int]:
    """Format → how many hooks have it, without those that are gone."""
    table = models.Hook
    rows: Any = (
        table.select(table.format, fn.COUNT(SQL("*")))
        .where(table.project_id == project_id, table.deleted_at.is_null(), table.state != "gone")
        .group_by(table.format)
        .tuples()
    )
    return {key: int(count) for key, count in rows}


def of_apps(project_id: int) -> list[str]:
    """The hooks of apps that have not been told of their end: those off after failures, or gone, have."""
    table = models.Hook
    there = (table.project_id == project_id) & table.deleted_at.is_null() & (table.origin_kind == "app")
    told = table.state.in_(("auto_disabled", "gone"))
    return [row.id for row in table.select(table.id).where(there & ~told)]


def open_counts(database: Database, hook_ids: Sequence[str], most: int) -> dict[str, int]:
    """Hook → its deliveries that wait or are to be tried again, counted up to `most`: an index range each."""
    counts = {}
    for hook_id in hook_ids:
        parts = " UNION ALL ".join(
            f"SELECT * FROM (SELECT 1 FROM delivery WHERE hook_id = ? AND state = '{state}' LIMIT ?) "
            f"AS {state}"
            for state in ("waiting", "retrying")
        )
        sql = f"SELECT count(*) FROM ({parts}) AS found"
        [counted] = database.execute(sql, (hook_id, most, hook_id, most)).fetchone()
        counts[hook_id] = min(int(counted), most)
    return counts


def states(project_ids: Sequence[int]) -> dict[int, dict[State, int]]:
    """Project → state → how many of its hooks are in it, without those that were deleted; from an index
    alone.
    """
    table = models.Hook
    query = table.select(table.project_id, table.state, fn.COUNT(SQL("*")))
    found: Any = (
        query.where(table.project_id.in_(list(project_ids)), table.deleted_at.is_null())
        .group_by(table.project_id, table.state)
        .tuples()
    )
    counts: dict[int, dict[State, int]] = {project_id: {} for project_id in project_ids}
    for project_id, state, count in found:
        counts[project_id][state] = count
    return counts


def next_attempts(failing: Sequence[Hook]) -> dict[str, float | None]:
    """When each of these failing hooks is tried next, as far as that is known: not while its breaker is open,
    nor before something is due. One query; each hook costs one look into an index, whatever waits behind it.
    """
    hook, table = models.Hook, models.Delivery
    first = (
        table.select(table.next_at)
        .where(table.hook_id == hook.id, table.state == "retrying")
        .order_by(table.next_at)
        .limit(1)
    )
    rows: Any = hook.select(hook.id, first).where(hook.id.in_([one.id for one in failing])).tuples()
    due = dict(rows)
    times = {one.id: (one.health.open_until, due.get(one.id)) for one in failing}
    return {
        hook_id: max((at for at in both if at is not None), default=None) for hook_id, both in times.items()
    }


def _matching(database: Database, project_id: int, wanted: Wanted) -> Any:
    table = models.Hook
    query = table.select().where(table.project_id == project_id, table.deleted_at.is_null())
    if wanted.text:
        query = query.where(table.name.contains(wanted.text) | table.target_url.contains(wanted.text))
    if wanted.states:
        query = query.where(table.state.in_(list(wanted.states)))
    if wanted.origin_kind is not None:
        query = query.where(table.origin_kind == wanted.origin_kind)
    if wanted.origin_app is not None:
        query = query.where(table.origin_app == wanted.origin_app)
    if wanted.format:
        query = query.where(table.format == wanted.format)
    if wanted.hook_ids is not None:
        query = query.where(_is_among(database, wanted.hook_ids))
    return query


def _is_among(database: Database, hook_ids: Collection[str]) -> Any:
    """One parameter however many hooks there are: ten thousand of them take peewee longer than the query."""
    column = models.Hook.id
    if database.is_postgresql:
        return Expression(column, "=", SQL("ANY(%s)", [list(hook_ids)]))
    return Expression(column, "IN", SQL("(SELECT value FROM json_each(?))", [json.dumps(list(hook_ids))]))
