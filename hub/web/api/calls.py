"""Calls: one table row for each REST call, from which its route, its checks and its OpenAPI entry are made.

Owns the way of every call but publishing: authenticate, check scope, read and validate the body, run the
handler on a thread, answer. What a call does is its handler's. Handlers are plain functions of an
`ApiRequest`; they return an `ApiResponse` or raise a `Problem`, and may use the database freely: they are not
on the event loop.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

import msgspec
from pydantic import BaseModel, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import NotFound
from hub.rules.access import Requester, archived, require
from hub.rules.strict_json import read_object
from hub.services import Services
from hub.store.projects import Project
from hub.web.api.queries import Query, read_query
from hub.web.body import BODY_BYTES_MAX, read_body, work_on
from hub.web.callers import Callers
from hub.web.problems import Problem
from hub.web.wording import validated

PREFIX = "/api/v1"
LIST_BYTES_MAX = 2_097_152
"""What a list may have, beside its first item: whoever asks for many large ones gets them page by page."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What a handler answers.

    `body` is what its call declares as `answer`, or is made into it: a field that it does not have is left
    out, one that the declaration does not have is not shown. Events, whose bytes must not change, come
    encoded as `Raw`.
    """

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    following: Callable[[int], str | None] = lambda shown: None
    """For a list: the address of the page after so many of its items; None when there is nothing more."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One call, authenticated and validated."""

    services: Services
    requester: Requester
    http: Request
    path: dict[str, str]
    query: Any
    """The call's `query` model."""
    body: Any
    """The call's `body` model, or None for calls without one."""
    _project: Project | None

    @property
    def project(self) -> Project:
        assert self._project is not None, "this call is not about a project"
        return self._project

    def page(
        self,
        rows: Sequence[Any],
        bodies: list[Any],
        id_of: Callable[[Any], str] = lambda row: str(row.id),
        *,
        goes_on: bool | None = None,
    ) -> ApiResponse:
        """A bare array that ends early where it grows beyond LIST_BYTES_MAX, with a Link to the next page.

        `goes_on`: whether there is more than `rows`; without it there may be when they are as many as were
        asked for.
        """
        limit = self.query.limit
        has_more = len(rows) == limit if goes_on is None else goes_on

        def following(shown: int) -> str | None:
            if not shown or (shown == len(rows) and not has_more):
                return None
            page = self.http.url.include_query_params(before=id_of(rows[shown - 1]), limit=limit)
            return f"{self.url(page.path)}?{page.query}"

        return ApiResponse(bodies, following=following)

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
    """The type of the answer's body, which encodes and documents it: a model, or list[model]."""
    status: int = 200
    body: type[BaseModel] | None = None
    is_body_optional: bool = False
    query: type[Query] = Query
    is_about_project: bool = True
    allows_archived: bool = False
    """True for changes that an archived project allows; reading always is."""
    problems: tuple[int, ...] = ()
    """Statuses beyond 401, 403, 404, 422 that this call may answer."""
    headers: tuple[str, ...] = ()
    """Headers of its answer; a list's Link is known without saying so."""
    tag: str = "hooks"


def route(call: Call, services: Services, callers: Callers) -> Route:
    is_list = get_origin(call.answer) is list
    encode = encoder(get_args(call.answer)[0] if is_list else call.answer)

    def respond(request: ApiRequest) -> Response:
        answer = call.handler(request)
        if not is_list:
            return Response(encode(answer.body), answer.status, answer.headers, media_type="application/json")
        items = within_bytes(encode(item) for item in answer.body)
        link = answer.following(len(items))
        headers = answer.headers if link is None else {**answer.headers, "Link": f'<{link}>; rel="next"'}
        return Response(b"[" + b",".join(items) + b"]", answer.status, headers, media_type="application/json")

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(respond, await _read(call, request, services, callers))

    return Route(PREFIX + call.path, endpoint, methods=[call.method])


def within_bytes(items: Iterable[bytes]) -> list[bytes]:
    """The first items that are not more than LIST_BYTES_MAX together; one at least."""
    found: list[bytes] = []
    total = 0
    for item in items:
        total += len(item)
        if found and total > LIST_BYTES_MAX:
            break
        found.append(item)
    return found


def encoder(declared: Any) -> Callable[[Any], bytes]:
    """From a handler's body, or one item of a list, to JSON by its declared type. What does not fit it is a
    bug of ours.
    """
    adapter = TypeAdapter(declared)

    def encode(body: Any) -> bytes:
        if isinstance(body, msgspec.Raw):
            return bytes(body)
        return adapter.dump_json(adapter.validate_python(body), exclude_unset=True, warnings="error")

    return encode


async def _read(call: Call, http: Request, services: Services, callers: Callers) -> ApiRequest:
    requester = await callers.requester(http)
    check_scope(requester, call.scopes)
    query = read_query(http.query_params, call.query)
    project = await callers.project(requester, http.query_params) if call.is_about_project else None
    if project is not None and project.is_archived and call.method != "GET" and not call.allows_archived:
        raise archived(project.key)
    body = await _body(call, http) if call.body is not None else None
    path = {name: str(value) for name, value in http.path_params.items()}
    if any("\0" in value for value in path.values()):
        # PostgreSQL has no NUL in texts, so nothing can have such an id.
        raise NotFound("there is no such thing")
    return ApiRequest(services, requester, http, path, query, body, project)


def check_scope(requester: Requester, scopes: tuple[str, ...]) -> None:
    """Raises: Forbidden."""
    if scopes:
        require(requester, *scopes)


async def _body(call: Call, request: Request) -> BaseModel | None:
    raw = await read_body(request, BODY_BYTES_MAX)
    assert call.body is not None
    if not raw and call.is_body_optional:
        return call.body()
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise Problem(415, f"send application/json, not {content_type[:100]}")
    model = call.body
    return await work_on(raw, lambda raw: validated(model, read_object(raw)))
