"""The audit trail: who changed what, written in the transaction that changes it.

Owns its table, which is append only: there is no function here that changes an entry or deletes one. What is
written never holds the value of a secret.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import peewee

from hub.ids import new_id
from hub.rules.access import Requester
from hub.store import models

HUB = Requester("hookhub")
"""Who does what the hub does by itself."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    id: str
    at: float
    project_id: int | None
    project_key: str | None
    actor: str
    """The name of who did it."""
    token_id: str | None
    action: str
    """Such as `hook.created`."""
    object_id: str
    """The id, key or name of what it was done to."""
    fields: Mapping[str, Any]
    """Changed field → [old, new], or → None where the value is a secret."""
    address: str | None


def add(
    at: float,
    by: Requester,
    action: str,
    object_id: str,
    project_id: int | None = None,
    fields: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry."""
    models.Audit.create(
        id=new_id("aud"),
        at=at,
        project_id=project_id,
        actor=by.name,
        token_id=by.token_id,
        action=action,
        object=object_id,
        fields=json.dumps(dict(fields or {}), default=str),
        address=by.address,
    )


def entries(
    project_id: int | None = None,
    object_id: str | None = None,
    before: str | None = None,
    limit: int = 200,
    actor: str | None = None,
) -> tuple[AuditEntry, ...]:
    """Newest first; of all projects when `project_id` is None; only those older than the entry `before`."""
    table = models.Audit
    query = (
        table.select(table, models.Project.key.alias("project_key"))
        .join(models.Project, peewee.JOIN.LEFT_OUTER, on=(table.project_id == models.Project.id))
        .order_by(table.id.desc())
        .limit(limit)
    )
    if project_id is not None:
        query = query.where(table.project_id == project_id)
    if object_id is not None:
        query = query.where(table.object == object_id)
    if actor is not None:
        query = query.where(table.actor == actor)
    if before is not None:
        query = query.where(table.id < before)
    return tuple(map(_entry, query.objects()))


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(
        row.id,
        row.at,
        row.project_id,
        row.project_key,
        row.actor,
        row.token_id,
        row.action,
        row.object,
        json.loads(row.fields),
        row.address,
    )
