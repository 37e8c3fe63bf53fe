"""The pages' routes: every row of the table, and the files that pages need."""

from starlette.routing import BaseRoute

from hub.services import Services
from hub.web import sessions, static
from hub.web.pages import home, setup
from hub.web.pages.table import Page, route
from hub.web.rendering import Renderer

PAGES: tuple[Page, ...] = (*home.PAGES, *setup.PAGES)


def routes(services: Services, renderer: Renderer) -> list[BaseRoute]:
    return [
        *(route(page, services, renderer, sessions.requester_of) for page in PAGES),
        *static.routes(),
    ]
