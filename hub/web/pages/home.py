"""The first page: what this is, that it is up, and where to go on.

Owns `/`. It must never show anything that a stranger may not know.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.services import Services
from hub.store import users
from hub.store.database import StoreUnavailable
from hub.web.rendering import Renderer


def routes(services: Services, renderer: Renderer) -> list[Route]:
    def look() -> tuple[bool, bool]:
        """Is the database there, and has somebody been made?"""
        try:
            return True, services.database.read(users.has_any)
        except StoreUnavailable:
            return False, True

    async def home(request: Request) -> Response:
        is_up, is_set_up = await run_in_threadpool(look)
        return renderer.page("home/home.html", is_up=is_up, is_set_up=is_set_up)

    return [Route("/", home)]
