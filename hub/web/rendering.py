"""Templates: from a name and values to a page.

Owns the Jinja2 environment. Everything is escaped, and a name that a template does not get is an error, not
an empty place. It must never mark a stranger's text as safe.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import jinja2
from starlette.responses import HTMLResponse

from hub import __version__
from hub.config import Config

PICO = "vendor/pico-2.1.1/pico.min.css"


class Renderer:
    """Renders the pages of one hub."""

    def __init__(self, config: Config) -> None:
        self.base_path = urlsplit(config.base_url).path
        """What a proxy puts before our paths; empty without one."""

    def page(
        self, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
    ) -> HTMLResponse:
        text = _environment().get_template(template).render(base_path=self.base_path, **values)
        return HTMLResponse(text, status, headers)


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FunctionLoader(
        lambda name: (files("hub") / "templates" / name).read_text(encoding="utf-8")
    )
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(version=__version__, pico=PICO)
    return environment
