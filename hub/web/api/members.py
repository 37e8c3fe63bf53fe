"""The calls about a project's members: their shape. What they do is `operations.members`'."""

from typing import Any

from pydantic import BaseModel

from hub.operations.members import Member
from hub.rules.access import Role
from hub.store.projects import Project
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input


class MemberInput(Input):
    role: Role


class MemberAnswer(BaseModel):
    name: str
    role: Role


class MemberDeleted(BaseModel):
    name: str
    deleted: bool


def list_members(request: ApiRequest) -> ApiResponse:
    found = request.services.members.list(request.requester, _project(request))
    return ApiResponse([_answer(one) for one in found])


def update_member(request: ApiRequest) -> ApiResponse:
    wanted: MemberInput = request.body
    updated = request.services.members.update(
        request.requester, _project(request), request.path["name"], wanted.role
    )
    return ApiResponse(_answer(updated))


def delete_member(request: ApiRequest) -> ApiResponse:
    name = request.path["name"]
    request.services.members.delete(request.requester, _project(request), name)
    return ApiResponse({"name": name, "deleted": True})


def _project(request: ApiRequest) -> Project:
    return request.services.projects.get(request.requester, request.path["key"])


def _answer(member: Member) -> dict[str, Any]:
    return {"name": member.user.name, "role": member.role}


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/projects/{key}/members", list_members, "Who has which role in a project", _ADMIN,
         list[MemberAnswer], is_about_project=False, tag="admin"),
    Call("PUT", "/projects/{key}/members/{name}", update_member, "Give a user a role in a project", _ADMIN,
         MemberAnswer, body=MemberInput, is_about_project=False, tag="admin"),
    Call("DELETE", "/projects/{key}/members/{name}", delete_member, "Take a user's role in a project away",
         _ADMIN, MemberDeleted, is_about_project=False, tag="admin"),
)  # fmt: skip
