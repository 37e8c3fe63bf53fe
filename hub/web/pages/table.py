"""Pages: one table row for each page, from which its route and its checks are made.

Owns the way of every page: where a form came from, its fields and its token, who is signed in and may look,
the handler, the template, and a refusal as a page. Handlers are plain functions of a `PageRequest`. They
return a `View` or a `Redirect`, or raise a refusal. They run on a thread, so they may use the database
freely.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
import anyio.to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.errors import Busy, Forbidden
from hub.operations.sessions import SignedIn
from hub.rules.access import Requester, archived
from hub.services import Services
from hub.store.projects import Project
from hub.web.body import Form, read_form
from hub.web.cookies import Cookies, Kind
from hub.web.error_answers import TEMPLATE, refuse_with
from hub.web.origin import check_origin
from hub.web.rendering import Renderer
from hub.web.sessions import Visit, check_csrf_token, layout_values

SAFE_METHODS = ("GET", "HEAD")
COSTLY_AT_ONCE = 2
COSTLY_WAITING_MAX = 20
"""Forms with a password take a tenth of a second and 64 MiB each: a flood must neither take all memory nor
keep the threads from everything else.
"""

_OURS = re.compile(r"/(?![/\\])[\x21-\x7e]*")
"""One slash, not two: `//example.org` and `/\\example.org` lead elsewhere."""

Lookup = Callable[[Services, Request], Visit]
"""Who is signed in: `sessions.visit_of`."""


@dataclass(frozen=True, slots=True)
class View:
    """What a handler shows: values for its page's template, or for another one."""

    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    template: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[Kind, str] = field(default_factory=dict)
    """What the browser keeps from now on; an empty value takes a cookie away."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """On to another page of ours, after a form was done."""

    to: str
    """A path without what a proxy puts before it."""
    said: str = ""
    """One sentence that the page shows, once."""
    cookies: Mapping[Kind, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request for a page, whose form came from us."""

    services: Services
    http: Request
    form: Form
    """Empty for a page that is only looked at."""
    visit: Visit
    """On an open page it knows no person: see `visitor`."""
    _lookup: Lookup

    @property
    def requester(self) -> Requester:
        assert self.visit.requester is not None, "this page is open to anybody"
        return self.visit.requester

    @property
    def person(self) -> SignedIn:
        assert self.visit.who is not None, "this page is open to anybody"
        return self.visit.who

    @property
    def project(self) -> Project:
        assert self.visit.project is not None, "this page is not about a project"
        return self.visit.project

    def check_open(self) -> None:
        """Before a form is shown that could not be saved. Raises: Forbidden: the project is archived."""
        if self.project.is_archived:
            raise archived(self.project.key)

    def visitor(self) -> Visit:
        """Whoever is signed in, on an open page."""
        return self._lookup(self.services, self.http)

    @property
    def path(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.http.path_params.items()}

    @property
    def query(self) -> QueryParams:
        return self.http.query_params

    def asked(self, name: str, most: int) -> str:
        """A text of the query, cut to `most` characters; NUL, which PostgreSQL takes in no text, left out."""
        return self.query.get(name, "")[:most].replace("\0", "")

    @property
    def opened_at(self) -> float | None:
        """When what its form changes had been changed last, as the form was opened; None: it does not say."""
        try:
            return float(self.form.get("opened", "")[:40])
        except ValueError:
            return None

    def opened_as(self, changed_at: float | None, *, is_older: bool) -> float | None:
        """What a form that is shown is to say as `opened_at`: as it was opened, or, once it was told that it
        is older, as the thing is now.
        """
        return changed_at if is_older or self.opened_at is None else self.opened_at

    @property
    def address(self) -> str | None:
        return self.http.client.host if self.http.client else None

    @property
    def came_from(self) -> str:
        """The path of our page that this form stood on; the first page when the browser does not say."""
        return came_from(self.http, self.services.config.base_url) or "/"

    @property
    def wants_part(self) -> bool:
        """True when htmx asks for a part of the page only."""
        return self.http.headers.get("hx-request-type") == "partial"


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or one form of it: a method and a path. Below `/projects/{key}` it is about that project."""

    method: str
    path: str
    handler: Callable[[PageRequest], View | Redirect]
    template: str = ""
    scopes: tuple[str, ...] = ()
    """Any one of these, by role; none = whoever is signed in and, for a project's page, has a role in it."""
    is_open: bool = False
    """True where nobody needs to be signed in."""
    brings_token: bool = False
    """True where the form carries a one-time token of its own in place of the session's."""
    is_costly: bool = False
    """True for forms with a password."""
    problem_template: str = TEMPLATE
    """The page for what is refused here."""


def safe_path(text: str) -> str:
    """This path of ours; the first page for anything else."""
    return text if _OURS.fullmatch(text) else "/"


def route(page: Page, services: Services, renderer: Renderer, lookup: Lookup) -> Route:
    cookies = Cookies(services.config.base_url)
    queue = _Queue() if page.is_costly else None

    def respond(request: Request, form: Form) -> Response:
        """On a thread."""
        visit = Visit(cookies.read(request, "session")) if page.is_open else lookup(services, request)
        if not page.is_open and visit.who is None:
            return _to_sign_in(request, services.config.base_url, cookies)
        if request.method not in SAFE_METHODS and not page.brings_token:
            check_csrf_token(form, visit.secret)
        if page.scopes and visit.requester is not None:
            _check_scopes(page.scopes, visit.requester)

        result = page.handler(PageRequest(services, request, form, visit, lookup))
        return _shown(result, page, visit, request, renderer, cookies)

    async def endpoint(request: Request) -> Response:
        refuse_with(request, page.problem_template)
        form = await _form(request, services.config.base_url)
        if queue is not None:
            return await queue.run(partial(respond, request, form))
        return await run_in_threadpool(respond, request, form)

    return Route(page.path, endpoint, methods=[page.method])


class _Queue:
    """Runs costly forms, a few at once; the rest waits on the event loop, where waiting costs nothing."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(COSTLY_AT_ONCE)
        self._taken_in = 0

    async def run(self, respond: Callable[[], Response]) -> Response:
        """Raises: Busy: too many wait already."""
        # Counted here, and not by the limiter, which learns of somebody only a turn of the loop later.
        if self._taken_in >= COSTLY_AT_ONCE + COSTLY_WAITING_MAX:
            raise Busy("too many passwords are being checked at this moment; try again", retry_after_s=5)
        self._taken_in += 1
        try:
            return await anyio.to_thread.run_sync(respond, limiter=self._limiter)
        finally:
            self._taken_in -= 1


def _shown(
    result: View | Redirect,
    page: Page,
    visit: Visit,
    request: Request,
    renderer: Renderer,
    cookies: Cookies,
) -> Response:
    response: Response
    if isinstance(result, Redirect):
        response = RedirectResponse(renderer.base_path + result.to, 303)
        if result.said:
            cookies.write(response, "said", result.said)
    else:
        values = {**layout_values(visit, request, cookies)}
        is_whole = "hx-request" not in request.headers
        said = cookies.read(request, "said") if is_whole else ""
        values.update(message=said)
        values.update(result.values)
        template = result.template or page.template
        response = renderer.page(template, result.status, result.headers, **values)
        if said:
            cookies.write(response, "said", "")
    for kind, value in result.cookies.items():
        cookies.write(response, kind, value)
    return response


async def _form(request: Request, base_url: str) -> Form:
    if request.method in SAFE_METHODS:
        return Form()
    check_origin(request, base_url)
    return await read_form(request)


def _check_scopes(scopes: tuple[str, ...], requester: Requester) -> None:
    """Raises: Forbidden."""
    if requester.has(*scopes):
        return
    raise Forbidden(f"this page is for {_whom(scopes)}", title="Your role does not allow this")


def _whom(scopes: tuple[str, ...]) -> str:
    if "read" in scopes:
        return "product owners, scrum masters and team members of the project"
    return "product owners and scrum masters of the project" if "manage" in scopes else "administrators"


def came_from(request: Request, base_url: str) -> str:
    """Without what a proxy puts before our paths; empty when it was no page of ours, or nobody says."""
    url = urlsplit(request.headers.get("referer", ""))
    if url.netloc != request.url.netloc:
        return ""
    return _path(url.path.removeprefix(urlsplit(base_url).path), url.query)


def _path(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _to_sign_in(request: Request, base_url: str, cookies: Cookies) -> Response:
    """Back to here afterwards; a form that was sent too late to the page that it stood on."""
    is_safe = request.method in SAFE_METHODS
    back = _path(request.url.path, request.url.query) if is_safe else came_from(request, base_url)
    base_path = urlsplit(base_url).path
    to = f"{base_path}/sign-in" + (f"?next={quote(back, safe='/')}" if back not in ("", "/") else "")

    is_part = "hx-request" in request.headers
    response = (
        Response(status_code=401, headers={"HX-Redirect": to}) if is_part else RedirectResponse(to, 303)
    )
    if not is_safe:
        cookies.write(response, "said", "You were signed out before this was saved. Sign in and do it again.")
    elif is_part:  # somebody looks at the page, and sees it go
        cookies.write(response, "said", "You were signed out. Sign in to go on.")
    return response
