"""The calls about users and their roles in projects.

Owns their shape. It must never answer with a password, nor let a change pass without its audit entry.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from hub.errors import Conflict, Invalid, NotFound
from hub.rules import people as people_rule
from hub.rules.access import Role
from hub.store import audit, users
from hub.store.projects import Project
from hub.store.users import User
from hub.timestamps import iso
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input, Text
from hub.web.api.projects import named_project
from hub.web.api.queries import Paged


def _name(text: str) -> str:
    if reason := people_rule.name_error(text):
        raise ValueError(reason)
    return text


class UserInput(Input):
    name: Annotated[Text, Field(min_length=1, max_length=people_rule.NAME_MAX), AfterValidator(_name)]
    password: Annotated[Text, Field(min_length=10, max_length=1000)] | None = None
    admin: bool = False
    project: Text | None = None
    role: Role | None = None


class UserChange(Input):
    password: Annotated[Text, Field(min_length=10, max_length=1000)] | None = None
    project: Text | None = None
    role: Role | None = None


class UserAnswer(BaseModel):
    name: str
    admin: bool
    roles: dict[str, Role]
    created_at: str


class UserQuery(Paged):
    before: str | None = Field(None, description="Only users made before the one of this name: the next page")


def list_users(request: ApiRequest) -> ApiResponse:
    wanted: UserQuery = request.query

    def read() -> ApiResponse:
        rows = users.find(users.by_name(wanted.before or ""), wanted.limit)
        return request.page(rows, [_user_answer(row) for row in rows], id_of=lambda row: row.name)

    return request.services.database.read(read)


def create_user(request: ApiRequest) -> ApiResponse:
    wanted: UserInput = request.body
    database = request.services.database
    _check_role(wanted.project, wanted.role)
    password_hash = users.hashed(wanted.password) if wanted.password else None

    def write() -> dict[str, Any]:
        if users.by_name(wanted.name):
            raise Conflict(f"there is a user {wanted.name} already", errors=[("name", "is taken")])
        now = database.clock.now()
        project = named_project(wanted.project)
        row = users.add(wanted.name, password_hash, wanted.admin, now)
        audit.add(now, request.requester, "user.created", wanted.name, fields={"admin": [None, wanted.admin]})
        _set_role(request, row, project, wanted.role, now)
        return _user_answer(_user(row.name))

    return ApiResponse(database.write(write).result(), 201)


def change_user(request: ApiRequest) -> ApiResponse:
    wanted: UserChange = request.body
    database = request.services.database
    _check_role(wanted.project, wanted.role)
    password_hash = users.hashed(wanted.password) if wanted.password else None

    def write() -> dict[str, Any]:
        row = _user(request.path["name"])
        now = database.clock.now()
        if password_hash is not None:
            users.set_password(row, password_hash)
            audit.add(now, request.requester, "user.password_set", row.name, fields={"password": None})
        _set_role(request, row, named_project(wanted.project), wanted.role, now)
        return _user_answer(_user(row.name))

    return ApiResponse(database.write(write).result())


def _user(name: str) -> User:
    found = users.by_name(name)
    if found is None:
        raise NotFound("there is no such user", title="No such user")
    return found


def _check_role(project: str | None, role: str | None) -> None:
    if (project is None) != (role is None):
        missing = "role" if role is None else "project"
        raise Invalid([(missing, "is missing: project and role go together")])


def _set_role(request: ApiRequest, who: User, project: Project | None, role: Role | None, now: float) -> None:
    if project is not None and role is not None:
        old = who.roles.get(project.key)
        users.set_role(who, project, role)
        audit.add(now, request.requester, "member.role_set", who.name, project.id, {"role": [old, role]})


def _user_answer(row: User) -> dict[str, Any]:
    return {
        "name": row.name,
        "admin": row.is_admin,
        "roles": dict(row.roles),
        "created_at": iso(row.created_at),
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/users", list_users, "Users, newest first", _ADMIN, list[UserAnswer], query=UserQuery,
         is_about_project=False, tag="admin"),
    Call("POST", "/users", create_user, "Make a user", _ADMIN, UserAnswer, 201, UserInput, is_about_project=False, problems=(409,),
         tag="admin"),
    Call("PATCH", "/users/{name}", change_user, "Set a user's password or role", _ADMIN, UserAnswer, body=UserChange,
         is_about_project=False, tag="admin"),
)  # fmt: skip
