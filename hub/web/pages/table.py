"""Pages: one table row for each page, from which its route and its checks are made.

Owns the way of every page: where a form came from, its fields, who is signed in and may look, the handler on a
thread, the template, and a refusal as a page. Handlers are plain functions of a `PageRequest`; they return a `View`
or raise a refusal, and may use the database freely: they are not on the event loop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.errors import Forbidden
from hub.rules.access import Requester
from hub.services import Services
from hub.web.body import Form, read_form
from hub.web.error_answers import TEMPLATE, refuse_with
from hub.web.origin import check_origin
from hub.web.problems import Problem
from hub.web.rendering import Renderer

SAFE_METHODS = ("GET", "HEAD")

Lookup = Callable[[Services, Request], Requester | None]
"""Who is signed in: `sessions.requester_of`."""


@dataclass(frozen=True, slots=True)
class View:
    """What a handler shows: values for its page's template, or for another one."""

    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    template: str = ""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request for a page, whose form came from us."""

    services: Services
    http: Request
    form: Form
    """Empty for a page that is only looked at."""
    _requester: Requester | None

    @property
    def requester(self) -> Requester:
        assert self._requester is not None, "this page is open to anybody"
        return self._requester

    @property
    def path(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.http.path_params.items()}

    @property
    def query(self) -> QueryParams:
        return self.http.query_params

    @property
    def address(self) -> str | None:
        return self.http.client.host if self.http.client else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or one form of it: a method and a path."""

    method: str
    path: str
    handler: Callable[[PageRequest], View]
    template: str
    scopes: tuple[str, ...] = ()
    """Any one of these, by role; none = whoever is signed in."""
    is_open: bool = False
    """True where nobody needs to be signed in."""
    problem_template: str = TEMPLATE
    """The page for what is refused here."""


def route(page: Page, services: Services, renderer: Renderer, lookup: Lookup) -> Route:
    def respond(request: Request, form: Form) -> Response:
        """On a thread."""
        requester = None if page.is_open else _admitted(page, lookup(services, request))
        view = page.handler(PageRequest(services, request, form, requester))
        return renderer.page(view.template or page.template, view.status, **view.values)

    async def endpoint(request: Request) -> Response:
        refuse_with(request, page.problem_template)
        form = await _form(request, services.config.base_url)
        return await run_in_threadpool(respond, request, form)

    return Route(page.path, endpoint, methods=[page.method])


async def _form(request: Request, base_url: str) -> Form:
    if request.method in SAFE_METHODS:
        return Form()
    check_origin(request, base_url)
    return await read_form(request)


def _admitted(page: Page, requester: Requester | None) -> Requester:
    """Raises: Problem 401 for whoever must sign in first, Forbidden for whom their role does not let in."""
    if requester is None:
        raise Problem(401, "sign in to see this page", title="Sign in")
    if page.scopes and not requester.has(*page.scopes):
        raise Forbidden("your role does not let you see this page; whoever manages the project can change it")
    return requester
