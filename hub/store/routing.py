"""Routing: who wants what in a project, and the version by which tables in memory are kept true.

Owns the project's routing version: each change of what a hook wants, or of whether it gets anything, raises
it, and the hook's row keeps the number. Everything but `refresh` and `OwnEvents` changes rows, inside the
caller's transaction. Step before: `hooks` changes one. Step after: `engine.intake` asks the tables.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from hub.rules import filters, pace
from hub.rules.facts import Facts
from hub.rules.filters import Filter, Unreadable
from hub.rules.health import ROUTED
from hub.rules.matching import RoutingTable
from hub.rules.pace import Entry
from hub.store import models
from hub.store.models import Hook, Project

log = logging.getLogger("hub.store.routing")


def next_version(project_id: int) -> int:
    """Raise the project's routing version; the row lock puts concurrent changes in order."""
    rows = (
        Project.update(routing_version=Project.routing_version + 1)
        .where(Project.id == project_id)
        .returning(Project.routing_version)
        .execute()
    )
    return int(next(iter(rows)).routing_version)


def end(hook_ids: Iterable[str], project_id: int) -> None:
    """After an outcome ended subscriptions: no more deliveries for them."""
    Hook.update(routing=next_version(project_id)).where(Hook.id.in_(list(hook_ids))).execute()


def refresh(table: RoutingTable, project_id: int) -> None:
    """Bring a routing table up to the project's version, reading only the hooks that have changed since."""
    version = _version(project_id)
    if version == table.version:
        return
    columns = (Hook.id, Hook.events, Hook.filter_rows, Hook.pace, Hook.state, Hook.deleted_at)
    changed = Hook.select(*columns).where(Hook.project_id == project_id, Hook.routing > table.version)
    # As tuples: rows of a hundred thousand hooks would keep a publisher waiting for seconds.
    rows: Any = changed.tuples()
    for hook_id, wanted, filter_rows, own, state, deleted_at in rows:
        is_routed = state in ROUTED and deleted_at is None
        only_if = _filter_of(filter_rows)
        if isinstance(only_if, Unreadable) and is_routed:
            log.error("fault of the hub: hook %s is held, %s", hook_id, only_if.reason)
        entry = pace.entry_of(pace.stored(own))
        table.put(hook_id, _patterns(wanted) if is_routed else (), only_if, entry)
    table.version = version


def _version(project_id: int) -> int:
    """By a statement written by hand: each commit of events asks."""
    sql = f"SELECT routing_version FROM project WHERE id = {models.database.param}"
    row = models.database.execute_sql(sql, (project_id,)).fetchone()
    return int(row[0]) if row else 0


class OwnEvents:
    """Who wants the hub's own events about hooks, as one transaction sees it. A project's hooks are read
    once, of however many of them there is something to tell.
    """

    def __init__(self) -> None:
        self._tables: dict[int, RoutingTable] = {}
        self._apps: dict[str, str] = {}
        """Hook id → the app that made it, of those that an app made."""

    def wanting(
        self, project_id: int, facts: Facts, about_hook_id: str
    ) -> tuple[list[str], Mapping[str, Entry]]:
        """The hooks that want this event about a hook, oldest first. With how it enters the queues of those
        that do not take it at once.

        Not the hook itself, and no other app's: an app must not learn of another's hooks (docs/roles.md).
        """
        if project_id not in self._tables:
            self._tables[project_id] = self._read(project_id)
        found = self._tables[project_id].candidates(facts.type)
        wanting = [hook_id for hook_id in found.wanting(facts) if hook_id != about_hook_id]
        if any(hook_id in self._apps for hook_id in wanting):
            own = Hook.select(Hook.origin_app).where(Hook.id == about_hook_id).scalar()
            wanting = [hook_id for hook_id in wanting if self._apps.get(hook_id, own) == own]
        return wanting, found.entries

    def _read(self, project_id: int) -> RoutingTable:
        rows = (
            Hook.select(Hook.id, Hook.events, Hook.filter_rows, Hook.pace, Hook.origin_kind, Hook.origin_app)
            .where(Hook.project_id == project_id, Hook.events.contains('"hook.'))
            .where(Hook.state.in_(ROUTED), Hook.deleted_at.is_null())
        )
        table = RoutingTable()
        for hook in rows:
            entry = pace.entry_of(pace.stored(hook.pace))
            table.put(str(hook.id), _patterns(hook.events), _filter_of(hook.filter_rows), entry)
            if hook.origin_kind == "app":
                self._apps[str(hook.id)] = str(hook.origin_app)
        return table


def _filter_of(filter_rows: str | None) -> Filter | Unreadable | None:
    return None if filter_rows is None else filters.stored(filter_rows)


@lru_cache(1_000)
def _patterns(wanted: str) -> tuple[str, ...]:
    """Kept, because many hooks want the same."""
    return tuple(json.loads(wanted))
