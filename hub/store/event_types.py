"""Event types that an open project has seen or declared; a catalogue's types are no rows.

Owns that table. Step before: `intake` has seen a new type, or `operations.event_types` declares one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.store import models

LISTED_MAX = 2_000
"""Types of one project that are brought into memory at once: an open project has as many as anybody
publishes.
"""


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of a project; `name` and `description` are empty until somebody declares them."""

    code: str
    name: str
    description: str
    is_declared: bool
    created_at: float


def remember(project_id: int, codes: Iterable[str], now: float) -> None:
    """List types that were published for the first time; those that are listed stay as they are."""
    rows = [{"project": project_id, "code": code, "created_at": now} for code in sorted(codes)]
    if rows:
        models.EventType.insert_many(rows).on_conflict_ignore().execute()


def declare(project_id: int, code: str, name: str, description: str, now: float) -> None:
    """Say what a type is about, before or after it was first published."""
    table = models.EventType
    words = {table.name: name, table.description: description, table.is_declared: True}
    table.insert(
        project=project_id, code=code, name=name, description=description, is_declared=True, created_at=now
    ).on_conflict(conflict_target=[table.project, table.code], update=words).execute()


def find(project_id: int, first: int = 0, limit: int = LISTED_MAX) -> list[EventType]:
    """By code, from the `first` on."""
    table = models.EventType
    rows = table.select().where(table.project == project_id).order_by(table.code).offset(first).limit(limit)
    return [
        EventType(row.code, row.name, row.description, bool(row.is_declared), row.created_at) for row in rows
    ]


def count(project_id: int) -> int:
    return int(models.EventType.select().where(models.EventType.project == project_id).count())
