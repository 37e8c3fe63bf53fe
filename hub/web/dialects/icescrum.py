"""The iceScrum dialect: `/ws/project/{key or number}/hook[/{number}]`, for clients that were written for
iceScrum.

Owns its paths, tokens, statuses, error shapes and what browsers are allowed (docs/connect/icescrum.md); its
JSON is in `connectors.icescrum.dialect`. Its clients get nothing done that the API would refuse them:
everything goes through `operations.subscriptions`. Unlike iceScrum an unknown token is 401, as its API text
promises; unknown events are refused, not dropped; a secret is shown once, when it is made.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.icescrum import dialect
from connectors.icescrum.catalogue import PRESETS
from hub.errors import Forbidden, Invalid, Malformed, NotFound
from hub.operations.subscriptions import Saved
from hub.rules import catalogue
from hub.rules.access import Requester
from hub.rules.changes import UNSET
from hub.rules.hook_fields import HookChange
from hub.rules.strict_json import read_object
from hub.services import Services
from hub.store.hooks import Hook
from hub.store.projects import Project
from hub.web.body import BODY_BYTES_MAX, read_body, work_on
from hub.web.callers import Callers
from hub.web.problems import Problem, problem_of

TOKEN_HEADERS = ("x-icescrum-token", "x-gitlab-token", "x-auth-token")
TOKEN_PARAMETER = "icescrum-token"
FORMAT = "icescrum"
LIST_MAX = 100_000
NUMBER_MAX = 2**31 - 1
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, TRACE, OPTIONS",
    "Access-Control-Allow-Headers": ", ".join(
        ("origin", "authorization", "accept", "content-type", "x-requested-with", "x-api-key", *TOKEN_HEADERS)
    ),
    "Access-Control-Max-Age": "3600",
}
"""What iceScrum's own filter says before a request of a page's script, and the headers of its tokens."""
_FIELD_NAMES = {"target_url": "url", "verify_ssl": "ignoreSsl"}

Handler = Callable[[Services, Requester, Project, dict[str, Any], int | None], Response]


def routes(services: Services, callers: Callers) -> list[Route]:
    """Everything below `/ws`: what iceScrum has there and we have not is answered in its shape too."""
    many: dict[str, Handler] = {"GET": _list, "HEAD": _list, "POST": _create}
    one: dict[str, Handler] = {
        "GET": _show,
        "HEAD": _show,
        "PUT": _update,
        "POST": _update,
        "DELETE": _delete,
    }
    path = "/ws/project/{project}/hook"
    return [
        Route(path, _Endpoint(services, callers, many)),
        Route(path + "/{number}", _Endpoint(services, callers, one)),
        Route("/ws", _Endpoint(services, callers, {})),
        Route("/ws/{rest:path}", _Endpoint(services, callers, {})),
    ]


class _Endpoint:
    """One path with its verbs; without any there is nothing at it."""

    def __init__(self, services: Services, callers: Callers, handlers: dict[str, Handler]) -> None:
        self._services = services
        self._callers = callers
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._response(request)
        _let_browsers_read(request, response)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        try:
            if request.method == "OPTIONS":
                return Response(headers={"Allow": self._allowed} if self._handlers else None)
            if not self._handlers:
                raise NotFound("there is nothing at this address")
            if request.method not in self._handlers:
                problem = Problem(405, f"this address takes {self._allowed}, not {request.method[:20]}")
                return _error(problem, {"Allow": self._allowed})
            return await _answer(request, self._services, self._callers, self._handlers[request.method])
        except dialect.DialectError as error:
            return _json(error.answer(), 400)
        except Exception as error:  # every error of this path has the dialect's shape, not the API's
            return _error(problem_of(error))

    @property
    def _allowed(self) -> str:
        return ", ".join(sorted((*self._handlers, "OPTIONS")))


def _let_browsers_read(request: Request, response: Response) -> None:
    """Scripts of any page may call, as with iceScrum: the token that they must send is nothing a browser adds
    by itself, and no cookie is looked at here.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Vary"] = "Origin"
    if request.method == "OPTIONS":
        response.headers.update(PREFLIGHT)


async def _answer(request: Request, services: Services, callers: Callers, handler: Handler) -> Response:
    requester = await callers.requester(request, _with_token(request))
    if not requester.has("subscribe", "manage", *(("read",) if request.method in ("GET", "HEAD") else ())):
        raise Forbidden("this token may not look after hooks", title="Scope missing")
    project = await run_in_threadpool(_project, services, requester, str(request.path_params["project"]))
    if project.is_archived:
        raise Forbidden(f"project {project.key} is archived", title="Archived")
    body: dict[str, Any] = {}
    if request.method in ("POST", "PUT"):
        body = await work_on(await read_body(request, BODY_BYTES_MAX), _fields)
    return await run_in_threadpool(handler, services, requester, project, body, _number(request))


def _fields(body: bytes) -> dict[str, Any]:
    """Raises: Malformed for whatever is wrong with the body as a whole; to these clients none of it is a
    field.
    """
    try:
        return dialect.hook_fields(read_object(body))
    except Invalid as refused:
        raise Malformed(refused.errors) from refused


def _number(request: Request) -> int | None:
    """The hook's number in the path, if there is one. Raises: Problem 404 for what no hook's number can
    be.
    """
    text = request.path_params.get("number")
    if text is None:
        return None
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(NUMBER_MAX)) and int(text) <= NUMBER_MAX
    ):
        raise NotFound("there is no such hook", title="No such hook")
    return int(text)


def _with_token(request: Request) -> Headers:
    """The request's headers with its token where the API has it."""
    token = next(
        (request.headers[name] for name in TOKEN_HEADERS if name in request.headers),
        request.query_params.get(TOKEN_PARAMETER),
    )
    if not token and not {"authorization", "x-api-key"} & set(request.headers):
        raise Problem(401, "send the token as x-icescrum-token")
    headers = MutableHeaders(headers=dict(request.headers))
    if token:
        headers["authorization"] = f"Bearer {token}"
    return headers


def _project(services: Services, requester: Requester, named: str) -> Project:
    """The project of the path, by key or number. Raises: Problem 403 for another than the token's, 404 for
    none.
    """
    is_number = named.isascii() and named.isdigit() and len(named) < 10
    another = Forbidden("this token belongs to another project", title="Another project")
    try:
        found = services.credentials.project(int(named) if is_number else named)
    except NotFound:
        if requester.project_id is not None:
            raise another from None
        raise
    if requester.project_id not in (None, found.id):
        raise another
    return found


def _list(
    services: Services, requester: Requester, project: Project, body: dict[str, Any], number: int | None
) -> Response:
    return _json(
        [_shown(project, hook) for hook in services.subscriptions.find(requester, project, limit=LIST_MAX)],
        200,
    )


def _create(
    services: Services, requester: Requester, project: Project, body: dict[str, Any], number: int | None
) -> Response:
    missing = dialect.missing_fields(body)
    if missing:
        return _json(dialect.validation_errors(missing), 400)
    wanted = replace(_change(body), format=FORMAT)
    saved = services.subscriptions.create(requester, project, wanted)
    return _json(_shown(project, saved.hook, saved.secret), 201)


def _show(
    services: Services, requester: Requester, project: Project, body: dict[str, Any], number: int | None
) -> Response:
    return _json(_shown(project, _found(services, requester, project, number)), 200)


def _update(
    services: Services, requester: Requester, project: Project, body: dict[str, Any], number: int | None
) -> Response:
    hook = _found(services, requester, project, number)
    change = _without_echo(project, hook, _change(body))
    saved = Saved(hook)
    if change.given():
        saved = services.subscriptions.update(requester, project, hook.id, change)
    return _json(_shown(project, saved.hook, None if "secret" in body else saved.secret), 200)


def _without_echo(project: Project, hook: Hook, change: HookChange) -> HookChange:
    """Without what merely repeats our own answer, where that says less than the hook is.

    Clients read a hook, change a field and write all of it back. They are shown the events that patterns
    stand for: written back, these must not replace the patterns. They are shown a hook that was switched off
    for its failures as not enabled: written back, that must not pass for a person's switch.
    """
    if change.enabled == hook.is_on:
        change = replace(change, enabled=UNSET)
    if change.events is not UNSET and set(change.events) == set(_shown_events(project, hook)):
        change = replace(change, events=UNSET)
    return change


def _delete(
    services: Services, requester: Requester, project: Project, body: dict[str, Any], number: int | None
) -> Response:
    services.subscriptions.delete(requester, project, _found(services, requester, project, number).id)
    return Response(status_code=204)


def _found(services: Services, requester: Requester, project: Project, number: int | None) -> Hook:
    hook = services.subscriptions.get_by_number(requester, project, number or 0)
    if hook.state == "gone":  # iceScrum deletes a hook whose target answers 410
        raise NotFound("this subscription is over", title="No such hook")
    return hook


def _change(fields: dict[str, Any]) -> HookChange:
    """The fields as they are everywhere, with presets (`story`, `all`) in place of their names."""
    if "events" not in fields:
        return HookChange(**fields)
    events = [code for event in fields["events"] for code in PRESETS.get(event.lower(), (event,))]
    return HookChange(**{**fields, "events": tuple(dict.fromkeys(events))})


def _shown_events(project: Project, hook: Hook) -> Sequence[str]:
    """iceScrum has no patterns: its clients are shown the events that one stands for."""
    known = catalogue.types_of(project.catalogue) or ()
    return [code for code in known if hook.subscription.wants_type(code)] or hook.events


def _shown(project: Project, hook: Hook, secret: str | None = None) -> dict[str, Any]:
    """`secret` is given on creation only."""
    return dialect.hook_answer(
        number=hook.number,
        project_id=project.id,
        url=hook.target_url,
        events=_shown_events(project, hook),
        is_on=hook.is_on,
        verify_ssl=hook.verify_ssl,
        is_by_hand=hook.origin_kind == "page",
        failures=hook.health.consecutive_failures,
        last_error=hook.health.last_error,
        created_at=hook.created_at,
        updated_at=hook.updated_at,
        last_success_at=hook.health.last_success_at,
        secret=secret,
    )


def _error(problem: Problem, more: dict[str, str] | None = None) -> Response:
    """400 `[{"text": "message - field"}]` for wrong fields, `{"text"}` for the rest of the client's faults,
    404 empty.
    """
    if problem.status == 404:
        return Response(status_code=404)
    if problem.status == 409:  # iceScrum has no such answer: whoever may not do this is told 403
        return _json(dialect.client_error(problem.detail), 403)
    if problem.status == 422:
        return _json(
            dialect.validation_errors([(_theirs(field), message) for field, message in problem.errors]), 400
        )
    headers = problem.headers()
    headers.pop("WWW-Authenticate", None)  # iceScrum names no scheme
    return _json(dialect.client_error(problem.detail), problem.status, {**headers, **(more or {})})


def _theirs(field: str) -> str:
    """`events[2]` and `target_url` as iceScrum calls them."""
    name = field.partition("[")[0]
    return _FIELD_NAMES.get(name, name)


def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
