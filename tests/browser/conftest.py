"""Pages in a real browser: the system's Chromium, on a running hub.

Owns `visit`, which opens a browser of somebody's, with or without JavaScript. Whatever the console says
against a page fails its test: an error of a script, something that the content security policy keeps out.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page

from tests.rigs.api import Browser, LiveHub, serving
from tests.rigs.waiting import DEADLINE_S

Visit = Callable[..., Page]
"""visit(person, javascript=True, width=1200, scheme="light"): a page of a browser that this person is signed
in with.
"""

EXPECTED = "Failed to load resource: the server responded with a status of 4"
"""Chromium's word for each refused form, which is no fault of the page."""


def listen(page: Page, said: list[str]) -> Callable[[], None]:
    """Note whatever the console says against this page, until the function that comes back is called."""

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            said.append(message.text)

    def note_error(error: Error) -> None:
        said.append(str(error))

    def stop() -> None:
        page.remove_listener("console", note)
        page.remove_listener("pageerror", note_error)

    page.on("console", note)
    page.on("pageerror", note_error)
    return stop


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

    def opened(
        person: Browser | None = None,
        *,
        javascript: bool = True,
        width: int = 1200,
        scheme: str = "light",
        zone: str = "UTC",
    ) -> Page:
        context = new_context(
            base_url=live.url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            timezone_id=zone,
        )
        context.set_default_timeout(DEADLINE_S * 1000)
        if person is not None:
            secret = str(person.cookies.get("hookhub"))
            context.add_cookies([{"name": "hookhub", "value": secret, "url": live.url}])
        page = context.new_page()
        listen(page, said)
        return page

    yield opened
    assert said == []
