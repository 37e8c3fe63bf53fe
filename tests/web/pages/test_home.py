"""The first page: what this is, and where each one goes on. A hub of its own for each test, with nobody in it yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.api import LiveHub, serving
from tests.rigs.markup import check_markup
from tests.rigs.requesters import ADMIN

PASSWORD = "correct horse battery"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveHub]:
    with serving(tmp_path) as running:
        yield running


def test_the_first_page_says_what_this_is_and_where_to_go(live: LiveHub) -> None:
    answer = live.stranger().get("/")
    assert answer.status_code == 200
    links = [link["href"] for link in check_markup(answer.text).all("a")]
    assert {"/docs", "/api/v1/openapi.json"} <= set(links)
    assert "Up and running" in answer.text
    assert "No administrator can sign in yet" in answer.text


def test_the_first_page_leads_everybody_to_where_they_can_go_on(live: LiveHub, project: str) -> None:
    ann = live.hub.services.users.create(ADMIN, "ann", PASSWORD).name
    assert "No administrator can sign in yet" in live.stranger().get("/").text
    live.hub.services.users.create(ADMIN, "root", PASSWORD, is_admin=True)
    asked = live.stranger().get("/")
    assert asked.headers["location"] == "/sign-in"
    assert "No administrator can sign in yet" not in asked.text
    assert live.browser(ann).get("/").headers["location"] == "/projects"
    tom = live.browser("tom", project=project, role="team_member")
    assert tom.get("/").headers["location"] == f"/projects/{project}"
