"""The table of all pages: each is there once, has its template, and is closed to strangers unless it says so."""

import re
from collections import Counter
from importlib.resources import files

import pytest

from hub.web.pages.routes import PAGES
from hub.web.pages.table import Page
from tests.rigs.api import LiveHub


def test_no_page_stands_behind_another_of_its_method_and_path() -> None:
    counts = Counter((page.method, page.path) for page in PAGES)
    assert [where for where, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("template", sorted({page.template for page in PAGES if page.template}))
def test_a_pages_template_is_there(template: str) -> None:
    assert (files("hub") / "templates" / template).is_file()


@pytest.mark.parametrize(
    "asked", [page for page in PAGES if not page.is_open], ids=lambda page: f"{page.method} {page.path}"
)
def test_a_stranger_gets_no_page_that_is_not_open(live: LiveHub, asked: Page) -> None:
    path = re.sub(r"{\w+(:int)?}", "1", asked.path)
    stranger = live.stranger()
    if asked.method == "GET":
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")
    else:
        answer = stranger.submit(path, name="x")
        assert answer.status_code in (303, 403)
        assert "/sign-in" in answer.headers.get("location", "/sign-in")
