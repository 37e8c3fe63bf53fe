"""The web application: every route, in the order in which they are tried, and what wraps them all.

Owns the order: publishing stands before them all, because each step on its way costs every publisher.
"""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.services import Services
from hub.web import health, inbound
from hub.web.api import (
    audit,
    broker_connections,
    connectors,
    deliveries,
    events,
    hook_previews,
    hooks,
    me,
    members,
    notices,
    projects,
    schedules,
    settings,
    sources,
    tokens,
    users,
)
from hub.web.api.calls import Call, route
from hub.web.api.publish import PATH, Publish
from hub.web.body_budget import BodyBudget, WithinBudget
from hub.web.callers import Callers
from hub.web.dialects import icescrum
from hub.web.docs import page as docs
from hub.web.error_answers import AnswersFaults, ErrorAnswers
from hub.web.pages import routes as pages
from hub.web.pages.refusals import explain
from hub.web.rendering import Renderer
from hub.web.security_headers import SecurityHeaders

_MODULES = (
    hook_previews,
    hooks,
    events,
    deliveries,
    me,
    connectors,
    notices,
    schedules,
    sources,
    settings,
    projects,
    members,
    users,
    tokens,
    broker_connections,
    audit,
)
CALLS: tuple[Call, ...] = tuple(call for module in _MODULES for call in module.CALLS)


def application(services: Services, lifespan: Callable[[Starlette], Any]) -> Starlette:
    callers, renderer = Callers(services), Renderer(services.config)
    answers = ErrorAnswers(renderer, explain(services))
    budget = BodyBudget(callers.settings)
    publishes = Publish(services, callers, budget, answers)
    routes: list[BaseRoute] = [
        Route(PATH, publishes, methods=["POST"]),
        inbound.inbound_route(services, callers),
        *health.routes(services),
        *(route(call, services, callers) for call in CALLS),
        *icescrum.routes(services, callers),
        *docs.routes(CALLS, renderer, services.config.base_url),
        *pages.routes(services, renderer),
    ]
    app = Application(
        publishes, routes=routes, lifespan=lifespan, exception_handlers={HTTPException: answers}
    )
    app.router.redirect_slashes = False
    # The last one added is the outermost.
    app.add_middleware(WithinBudget, budget=budget)
    app.add_middleware(AnswersFaults, answers=answers)
    app.add_middleware(WithoutTrailingSlash)
    app.add_middleware(SecurityHeaders)
    return app


class Application(Starlette):
    """Starlette's, with the call of publishers before all that it does."""

    def __init__(self, publishes: ASGIApp, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._publishes = publishes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].rstrip("/") == PATH:
            await self._publishes(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class WithoutTrailingSlash:
    """Serves `/path/` as `/path`: a redirect would lose a POST's body in many clients."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)
