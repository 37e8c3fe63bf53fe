"""Projects: made, found, renamed, archived, deleted; and the connectors that are switched on for them.

Owns those two tables. A `Project` is what was true when it was read: other processes change projects too, so
whoever decides something by one reads it in the transaction that acts on it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import peewee
from peewee import fn

from hub.store import hooks, lanes, models, schedules, sources
from hub.store.audit import HUB
from hub.store.database import Database

PAGE_CONNECTOR = "webhooks"
"""The connector of the hooks that people make by hand."""


@dataclass(frozen=True, slots=True)
class Project:
    """A workspace with members, event types and hooks."""

    id: int
    key: str
    name: str
    catalogue: str
    created_at: float
    archived_at: float | None = None

    @property
    def is_archived(self) -> bool:
        """It is read-only and sends nothing."""
        return self.archived_at is not None


def add(key: str, name: str, catalogue: str, now: float, by: str = HUB.name) -> Project:
    """A new project has the page's own connector on, whoever makes it and wherever: people can make hooks in
    it at once.
    """
    row = models.Project.create(key=key, name=name or key, catalogue=catalogue, created_at=now)
    switch_connector(row.id, PAGE_CONNECTOR, True, by, now)
    return _project(row)


def by_key(key: str) -> Project | None:
    if "\0" in key:  # PostgreSQL has no NUL in texts and raises; nothing can be called so
        return None
    return _found((models.Project.key == key) & _is_there())


def by_id(project_id: int) -> Project | None:
    return _found((models.Project.id == project_id) & _is_there())


def named(wanted: Collection[int | str]) -> tuple[Project, ...]:
    """Those with one of these ids or keys."""
    ids = [name for name in wanted if isinstance(name, int)]
    keys = [name for name in wanted if isinstance(name, str) and "\0" not in name]
    table = models.Project
    return tuple(map(_project, table.select().where((table.id << ids) | (table.key << keys), _is_there())))


def find(
    before: Project | None = None, limit: int = 200, keys: Sequence[str] | None = None
) -> tuple[Project, ...]:
    """Newest first; only those made before this one, and with one of these keys when they are given."""
    query = models.Project.select().where(_is_there()).order_by(models.Project.id.desc()).limit(limit)
    if before is not None:
        query = query.where(models.Project.id < before.id)
    if keys is not None:
        query = query.where(models.Project.key.in_(list(keys)))
    return tuple(map(_project, query))


def rename(project: Project, name: str) -> None:
    models.Project.update(name=name).where(models.Project.id == project.id).execute()


def archive(database: Database, project: Project, is_archived: bool, now: float) -> None:
    """An archived project is read-only and sends nothing; its deliveries wait until it comes back
    (docs/roles.md).
    """
    archived_at = now if is_archived else None
    models.Project.update(archived_at=archived_at).where(models.Project.id == project.id).execute()
    if not is_archived:
        lanes.arm_project(database, project.id, now)


def delete(project: Project, now: float) -> None:
    """End it with its hooks, tokens, members and event types; events and deliveries go with the next
    retention.

    Its row stays, and with it its id and its routing version: what other processes keep by them must never be
    taken for another project's. Its key may be given again.
    """
    end = {"deleted_at": now, "archived_at": fn.COALESCE(models.Project.archived_at, now)}
    models.Project.update(end).where(models.Project.id == project.id).execute()
    hooks.delete_all(project.id, now)
    sources.delete_all(project.id, now)
    schedules.delete_all(project.id)
    for table in (models.Token, models.Membership, models.ProjectConnector, models.EventType):
        table.delete().where(table.project == project.id).execute()


def deleted_ids() -> tuple[int, ...]:
    rows = models.Project.select(models.Project.id).where(models.Project.deleted_at.is_null(False))
    return tuple(row.id for row in rows)


def switch_connector(project_id: int, connector: str, is_on: bool, by: str, now: float) -> None:
    table = models.ProjectConnector
    if is_on:
        table.insert(
            project=project_id, connector=connector, enabled_by=by, enabled_at=now
        ).on_conflict_ignore().execute()
    else:
        table.delete().where(table.project == project_id, table.connector == connector).execute()


def connectors(project_id: int) -> frozenset[str]:
    """The keys of the connectors that are on."""
    table = models.ProjectConnector
    rows = table.select(table.connector).where(table.project == project_id)
    return frozenset(row.connector for row in rows)


def _is_there() -> Any:
    return models.Project.deleted_at.is_null()


def _found(condition: peewee.Expression) -> Project | None:
    row = models.Project.get_or_none(condition)
    return None if row is None else _project(row)


def _project(row: models.Project) -> Project:
    return Project(row.id, row.key, row.name, row.catalogue, row.created_at, row.archived_at)
