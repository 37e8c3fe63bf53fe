"""What a page shows beside a refusal: who is signed in, where to go from here, and whom to ask.

Owns these values. They must never say more than a visitor may know: whoever is not signed in learns nothing.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from hub.errors import StoreUnavailable
from hub.services import Services
from hub.web.cookies import Cookies
from hub.web.error_answers import Explain
from hub.web.pages.table import SAFE_METHODS, came_from
from hub.web.problems import Problem
from hub.web.sessions import Visit, known_visit, theme_of, visit_of

PATH_MAX_CHARS = 200


def explain(services: Services) -> Explain:
    cookies = Cookies(services.config.base_url)

    def values(request: Request, problem: Problem) -> Mapping[str, Any]:
        visit = known_visit(request)
        administrators: Any = ()
        managers: Any = ()
        with contextlib.suppress(StoreUnavailable):
            if visit is None and problem.status in (404, 405):
                visit = _visitor(services, request)
            if problem.status == 403 and visit is not None:
                administrators, managers = services.sessions.whom_to_ask(visit.project)
        return {
            "theme": theme_of(request, cookies),
            "csrf_token": visit.csrf_token if visit is not None else "",
            "message": "",
            "person": visit.who.user if visit is not None and visit.who is not None else None,
            "project": visit.page_project if visit is not None else None,
            "administrators": [user.name for user in administrators],
            "managers": [user.name for user in managers],
            "back": "" if request.method in SAFE_METHODS else came_from(request, services.config.base_url),
            "path": request.url.path[:PATH_MAX_CHARS],
        }

    return values


def _visitor(services: Services, request: Request) -> Visit | None:
    """Where no page of ours is, nobody has asked yet."""
    found = visit_of(services, request)
    return found if found.who is not None else None
