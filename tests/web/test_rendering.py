"""Templates: what is escaped, what is missing, and how times and durations are written."""

from datetime import UTC, datetime

import jinja2
import pytest

from hub.config import load
from hub.web.problems import Problem
from hub.web.rendering import Renderer, milliseconds, query, utc_words

NOON = datetime(2020, 11, 3, 15, 24, 7, tzinfo=UTC).timestamp()


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(load({"HUB_BASE_URL": "https://hub.example/inside"}))


def test_a_name_that_a_page_does_not_get_is_an_error(renderer: Renderer) -> None:
    with pytest.raises(jinja2.UndefinedError):
        renderer.page("home/home.html")


def test_links_stand_below_what_a_proxy_puts_before_them_and_text_is_escaped(renderer: Renderer) -> None:
    nobody = {"person": None, "project": None, "administrators": (), "managers": ()}
    problem = Problem(404, "<b>there is none")
    values = {**nobody, "problem": problem, "message": "", "back": "/projects?a=1&b=2", "path": "/<b>"}
    page = renderer.page("problem.html", 404, {"X-A": "1"}, **values)
    text = bytes(page.body).decode()
    assert (page.status_code, page.headers["x-a"]) == (404, "1")
    assert 'href="/inside/projects?a=1&amp;b=2"' in text
    assert "&lt;b&gt;there is none" in text
    assert "/&lt;b&gt;" in text
    assert "<b>" not in text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.05, "0.05 ms"),
        (2.345, "2.35 ms"),
        (84.4, "84 ms"),
        (999, "999 ms"),
        (2_340, "2.3 s"),
        (15_400, "15 s"),
    ],
)
def test_a_duration_has_no_more_digits_than_say_something(value: float, said: str) -> None:
    assert milliseconds(value) == said


@pytest.mark.parametrize(
    ("show", "said"), [("", "3 Nov, 15:24"), ("exact", "3 Nov, 15:24:07"), ("day", "3 Nov 2020")]
)
def test_a_time_is_written_in_utc(show: str, said: str) -> None:
    assert utc_words(NOON, show) == said


def test_a_day_of_this_year_needs_no_year() -> None:
    now = datetime.now(UTC)
    assert utc_words(now.timestamp(), "day") == f"{now.day} {now:%b}"


def test_an_empty_filter_is_no_part_of_a_link() -> None:
    assert query({"state": "failed", "type": "", "text": "a&b"}) == "state=failed&text=a%26b"
