"""Projects: made, found, archived; and the connectors that are switched on for them.

Owns those two tables. It must never remember a project from one call to the next: other processes change them
too.
"""

from dataclasses import dataclass

from hub.store import lanes
from hub.store.audit import HUB
from hub.store.database import Database
from hub.store.models import Project, ProjectConnector


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project as the layers above the store pass it on."""

    id: int
    key: str
    name: str
    catalogue: str
    is_archived: bool


def info_of(row: Project) -> ProjectInfo:
    return ProjectInfo(
        int(row.id), str(row.key), str(row.name), str(row.catalogue), row.archived_at is not None
    )


def add(key: str, name: str, catalogue: str, now: float, by: str = HUB.name) -> Project:
    """A new project has the page's own connector on, whoever makes it and wherever: people can make hooks in
    it at once.
    """
    made: Project = Project.create(key=key, name=name or key, catalogue=catalogue, created_at=now)
    switch_connector(made.id, "webhooks", True, by, now)
    return made


def by_key(key: str) -> Project | None:
    if "\0" in key:  # PostgreSQL has no NUL in texts and raises; nothing can be called so
        return None
    found: Project | None = Project.get_or_none(Project.key == key)
    return found


def by_id(project_id: int) -> Project | None:
    found: Project | None = Project.get_or_none(Project.id == project_id)
    return found


def by_ids(project_ids: set[int]) -> list[Project]:
    return list(Project.select().where(Project.id.in_(sorted(project_ids)))) if project_ids else []


def rename(project: Project, name: str) -> None:
    Project.update(name=name).where(Project.id == project.id).execute()


def every(before: str | None = None, limit: int = 200) -> list[Project]:
    """Newest first; `before` is a key."""
    query = Project.select().order_by(Project.id.desc()).limit(limit)
    if before and (last := by_key(before)):
        query = query.where(Project.id < last.id)
    return list(query)


def archive(database: Database, project: Project, is_archived: bool, now: float) -> None:
    """An archived project is read-only and sends nothing; its deliveries wait until it comes back (contract
    §9).
    """
    Project.update(archived_at=now if is_archived else None).where(Project.id == project.id).execute()
    if not is_archived:
        lanes.arm_project(database, project.id, now)


def switch_connector(project_id: int, connector: str, is_on: bool, by: str, now: float) -> None:
    if is_on:
        ProjectConnector.insert(
            project=project_id, connector=connector, enabled_by=by, enabled_at=now
        ).on_conflict_ignore().execute()
    else:
        ProjectConnector.delete().where(
            ProjectConnector.project == project_id, ProjectConnector.connector == connector
        ).execute()


def connectors(project_id: int) -> set[str]:
    """The keys of the connectors that are on."""
    rows = ProjectConnector.select(ProjectConnector.connector).where(ProjectConnector.project == project_id)
    return {str(row.connector) for row in rows}
