"""Static files: ours, and those of others as they are, under `/static`; and the icon where browsers look for
it.

Owns how long a browser may keep them: a vendored file's path holds its version, so it never changes; ours are
asked for again each time, and mostly answered 304. Nothing outside `hub/static` is served.
"""

import os
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

IMMUTABLE = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
A_DAY = "public, max-age=86400"


class Files(StaticFiles):
    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_vendored = f"{os.sep}vendor{os.sep}" in os.fspath(full_path)
        response.headers["Cache-Control"] = IMMUTABLE if is_vendored else ASK_AGAIN
        return response


def routes() -> list[BaseRoute]:
    async def favicon(request: Request) -> Response:
        return Response(icon, media_type="image/vnd.microsoft.icon", headers={"Cache-Control": A_DAY})

    icon = (resources.files("hub") / "static" / "favicon.ico").read_bytes()
    return [
        Route("/favicon.ico", favicon),
        Mount("/static", Files(packages=[("hub", "static")]), name="static"),
    ]
