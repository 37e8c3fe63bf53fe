"""Who looks at a page: what the browser holds, who is signed in with it, and what they may do in the page's
project.

Owns the way from a request of a browser to its `Requester`, as `callers` owns it for tokens. Owns the token
that each form carries, and what the layout of a page shows of a person and a project. Whoever has no role in
a project gets the same answer as for one that does not exist. Nothing here may be called on the event loop:
it reads the database.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from hub.errors import Forbidden, NotFound
from hub.operations.sessions import SignedIn, requester_of
from hub.rules.access import Requester, Role
from hub.services import Services
from hub.store.projects import Project
from hub.web.body import Form
from hub.web.cookies import Cookies
from hub.web.rendering import THEMES

ROLE_WORDS: dict[Role, str] = {
    "product_owner": "product owner",
    "scrum_master": "scrum master",
    "team_member": "team member",
    "stakeholder": "stakeholder",
}
ROLE_MAY: dict[Role, str] = {
    "product_owner": "manage hooks, apps, tokens, members",
    "scrum_master": "manage hooks, apps, tokens, members",
    "team_member": "see hooks and deliveries, without bodies",
    "stakeholder": "see nothing of hooks",
}
CSRF_FIELD = "csrf"
_VISIT_KEY = "hub.visit"


@dataclass(frozen=True, slots=True)
class PageProject:
    """What the layout shows of the project that a page is about."""

    key: str
    name: str
    is_archived: bool
    role: Role | None
    role_words: str
    role_may: str
    sees_hooks: bool
    manages: bool
    attention: int
    """Hooks that are failing or switched off after failures."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser."""

    secret: str = ""
    """What the browser holds; before it has signed in, what its forms are checked by."""
    who: SignedIn | None = None
    project: Project | None = None
    """The one that the page's path names."""
    requester: Requester | None = None
    page_project: PageProject | None = None
    news: int = 0
    """Notices that they have not seen."""

    @property
    def csrf_token(self) -> str:
        return csrf_token(self.secret) if self.secret else ""


def visit_of(services: Services, request: Request) -> Visit:
    """Raises: NotFound: there is no such project, or this person has no role in it."""
    secret = Cookies(services.config.base_url).read(request, "session")
    address = request.client.host if request.client else None
    who = services.sessions.find(secret)
    if who is None:
        return Visit(secret)
    news = services.notices.count_new(who.user) if request.method == "GET" else 0
    requester = requester_of(who.user, None, address)
    found = request.scope[_VISIT_KEY] = Visit(secret, who, None, requester, None, news)

    key = request.path_params.get("key")
    if key is None or not request.url.path.startswith("/projects/"):
        return found
    project, attention = services.sessions.project_of(who, key)
    if project is None:
        raise NotFound(f"there is no project {key[:20]}, or you are no member of it", title="No such project")
    requester = requester_of(who.user, project, address)
    shown = _page_project(who, project, requester, attention)
    found = request.scope[_VISIT_KEY] = Visit(secret, who, project, requester, shown, news)
    return found


def known_visit(request: Request) -> Visit | None:
    """What was found out while the page was made; None when nobody has asked, or nobody is signed in."""
    found: Visit | None = request.scope.get(_VISIT_KEY)
    return found


def csrf_token(secret: str) -> str:
    """Made of what the browser holds, so nothing need be kept; from it the secret cannot be had back."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def check_csrf_token(form: Form, secret: str) -> None:
    """Raises: Forbidden: this form was not made for this browser's session."""
    given = form.get(CSRF_FIELD, "")
    if not secret:
        raise Forbidden(
            "your browser sent no cookie with this form: allow cookies for this address, "
            "or open the hub at the address "
            "that HUB_BASE_URL names",
            title="No cookie",
        )
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), csrf_token(secret).encode()):
        raise Forbidden(
            "this form was opened before you last signed in or out; reload its page and send it again",
            title="Form too old",
        )


def theme_of(request: Request, cookies: Cookies) -> str:
    """`light`, `dark`, or empty: as the system has it."""
    chosen = cookies.read(request, "theme")
    return chosen if chosen in THEMES else ""


def layout_values(visit: Visit, request: Request, cookies: Cookies) -> Mapping[str, Any]:
    """What layout/base.html asks for; a handler adds `here`, its place in the navigation."""
    user = visit.who.user if visit.who is not None else None
    return {
        "person": user,
        "project": visit.page_project,
        "news": visit.news,
        "csrf_token": visit.csrf_token,
        "theme": theme_of(request, cookies),
        "message": "",
        "here": "",
    }


def _page_project(who: SignedIn, project: Project, requester: Requester, attention: int) -> PageProject:
    role = who.user.roles.get(project.key)
    return PageProject(
        project.key,
        project.name,
        project.is_archived,
        role,
        ROLE_WORDS[role] if role is not None else "administrator",
        ROLE_MAY[role] if role is not None else "do everything",
        requester.has("read", "manage"),
        requester.has("manage"),
        attention,
    )
