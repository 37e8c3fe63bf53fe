"""The documents over HTTP: OpenAPI 3.1, Swagger 2.0 for Power Automate, and the page that shows the former.

Owns `GET /api/v1/openapi.json`, `/api/v1/swagger.json` and `/docs`; none needs a token, for they hold nothing
but this page's own text. The policy below stops whatever would load from another host, and a script within
the page.
"""

from collections.abc import Callable, Sequence
from functools import cache

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.web.api.calls import Call
from hub.web.docs import open_calls, openapi, swagger
from hub.web.rendering import Renderer

SWAGGER_UI = "vendor/swagger-ui-5.35.0"
HEADERS = {
    # Swagger UI writes style attributes and takes its icons from data: URLs; it asks for no more.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def routes(calls: Sequence[Call], renderer: Renderer, base_url: str) -> list[Route]:
    """Each document is made once, when it is first asked for."""

    async def docs(request: Request) -> Response:
        return await run_in_threadpool(
            renderer.page, "docs/docs.html", headers=HEADERS, swagger_ui=SWAGGER_UI
        )

    openapi_path, swagger_path = open_calls.DOCUMENT_PATHS
    return [
        _json_route(openapi_path, cache(lambda: msgspec.json.encode(openapi.document(calls, base_url)))),
        _json_route(swagger_path, cache(lambda: msgspec.json.encode(swagger.document(base_url)))),
        Route("/docs", docs),
    ]


def _json_route(path: str, made: Callable[[], bytes]) -> Route:
    async def endpoint(request: Request) -> Response:
        return Response(
            await run_in_threadpool(made),
            media_type="application/json",
            headers={"X-Content-Type-Options": "nosniff"},
        )

    return Route(path, endpoint)
