"""Pages in a real browser: the system's Chromium, on a running hub.

Owns `visit`, which opens a browser of somebody's, with or without JavaScript. Whatever the console says against a page
fails its test: an error of a script, something that the content security policy keeps out.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from tests.rigs.api import Browser, LiveHub, serving

Visit = Callable[..., Page]
"""visit(person, javascript=True, width=1200, scheme="light"): a page of a browser that this person is signed in with."""

EXPECTED = "Failed to load resource: the server responded with a status of 4"
"""Chromium's word for each refused form, which is no fault of the page."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One running hub for all tests of a module; each test has its own projects."""
    with serving(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture
def project(live: LiveHub) -> str:
    return live.project()


@pytest.fixture
def visit(live: LiveHub, new_context: Callable[..., BrowserContext]) -> Iterator[Visit]:
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            said.append(message.text)

    def opened(
        person: Browser | None = None, *, javascript: bool = True, width: int = 1200, scheme: str = "light"
    ) -> Page:
        context = new_context(
            base_url=live.url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
        )
        if person is not None:
            secret = str(person.cookies.get("hookhub"))
            context.add_cookies([{"name": "hookhub", "value": secret, "url": live.url}])
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield opened
    assert said == []
