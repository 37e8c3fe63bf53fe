"""The web application: every route, in the order in which they are tried, and what wraps them all.

Owns the order: publishing stands first, because a route costs every one behind it.
"""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.services import Services
from hub.web import health
from hub.web.api import (
    audit,
    connectors,
    deliveries,
    events,
    hooks,
    me,
    members,
    projects,
    publish,
    settings,
    tokens,
    users,
)
from hub.web.api.calls import Call, route
from hub.web.body_budget import BodyBudget
from hub.web.callers import Callers
from hub.web.dialects import icescrum
from hub.web.docs import page as docs
from hub.web.error_answers import AnswersFaults, ErrorAnswers
from hub.web.pages import routes as pages
from hub.web.pages.refusals import explain
from hub.web.rendering import Renderer
from hub.web.security_headers import SecurityHeaders

_MODULES = (hooks, events, deliveries, me, connectors, settings, projects, members, users, tokens, audit)
CALLS: tuple[Call, ...] = tuple(call for module in _MODULES for call in module.CALLS)


def application(services: Services, lifespan: Callable[[Starlette], Any]) -> Starlette:
    callers, renderer = Callers(services), Renderer(services.config)
    answers = ErrorAnswers(renderer, explain(services))
    routes: list[BaseRoute] = [
        publish.publish_route(services, callers),
        *health.routes(services),
        *(route(call, services, callers) for call in CALLS),
        *icescrum.routes(services, callers),
        *docs.routes(CALLS, renderer, services.config.base_url),
        *pages.routes(services, renderer),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: answers})
    app.router.redirect_slashes = False
    # The last one added is the outermost.
    app.add_middleware(BodyBudget, settings=callers.settings)
    app.add_middleware(AnswersFaults, answers=answers)
    app.add_middleware(WithoutTrailingSlash)
    app.add_middleware(SecurityHeaders)
    return app


class WithoutTrailingSlash:
    """Serves `/path/` as `/path`: a redirect would lose a POST's body in many clients."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)
