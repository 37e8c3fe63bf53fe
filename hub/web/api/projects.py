"""The calls about projects.

Owns their shape. It must never let a change pass without its audit entry, written in the same transaction.
"""

from typing import Any

from pydantic import BaseModel, Field, field_validator

from hub.errors import Conflict, Invalid, NotFound
from hub.rules.catalogue import CATALOGUES
from hub.rules.keys import is_project_key
from hub.store import audit, projects
from hub.store.projects import Project
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input, Name
from hub.web.api.queries import Paged


class ProjectInput(Input):
    key: str
    name: Name = ""
    catalogue: str = "open"

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: str) -> str:
        if not is_project_key(key):
            raise ValueError("must be 2 to 10 upper-case letters and digits, beginning with a letter")
        return key

    @field_validator("catalogue")
    @classmethod
    def _check_catalogue(cls, catalogue: str) -> str:
        if catalogue not in CATALOGUES:
            raise ValueError(f"must be one of {', '.join(CATALOGUES)}")
        return catalogue


class ProjectChange(Input):
    name: Name | None = None
    archived: bool | None = None


class ProjectAnswer(BaseModel):
    key: str
    name: str
    catalogue: str
    archived_at: str | None
    created_at: str


class ProjectQuery(Paged):
    before: str | None = Field(
        None, description="Only projects made before the one of this key: the next page"
    )


def list_projects(request: ApiRequest) -> ApiResponse:
    wanted: ProjectQuery = request.query
    rows = request.services.database.read(
        lambda: projects.find(projects.by_key(wanted.before or ""), wanted.limit)
    )
    return request.page(rows, [_project_answer(row) for row in rows], id_of=lambda row: row.key)


def create_project(request: ApiRequest) -> ApiResponse:
    wanted: ProjectInput = request.body
    database = request.services.database

    def write() -> Project:
        if projects.by_key(wanted.key):
            raise Conflict(f"there is a project {wanted.key} already", errors=[("key", "is taken")])
        now = database.clock.now()
        row = projects.add(wanted.key, wanted.name, wanted.catalogue, now, request.requester.name)
        audit.add(
            now,
            request.requester,
            "project.created",
            wanted.key,
            row.id,
            {"catalogue": [None, wanted.catalogue]},
        )
        return row

    return ApiResponse(_project_answer(database.write(write).result()), 201)


def get_project(request: ApiRequest) -> ApiResponse:
    return ApiResponse(_project_answer(request.services.database.read(lambda: _project(request.path["key"]))))


def change_project(request: ApiRequest) -> ApiResponse:
    wanted: ProjectChange = request.body
    database = request.services.database

    def write() -> Project:
        row = _project(request.path["key"])
        now = database.clock.now()
        if wanted.name is not None and wanted.name != row.name:
            projects.rename(row, wanted.name)
            audit.add(
                now,
                request.requester,
                "project.renamed",
                row.key,
                row.id,
                {"name": [row.name, wanted.name]},
            )
        if wanted.archived is not None and wanted.archived != row.is_archived:
            projects.archive(database, row, wanted.archived, now)
            audit.add(
                now,
                request.requester,
                "project.archived" if wanted.archived else "project.restored",
                row.key,
                row.id,
            )
        return _project(row.key)

    after = database.write(write).result()
    request.callers.forget()
    request.services.wake()
    return ApiResponse(_project_answer(after))


def named_project(key: str | None) -> Project | None:
    if key is None:
        return None
    row = projects.by_key(key)
    if row is None:
        raise Invalid([("project", f"there is no project {key}")])
    return row


def _project(key: str) -> Project:
    row = projects.by_key(key)
    if row is None:
        raise NotFound(f"there is no project {key}", title="No such project")
    return row


def _project_answer(row: Project) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "catalogue": row.catalogue,
        "archived_at": iso_or_none(row.archived_at),
        "created_at": iso(row.created_at),
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/projects", list_projects, "Projects, newest first", _ADMIN, list[ProjectAnswer], query=ProjectQuery,
         is_about_project=False, tag="admin"),
    Call("POST", "/projects", create_project, "Make a project", _ADMIN, ProjectAnswer, 201, ProjectInput, is_about_project=False,
         problems=(409,), tag="admin"),
    Call("GET", "/projects/{key}", get_project, "One project", _ADMIN, ProjectAnswer, is_about_project=False, tag="admin"),
    Call("PATCH", "/projects/{key}", change_project, "Rename, archive or restore a project", _ADMIN, ProjectAnswer, body=ProjectChange,
         is_about_project=False, tag="admin"),
)  # fmt: skip
