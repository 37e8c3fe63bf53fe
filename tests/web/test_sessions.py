"""Who looks at a page: signed-in people in their projects, as the pages of a running hub treat them."""

import pytest

from tests.rigs.api import LiveHub


def test_nobody_sees_a_page_without_signing_in(live: LiveHub) -> None:
    answer = live.stranger().get("/projects")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/projects")


def test_the_cookie_on_plain_http_is_closed_to_scripts_and_other_sites(live: LiveHub) -> None:
    kept = live.stranger().get("/sign-in").headers["set-cookie"].lower()
    assert kept.startswith("hookhub=")
    for attribute in ("httponly", "samesite=lax", "path=/"):
        assert attribute in kept
    assert "secure" not in kept


@pytest.mark.parametrize("path", ["/projects", "/nowhere"])
def test_every_page_knows_who_looks_at_it(live: LiveHub, path: str) -> None:
    anna = live.browser("<anna>", is_admin=True)
    answer = anna.get(path, headers={"accept": "text/html"})
    assert "<anna>" not in answer.text
    assert ("&lt;anna&gt;" in answer.text) is (path == "/projects")


def test_whoever_signs_out_is_out_at_once_with_that_browser_only(live: LiveHub) -> None:
    here, there = live.browser("olga"), live.browser("olga")
    assert here.submit("/sign-out").headers["location"] == "/sign-in"
    assert here.get("/projects").status_code == 303
    assert there.get("/projects").status_code == 200


def test_a_chosen_theme_is_in_the_page_from_its_first_byte(live: LiveHub) -> None:
    anna = live.browser("theo")
    assert anna.get("/projects").text.count("data-theme") == 0
    for theme in ("dark", "light"):
        chosen = anna.submit("/account/theme", theme=theme)
        assert chosen.status_code == 303
        assert f'<html lang="en" data-theme="{theme}">' in anna.get("/projects").text
    anna.submit("/account/theme", theme='"><script>')
    assert "data-theme" not in anna.get("/projects").text
