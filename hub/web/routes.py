"""The web application: every route, in the order in which they are tried, and what wraps them all.

Owns the order (publishing stands first: a route costs every one behind it) and the fallback answers. It must
never handle a call itself.
"""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.services import Services
from hub.web import health, problems
from hub.web.api import audit, connectors, deliveries, events, hooks, me, projects, settings, tokens, users
from hub.web.api.calls import Call, route
from hub.web.callers import Callers
from hub.web.dialects import icescrum
from hub.web.docs import page as docs

_MODULES = (hooks, events, deliveries, me, connectors, settings, projects, users, tokens, audit)
CALLS: tuple[Call, ...] = tuple(call for module in _MODULES for call in module.CALLS)


def application(
    services: Services, lifespan: Callable[[Starlette], Any], pages: Sequence[BaseRoute] = ()
) -> Starlette:
    callers = Callers(services.database)
    routes: list[BaseRoute] = [
        events.publish_route(services, callers),
        *health.routes(services),
        *(route(call, services, callers) for call in CALLS),
        *icescrum.routes(services, callers),
        *docs.routes(CALLS, services.config),
        *pages,
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            Exception: problems.on_error,
            HTTPException: problems.on_error,
            **_known_errors(),
        },
    )
    app.router.redirect_slashes = False
    app.add_middleware(WithoutTrailingSlash)
    app.add_middleware(AnswersFaults)
    return app


def _known_errors() -> dict[Any, Any]:
    return dict.fromkeys(problems.KNOWN, problems.on_error)


class AnswersFaults:
    """A bug of ours is answered, and the connection stays.

    Starlette's own handler answers and raises on; the server then closes the connection, under the caller's
    next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
            response = await problems.on_error(Request(scope, receive), error)
            await response(scope, receive, send)


class WithoutTrailingSlash:
    """Serves `/path/` as `/path`: a redirect would lose a POST's body in many clients (contract §4)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)
