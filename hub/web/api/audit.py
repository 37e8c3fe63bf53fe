"""The call about the audit trail: its shape. Reading only."""

from typing import Any

from pydantic import BaseModel, Field

from hub.store.audit import AuditEntry
from hub.timestamps import iso
from hub.web.api.calls import ApiRequest, ApiResponse, Call
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
    actor: str | None = Field(None, description="Only what this name did; what the hub did itself: hookhub")
    object: str | None = Field(None, description="Only about this id, key or name")


def list_audit(request: ApiRequest) -> ApiResponse:
    wanted: AuditQuery = request.query
    found = request.services.audit.list(
        request.requester,
        project_key=wanted.project,
        object_id=wanted.object,
        actor=wanted.actor,
        before=wanted.before,
        limit=wanted.limit,
    )
    return request.page(found, [_answer(one) for one in found])


def _answer(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": iso(entry.at),
        "project": entry.project_key,
        "actor": entry.actor,
        "token_id": entry.token_id,
        "action": entry.action,
        "object": entry.object_id,
        "fields": dict(entry.fields),
        "address": entry.address,
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/audit", list_audit, "Who changed what, newest first", _ADMIN, list[AuditAnswer],
         query=AuditQuery, is_about_project=False, tag="admin"),
)  # fmt: skip
