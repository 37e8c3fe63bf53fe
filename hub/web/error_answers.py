"""What a request gets that cannot be served: a page for people, problem+json for programs.

Owns the choice between the two, by what was asked for. Starlette calls it for whatever a route raises.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.web.problems import Problem, json_answer, problem_of
from hub.web.rendering import Renderer

PROGRAM_PATHS = ("/api/", "/ws/", "/in/", "/healthz", "/readyz", "/metrics")
"""Where programs call: whoever looks there with a browser gets what they would get."""
TEMPLATE = "problem.html"
HTML = ("text/html", "application/xhtml+xml")
Explain = Callable[[Request, Problem], Mapping[str, Any]]
"""What a page shows beside a problem; called on a thread."""
_TEMPLATE_KEY = "hub.problem_template"
JSON = ("application/json", "application/problem+json")


class ErrorAnswers:
    """Answers errors for one hub."""

    def __init__(self, renderer: Renderer, explain: Explain) -> None:
        self._renderer = renderer
        self._explain = explain

    async def __call__(self, request: Request, error: Exception) -> Response:
        problem = _named(request, error) if isinstance(error, HTTPException) else problem_of(error)
        response = await self._page(request, problem) if wants_page(request) else json_answer(problem)
        response.headers.setdefault("Vary", "Accept")
        if problem.status == 405:
            response.headers["Allow"] = ", ".join(_methods_of(request))
        return response

    async def _page(self, request: Request, problem: Problem) -> Response:
        template = request.scope.get(_TEMPLATE_KEY, TEMPLATE)

        def rendered() -> Response:
            values = self._explain(request, problem)
            return self._renderer.page(template, problem.status, problem.headers(), problem=problem, **values)

        return await run_in_threadpool(rendered)


def refuse_with(request: Request, template: str) -> None:
    """This request is for a page: what is refused from now on is told by this template."""
    request.scope[_TEMPLATE_KEY] = template


def wants_page(request: Request) -> bool:
    """True for a page, and for a browser (RFC 9110 §12.5.1) that looks where neither pages nor programs
    are.
    """
    if _TEMPLATE_KEY in request.scope:
        return True
    if request.url.path.startswith(PROGRAM_PATHS):
        return False
    accepted = _accepted(request.headers.get("accept", ""))
    html = max(accepted.get(kind, 0.0) for kind in HTML)
    return html > 0 and html >= max(accepted.get(kind, 0.0) for kind in JSON)


def _accepted(header: str) -> dict[str, float]:
    """Media type → weight, of those named in full."""
    found = {}
    for part in header.split(","):
        kind, _, parameters = part.partition(";")
        found[kind.strip().lower()] = _weight(parameters.split(";"))
    return found


def _weight(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _named(request: Request, error: HTTPException) -> Problem:
    """Starlette's own 404 and 405, in words that help."""
    path = request.url.path[:200]
    if error.status_code == 404:
        return Problem(404, f"there is nothing at {path}: the address is mistyped, or what was there is gone")
    if error.status_code == 405:
        return Problem(405, f"{path} takes {', '.join(_methods_of(request))}, not {request.method[:20]}")
    return problem_of(error)


def _methods_of(request: Request) -> list[str]:
    """What the path allows (RFC 9110 §15.5.6): Starlette knows the methods of the first fitting route only,
    and each call is one.

    `/events/preview` also fits `/events/{id}`, but no event has that id.
    """
    fitting = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    literal = [route for route in fitting if not route.param_convertors]
    return sorted({method for route in literal or fitting for method in route.methods or ()})


class AnswersFaults:
    """A bug of ours is answered, and the connection stays.

    Starlette's own handler answers and raises on; the server then closes the connection, under the caller's
    next request.
    """

    def __init__(self, app: ASGIApp, answers: ErrorAnswers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_begun = False

        async def watched(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http" or is_begun:
                raise
            response = await self._answers(Request(scope, receive), error)
            await response(scope, receive, send)
