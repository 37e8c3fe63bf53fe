"""Hooks as a person looks for them: those that need attention first, by name, state, origin, and what they want.

Owns the queries behind a page's list, each bounded however many hooks and deliveries there are. Step before:
`operations.overview` says what is looked for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import Case

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
    hook_ids: Collection[str] | None = None
    """Only these, by what they want."""


def find(project_id: int, wanted: Wanted, offset: int, limit: int) -> list[Hook]:
    """Those that need attention first, gone ones last, of the same rank the newest first."""
    table = models.Hook
    rank = Case(table.state, tuple(_RANK.items()))
    query = _matching(project_id, wanted).order_by(rank, table.id.desc()).offset(offset).limit(limit)
    return [hook_of(row) for row in query]


def count(project_id: int, wanted: Wanted) -> int:
    return int(_matching(project_id, wanted).count())


def open_counts(database: Database, hook_ids: Sequence[str], most: int) -> dict[str, int]:
    """Hook → its deliveries that wait or are to be tried again, counted up to `most`: an index range each."""
    counts = {}
    for hook_id in hook_ids:
        parts = " UNION ALL ".join(
            f"SELECT * FROM (SELECT 1 FROM delivery WHERE hook_id = ? AND state = '{state}' LIMIT ?) AS {state}"
            for state in ("waiting", "retrying")
        )
        sql = f"SELECT count(*) FROM ({parts}) AS found"
        [counted] = database.execute(sql, (hook_id, most, hook_id, most)).fetchone()
        counts[hook_id] = min(int(counted), most)
    return counts


def _matching(project_id: int, wanted: Wanted) -> Any:
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
    if wanted.hook_ids is not None:
        query = query.where(table.id.in_(list(wanted.hook_ids)))
    return query
