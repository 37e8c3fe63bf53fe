"""The pages' routes, in the order in which they are tried; `app` appends them to the API's.

Owns the list. It must never handle a page itself.
"""

from starlette.routing import BaseRoute

from hub.services import Services
from hub.web import static
from hub.web.pages import home, setup
from hub.web.rendering import Renderer


def routes(services: Services) -> list[BaseRoute]:
    renderer = Renderer(services.config)
    return [*home.routes(services, renderer), *setup.routes(services, renderer), *static.routes()]
