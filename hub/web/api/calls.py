"""Calls: one table row for each REST call, from which its route, its checks and its OpenAPI entry are made.

Owns the way of every call but publishing: authenticate, check scope, read and validate the body, run the
handler on a thread, answer. It must never know what a call does. Handlers are plain functions of an `ApiRequest`;
they return an `ApiResponse` or raise a `Problem`, and may use the database freely: they are not on the event loop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import Forbidden, Invalid, NotFound
from hub.rules.access import Requester
from hub.rules.payload import read_object
from hub.services import Services
from hub.store.people import Caller
from hub.store.projects import ProjectInfo
from hub.web.body import read_body
from hub.web.callers import Callers, requester_of
from hub.web.problems import Problem

PREFIX = "/api/v1"
BODY_BYTES_MAX = 1_048_576
LIMIT_DEFAULT = 50
LIMIT_MAX = 200


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter, for the check and for the document."""

    name: str
    summary: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_required: bool = False


LIMIT = Parameter(
    "limit",
    "How many at the most",
    {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
)
BEFORE = Parameter("before", "Only what is older than this id: the next page")
PAGED = (LIMIT, BEFORE)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What a handler answers; `body` is anything JSON, or a list of it."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One call, authenticated and validated."""

    services: Services
    callers: Callers
    caller: Caller
    requester: Requester
    http: Request
    path: dict[str, str]
    query: dict[str, str]
    body: Any
    """The validated model, or None for calls without one."""
    _project: ProjectInfo | None

    @property
    def project(self) -> ProjectInfo:
        assert self._project is not None, "this call is not about a project"
        return self._project

    @property
    def limit(self) -> int:
        return int(self.query.get("limit", LIMIT_DEFAULT))

    def page(
        self, rows: Sequence[Any], bodies: list[Any], id_of: Callable[[Any], str] = lambda row: str(row.id)
    ) -> ApiResponse:
        """A bare array, with a Link to the next page when this one is full."""
        headers = {}
        if len(rows) == self.limit and rows:
            following = self.http.url.include_query_params(before=id_of(rows[-1]), limit=self.limit)
            headers["Link"] = f'<{self.url(following.path)}?{following.query}>; rel="next"'
        return ApiResponse(bodies, headers=headers)

    def url(self, path: str) -> str:
        """A path as an absolute URL, as the outside sees the hub."""
        return f"{self.services.config.base_url}{path}"


@dataclass(frozen=True, slots=True)
class Call:
    """One REST call. `path` is below /api/v1, with {names}."""

    method: str
    path: str
    handler: Callable[[ApiRequest], ApiResponse]
    summary: str
    scopes: tuple[str, ...] = ()
    """Any one of these; none = any token."""
    answer: Any = None
    """The type of the answer's body, for the document: a model, or list[model]."""
    status: int = 200
    body: type[BaseModel] | None = None
    is_body_optional: bool = False
    query: tuple[Parameter, ...] = ()
    is_about_project: bool = True
    allows_archived: bool = False
    """True for changes that an archived project allows; reading always is."""
    problems: tuple[int, ...] = ()
    """Statuses beyond 401, 403, 404, 422 that this call may answer."""
    tag: str = "hooks"


def route(call: Call, services: Services, callers: Callers) -> Route:
    async def endpoint(request: Request) -> Response:
        answer = await run_in_threadpool(call.handler, await _read(call, request, services, callers))
        return json_answer(answer)

    return Route(PREFIX + call.path, endpoint, methods=[call.method])


def json_answer(answer: ApiResponse) -> Response:
    return Response(
        msgspec.json.encode(answer.body), answer.status, answer.headers, media_type="application/json"
    )


async def _read(call: Call, http: Request, services: Services, callers: Callers) -> ApiRequest:
    caller = await callers.caller(http.headers)
    requester = requester_of(caller, http.client.host if http.client else None)
    check_scope(requester, call.scopes)
    query = check_query(http, call.query)
    project = await callers.project(caller, http.query_params) if call.is_about_project else None
    if project is not None and project.is_archived and call.method != "GET" and not call.allows_archived:
        raise archived(project.key)
    body = await _body(call, http) if call.body is not None else None
    path = {name: str(value) for name, value in http.path_params.items()}
    if any(
        "\0" in value for value in path.values()
    ):  # PostgreSQL has no NUL in texts, so nothing can have such an id
        raise NotFound("there is no such thing")
    return ApiRequest(services, callers, caller, requester, http, path, query, body, project)


def check_scope(requester: Requester, scopes: tuple[str, ...]) -> None:
    """Raises: Problem 403."""
    if scopes and not requester.has(*scopes):
        raise Forbidden(
            f"this token may not do that: it needs the scope {' or '.join(scopes)}", title="Scope missing"
        )


def archived(key: str) -> Forbidden:
    return Forbidden(f"project {key} is archived: it is read-only and sends nothing", title="Archived")


def check_query(request: Request, parameters: tuple[Parameter, ...]) -> dict[str, str]:
    """The query parameters of a call, checked. Raises: Problem 422 for an unknown or wrong one."""
    known = {parameter.name: parameter for parameter in parameters}
    found = dict(request.query_params)
    errors = []
    for name, value in found.items():
        if name != "project" and name not in known:
            errors.append(
                (
                    name,
                    f"is no parameter of this call; it has: {', '.join(dict.fromkeys(['project', *known]))}",
                )
            )
        elif len(request.query_params.getlist(name)) > 1:
            errors.append((name, "is given more than once"))
        elif "\0" in value:
            errors.append((name, "must not hold a NUL character"))
        elif name != "project" and (reason := _parameter_error(known[name].schema, value)):
            errors.append((name, reason))
    errors += [
        (p.name, f"is missing: {p.summary}") for p in parameters if p.is_required and p.name not in found
    ]
    if errors:
        raise Invalid(errors, title="Wrong parameters")
    return found


def _parameter_error(schema: dict[str, Any], value: str) -> str | None:
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(schema['enum'])}"
    if schema.get("type") == "integer":
        low, high = schema.get("minimum", 0), schema.get("maximum", 2**31)
        if not (value.isascii() and value.isdigit() and len(value) < 11 and low <= int(value) <= high):
            return f"must be a whole number from {low} to {high}"
    return None


async def _body(call: Call, request: Request) -> BaseModel | None:
    raw = await read_body(request, BODY_BYTES_MAX)
    assert call.body is not None
    if not raw and call.is_body_optional:
        return call.body()
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise Problem(415, "Wrong content type", f"send application/json, not {content_type[:100]}")
    return call.body.model_validate(read_object(raw))
