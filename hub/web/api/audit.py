"""The call about the audit trail: who changed what. Reading only."""

import json
from typing import Any

from pydantic import BaseModel

from hub.store import audit, projects
from hub.store.models import Audit
from hub.timestamps import iso
from hub.web.api.calls import BEFORE, LIMIT, ApiRequest, ApiResponse, Call, Parameter
from hub.web.api.projects import named_project


class AuditAnswer(BaseModel):
    id: str
    at: str
    project: str | None
    actor: str
    token_id: str | None
    action: str
    object: str
    fields: dict[str, Any]
    address: str | None


def list_audit(request: ApiRequest) -> ApiResponse:
    def read() -> ApiResponse:
        project = named_project(request.query.get("project"))
        rows = audit.entries(
            project.id if project else None,
            request.query.get("object"),
            request.query.get("before"),
            request.limit,
        )
        keys = {
            row.id: str(row.key)
            for row in projects.by_ids({row.project_id for row in rows if row.project_id is not None})
        }
        return request.page(rows, [_audit_answer(row, keys) for row in rows])

    return request.services.database.read(read)


def _audit_answer(row: Audit, keys: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": iso(row.at),
        "project": keys.get(row.project_id) if row.project_id is not None else None,
        "actor": row.actor,
        "token_id": row.token_id,
        "action": row.action,
        "object": row.object,
        "fields": json.loads(str(row.fields)),
        "address": row.address,
    }


_ADMIN = ("admin",)
_OBJECT = Parameter("object", "Only about this id, key or name")
_PROJECT = Parameter("project", "Only of this project")

CALLS = (
    Call("GET", "/audit", list_audit, "Who changed what, newest first", _ADMIN, list[AuditAnswer], query=(_PROJECT, _OBJECT, LIMIT, BEFORE),
         is_about_project=False, tag="admin"),
)  # fmt: skip
