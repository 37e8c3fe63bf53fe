"""The calls about connections to brokers: their shape. What they do is `operations.broker_connections`'."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from hub.operations.broker_connections import ConnectionChange
from hub.rules import broker_connections as rules
from hub.store.broker_connections import BrokerConnection
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Deleted, Input, ProjectKey, Text, documented
from hub.web.api.queries import Paged, before_id

Kind = Literal["amqp", "nats", "redis", "mqtt", "kafka", "sqs"]
Url = Annotated[Text, documented(maxLength=2048, examples=["amqps://rabbit.example:5671/shop"])]
_PLAIN = r"^[^\u0000-\u001f\u007f]*$"
Username = Annotated[str, documented(minLength=1, maxLength=rules.USERNAME_MAX, pattern=_PLAIN)]
Password = Annotated[
    str,
    documented(
        minLength=1,
        maxLength=rules.PASSWORD_MAX,
        pattern=_PLAIN,
        format="password",
        description="Never shown",
    ),
]
Ca = Annotated[Text, documented(maxLength=rules.CA_MAX)]
_CA = "Certificates in PEM that are trusted instead of the usual ones; null: the usual ones"
_PROJECTS = "Those that may use it; null: all"


class NewConnection(Input):
    name: Annotated[str, documented(pattern=rules.NAME_PATTERN, examples=["orders"])] = Field(
        description="What hooks call it, as in broker://orders/…"
    )
    kind: Kind
    url: Url
    username: Username | None = None
    password: Password | None = None
    ca: Ca | None = Field(None, description=_CA)
    verify_ssl: bool = True
    projects: list[ProjectKey] | None = Field(None, description=_PROJECTS)


class ConnectionUpdate(Input):
    url: Url | None = None
    username: Username | None = Field(None, description="Null removes it")
    password: Password | None = Field(None, description="Null removes it; left out, it stays")
    ca: Ca | None = Field(None, description=_CA)
    verify_ssl: bool | None = None
    projects: list[ProjectKey] | None = Field(None, description=_PROJECTS)


class ConnectionAnswer(BaseModel):
    id: str
    name: str
    kind: Kind
    url: str
    username: str | None
    has_password: bool
    ca: str | None
    verify_ssl: bool
    projects: list[str] | None
    created_by: str
    created_at: str
    updated_at: str
    last_error: str | None = Field(description="Why it cannot be used; null: nothing is known against it")
    last_error_at: str | None


class TestAnswer(BaseModel):
    ok: bool
    error: str | None


class ConnectionQuery(Paged):
    before: str | None = before_id("con")


def list_connections(request: ApiRequest) -> ApiResponse:
    wanted: ConnectionQuery = request.query
    found = request.services.broker_connections.list(request.requester, wanted.before, wanted.limit)
    return request.page(found, [_answer(one) for one in found])


def get(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        _answer(request.services.broker_connections.get(request.requester, request.path["id"]))
    )


def create(request: ApiRequest) -> ApiResponse:
    wanted: NewConnection = request.body
    change = ConnectionChange(
        wanted.url,
        wanted.username,
        wanted.password,
        wanted.ca,
        wanted.verify_ssl,
        None if wanted.projects is None else tuple(wanted.projects),
    )
    made = request.services.broker_connections.create(request.requester, wanted.name, wanted.kind, change)
    return ApiResponse(_answer(made), 201, {"Location": request.url(f"/api/v1/connections/{made.id}")})


def update(request: ApiRequest) -> ApiResponse:
    wanted: ConnectionUpdate = request.body
    given = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    # Null empties the fields that may be empty, and of the others says nothing.
    given = {name: value for name, value in given.items() if value is not None or name in _EMPTIABLE}
    if given.get("projects") is not None:
        given["projects"] = tuple(given["projects"])
    updated = request.services.broker_connections.update(
        request.requester, request.path["id"], ConnectionChange(**given)
    )
    return ApiResponse(_answer(updated))


def delete(request: ApiRequest) -> ApiResponse:
    request.services.broker_connections.delete(request.requester, request.path["id"])
    return ApiResponse({"id": request.path["id"], "deleted": True})


def test(request: ApiRequest) -> ApiResponse:
    error = request.services.broker_connections.test(request.requester, request.path["id"])
    return ApiResponse({"ok": error is None, "error": error})


def _answer(one: BrokerConnection) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "url": one.url,
        "username": one.username,
        "has_password": one.has_password,
        "ca": one.ca,
        "verify_ssl": one.verify_ssl,
        "projects": None if one.projects is None else list(one.projects),
        "created_by": one.created_by,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "last_error": one.last_error,
        "last_error_at": iso_or_none(one.last_error_at),
    }


_ADMIN = ("admin",)
_EMPTIABLE = ("username", "password", "ca", "projects")

CALLS = (
    Call("GET", "/connections", list_connections, "Connections to brokers, newest first", _ADMIN,
         list[ConnectionAnswer], query=ConnectionQuery, is_about_project=False, tag="admin"),
    Call("POST", "/connections", create, "Make a connection to a broker", _ADMIN, ConnectionAnswer, 201,
         NewConnection, is_about_project=False, problems=(409,), headers=("Location",), tag="admin"),
    Call("GET", "/connections/{id}", get, "One connection", _ADMIN, ConnectionAnswer,
         is_about_project=False, tag="admin"),
    Call("PATCH", "/connections/{id}", update, "Change a connection", _ADMIN, ConnectionAnswer,
         body=ConnectionUpdate, is_about_project=False, tag="admin"),
    Call("DELETE", "/connections/{id}", delete, "Delete a connection: what its hooks send is refused then",
         _ADMIN, Deleted, is_about_project=False, tag="admin"),
    Call("POST", "/connections/{id}/test", test, "Connect and log in, send nothing", _ADMIN, TestAnswer,
         is_about_project=False, problems=(503,), tag="admin"),
)  # fmt: skip
