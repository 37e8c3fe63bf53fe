"""Templates: from a name and values to a page.

Owns the Jinja2 environment. Everything is escaped, and a name that a template does not get is an error, not
an empty place. No stranger's text is marked as safe.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode, urlsplit

import jinja2
from starlette.responses import HTMLResponse

from hub import __version__
from hub.config import Config
from hub.timestamps import iso

HTMX = "vendor/htmx-4.0.1/htmx.min.js"
THEMES = ("light", "dark")


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
    environment.globals.update(version=__version__, htmx=HTMX, theme="", csrf_token="")
    environment.filters.update(iso=iso, utc_words=utc_words, query=query, milliseconds=milliseconds)
    return environment


def utc_words(epoch_s: float, show: str = "") -> str:
    """A time as pages write it in UTC, until the browser shows its reader's own: `23 Nov, 15:24`.

    `show`: `day` for the day alone, `exact` for the seconds too.
    """
    moment = datetime.fromtimestamp(epoch_s, UTC)
    day = f"{moment.day} {moment:%b}"
    if show == "day":
        return day if moment.year == datetime.now(UTC).year else f"{day} {moment.year}"
    return f"{day}, {moment:%H:%M:%S}" if show == "exact" else f"{day}, {moment:%H:%M}"


def query(values: Mapping[str, str]) -> str:
    """The query of a link, without what is empty."""
    return urlencode({name: value for name, value in values.items() if value})


def milliseconds(value: float) -> str:
    """`84 ms`, `2.3 s`, `15 s`."""
    if value < 1000:
        return f"{value:.3g} ms" if value < 10 else f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 10_000 else f"{value / 1000:.0f} s"
