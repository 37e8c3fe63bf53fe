"""The calls about projects: their shape. What they do is `operations.projects`'."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.rules import keys
from hub.rules.catalogue import CATALOGUES, OPEN
from hub.store.projects import Project
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input, ProjectKey, documented
from hub.web.api.queries import Paged

_PRINTED = r"^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
Label = Annotated[str, documented(maxLength=keys.LABEL_MAX, pattern=_PRINTED)]
"""What people see of a project or token."""


class ProjectInput(Input):
    key: ProjectKey
    name: Label = ""
    catalogue: Annotated[str, Field(json_schema_extra={"enum": list(CATALOGUES)})] = OPEN


class ProjectChange(Input):
    name: Label | None = None
    archived: bool | None = None


class ProjectAnswer(BaseModel):
    key: str
    name: str
    catalogue: str
    archived_at: str | None
    created_at: str


class ProjectDeleted(BaseModel):
    key: str
    deleted: bool


class ProjectQuery(Paged):
    before: str | None = Field(
        None, description="Only projects made before the one of this key: the next page"
    )


def list_projects(request: ApiRequest) -> ApiResponse:
    wanted: ProjectQuery = request.query
    found = request.services.projects.list(request.requester, wanted.before, wanted.limit)
    return request.page(found, [_answer(one) for one in found], id_of=lambda one: one.key)


def create_project(request: ApiRequest) -> ApiResponse:
    wanted: ProjectInput = request.body
    made = request.services.projects.create(request.requester, wanted.key, wanted.name, wanted.catalogue)
    return ApiResponse(_answer(made), 201)


def get_project(request: ApiRequest) -> ApiResponse:
    return ApiResponse(_answer(request.services.projects.get(request.requester, request.path["key"])))


def update_project(request: ApiRequest) -> ApiResponse:
    wanted: ProjectChange = request.body
    updated = request.services.projects.update(
        request.requester, request.path["key"], name=wanted.name, is_archived=wanted.archived
    )
    return ApiResponse(_answer(updated))


def delete_project(request: ApiRequest) -> ApiResponse:
    key = request.path["key"]
    request.services.projects.delete(request.requester, key)
    return ApiResponse({"key": key, "deleted": True})


def _answer(project: Project) -> dict[str, Any]:
    return {
        "key": project.key,
        "name": project.name,
        "catalogue": project.catalogue,
        "archived_at": iso_or_none(project.archived_at),
        "created_at": iso(project.created_at),
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/projects", list_projects, "Projects, newest first", _ADMIN, list[ProjectAnswer],
         query=ProjectQuery, is_about_project=False, tag="admin"),
    Call("POST", "/projects", create_project, "Make a project", _ADMIN, ProjectAnswer, 201, ProjectInput,
         is_about_project=False, problems=(409,), tag="admin"),
    Call("GET", "/projects/{key}", get_project, "One project", _ADMIN, ProjectAnswer, is_about_project=False,
         tag="admin"),
    Call("PATCH", "/projects/{key}", update_project, "Rename, archive or restore a project", _ADMIN,
         ProjectAnswer, body=ProjectChange, is_about_project=False, tag="admin"),
    Call("DELETE", "/projects/{key}", delete_project, "End a project with its hooks, tokens and members",
         _ADMIN, ProjectDeleted, is_about_project=False, tag="admin"),
)  # fmt: skip
