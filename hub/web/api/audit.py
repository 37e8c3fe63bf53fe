"""The call about the audit trail: who changed what. Reading only."""

from typing import Any

from pydantic import BaseModel, Field

from hub.store import audit
from hub.store.audit import AuditEntry
from hub.timestamps import iso
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.projects import named_project
from hub.web.api.queries import Paged, before_id


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


class AuditQuery(Paged):
    before: str | None = before_id("aud")
    project: str | None = Field(None, description="Only of this project")
    object: str | None = Field(None, description="Only about this id, key or name")


def list_audit(request: ApiRequest) -> ApiResponse:
    wanted: AuditQuery = request.query

    def read() -> ApiResponse:
        project = named_project(wanted.project)
        rows = audit.entries(project.id if project else None, wanted.object, wanted.before, wanted.limit)
        return request.page(rows, [_audit_answer(row) for row in rows])

    return request.services.database.read(read)


def _audit_answer(row: AuditEntry) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": iso(row.at),
        "project": row.project_key,
        "actor": row.actor,
        "token_id": row.token_id,
        "action": row.action,
        "object": row.object_id,
        "fields": dict(row.fields),
        "address": row.address,
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/audit", list_audit, "Who changed what, newest first", _ADMIN, list[AuditAnswer], query=AuditQuery,
         is_about_project=False, tag="admin"),
)  # fmt: skip
