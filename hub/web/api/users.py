"""The calls about users and their roles in projects: their shape. What they do is `operations.users`'."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.rules.access import Role
from hub.rules.people import EMAIL_MAX, NAME_MAX, PASSWORD_MAX, PASSWORD_MIN
from hub.store.users import User
from hub.timestamps import iso
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input, ProjectKey, Text, documented
from hub.web.api.queries import Paged

Password = Annotated[
    Text,
    Field(json_schema_extra={"minLength": PASSWORD_MIN, "maxLength": PASSWORD_MAX, "format": "password"}),
]


class UserInput(Input):
    name: Annotated[str, documented(pattern=r"^\S(.*\S)?$", maxLength=NAME_MAX)]
    password: Password | None = None
    admin: bool = False
    project: ProjectKey | None = None
    role: Role | None = None


class UserChange(Input):
    password: Password | None = None
    admin: bool | None = None
    disabled: bool | None = None
    email: Annotated[Text, documented(maxLength=EMAIL_MAX, description="Empty removes it")] | None = None
    project: ProjectKey | None = None
    role: Role | None = None


class UserAnswer(BaseModel):
    name: str
    admin: bool
    disabled: bool
    email: str | None
    roles: dict[str, Role]
    created_at: str


class UserDeleted(BaseModel):
    name: str
    deleted: bool


class UserQuery(Paged):
    before: str | None = Field(None, description="Only users made before the one of this name: the next page")


def list_users(request: ApiRequest) -> ApiResponse:
    wanted: UserQuery = request.query
    found = request.services.users.list(request.requester, wanted.before, wanted.limit)
    return request.page(found, [_answer(one) for one in found], id_of=lambda one: one.name)


def create_user(request: ApiRequest) -> ApiResponse:
    wanted: UserInput = request.body
    made = request.services.users.create(
        request.requester,
        wanted.name,
        wanted.password,
        is_admin=wanted.admin,
        project_key=wanted.project,
        role=wanted.role,
    )
    return ApiResponse(_answer(made), 201)


def update_user(request: ApiRequest) -> ApiResponse:
    wanted: UserChange = request.body
    updated = request.services.users.update(
        request.requester,
        request.path["name"],
        password=wanted.password,
        project_key=wanted.project,
        role=wanted.role,
        is_admin=wanted.admin,
        is_disabled=wanted.disabled,
        email=wanted.email,
    )
    return ApiResponse(_answer(updated))


def get_user(request: ApiRequest) -> ApiResponse:
    return ApiResponse(_answer(request.services.users.get(request.requester, request.path["name"])))


def delete_user(request: ApiRequest) -> ApiResponse:
    name = request.path["name"]
    request.services.users.delete(request.requester, name)
    return ApiResponse({"name": name, "deleted": True})


def _answer(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "admin": user.is_admin,
        "disabled": user.is_disabled,
        "email": user.email,
        "roles": dict(user.roles),
        "created_at": iso(user.created_at),
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/users", list_users, "Users, newest first", _ADMIN, list[UserAnswer], query=UserQuery,
         is_about_project=False, tag="admin"),
    Call("POST", "/users", create_user, "Make a user", _ADMIN, UserAnswer, 201, UserInput,
         is_about_project=False, problems=(409,),
         tag="admin"),
    Call("GET", "/users/{name}", get_user, "One user", _ADMIN, UserAnswer, is_about_project=False,
         tag="admin"),
    Call("PATCH", "/users/{name}", update_user, "Set a user's password or role, or shut them out", _ADMIN,
         UserAnswer, body=UserChange, is_about_project=False, problems=(409,), tag="admin"),
    Call("DELETE", "/users/{name}", delete_user, "Delete a user", _ADMIN, UserDeleted, is_about_project=False,
         problems=(409,),
         tag="admin"),
)  # fmt: skip
