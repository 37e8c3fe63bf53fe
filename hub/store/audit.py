"""The audit trail: who changed what, written in the transaction that changes it.

Owns the rows' shape. Append only: it must never change or delete one, and never be given the value of a
secret.
"""

import json
from typing import Any

from hub.ids import new_id
from hub.rules.access import Requester
from hub.store.models import Audit

HUB = Requester("hookhub")
"""Who does what the hub does by itself."""


def add(
    at: float,
    by: Requester,
    action: str,
    object_id: str,
    project_id: int | None = None,
    fields: dict[str, Any] | None = None,
) -> None:
    """Write one entry. `fields`: changed field → [old, new], or → None where the value is a secret."""
    Audit.create(
        id=new_id("aud"),
        at=at,
        project_id=project_id,
        actor=by.name,
        token_id=by.token_id,
        action=action,
        object=object_id,
        fields=json.dumps(fields or {}, default=str),
        address=by.address,
    )


def entries(project_id: int | None, object_id: str | None, before: str | None, limit: int) -> list[Audit]:
    """Newest first; all projects when `project_id` is None."""
    query = Audit.select().order_by(Audit.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(Audit.project_id == project_id)
    if object_id:
        query = query.where(Audit.object == object_id)
    if before:
        query = query.where(Audit.id < before)
    return list(query)
