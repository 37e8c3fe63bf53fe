"""Static files: ours, and those of others as they are, under `/static`.

Owns how long a browser may keep them: a vendored file's path holds its version, so it never changes; ours are
asked for again each time, and mostly answered 304. It must never serve anything outside `hub/static`.
"""

import os

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

IMMUTABLE = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


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


def routes() -> list[Mount]:
    return [Mount("/static", Files(packages=[("hub", "static")]), name="static")]
