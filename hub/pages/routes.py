"""The pages' routes, in the order in which they are tried; `app` appends them to the API's.

Owns the list. It must never handle a page itself.
"""

from starlette.routing import BaseRoute

from hub.pages import home, setup, static
from hub.pages.rendering import Renderer
from hub.services import Services


def routes(services: Services) -> list[BaseRoute]:
    renderer = Renderer(services.config)
    return [*home.routes(services, renderer), *setup.routes(services, renderer), *static.routes()]
