"""Signing in and out, as a browser does it."""

from html import unescape

import pytest
import requests

from hub.operations import sign_in_tries
from hub.rules.access import Requester
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import check_markup

PASSWORD = "correct horse battery"
ADMIN = Requester("root", frozenset({"admin"}), is_person=True)


@pytest.fixture(scope="module")
def ann(live: LiveHub) -> str:
    return live.hub.services.users.create(ADMIN, "ann", PASSWORD).name


def opened(live: LiveHub, path: str = "/sign-in") -> Browser:
    """A browser that has opened the page, and holds its cookie."""
    browser = live.stranger()
    page = browser.get(path)
    assert page.status_code == 200
    check_markup(page.text)
    return browser


def sign_in(browser: Browser, name: str, password: str, **more: str) -> requests.Response:
    return browser.submit("/sign-in", name=name, password=password, **more)


def test_whoever_signs_in_goes_on_to_the_page_that_they_wanted(live: LiveHub, ann: str) -> None:
    browser = opened(live, "/sign-in?next=/account/sessions")
    before = browser.cookies.get("hookhub")
    answer = sign_in(browser, ann, PASSWORD, next="/account/sessions")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
    assert browser.cookies.get("hookhub") not in (None, before), "rotated"
    assert browser.get("/account/sessions").status_code == 200
    again = browser.get("/sign-in?next=/account/password")
    assert (again.status_code, again.headers["location"]) == (303, "/account/password")


@pytest.mark.parametrize("following", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_nobody_is_led_elsewhere(live: LiveHub, ann: str, following: str) -> None:
    browser = opened(live, f"/sign-in?next={following}")
    assert sign_in(browser, ann, PASSWORD, next=following).headers["location"] == "/"


def test_a_wrong_name_and_a_wrong_password_look_alike(live: LiveHub, ann: str) -> None:
    pages = []
    for name in (ann, "bob"):
        answer = sign_in(opened(live), name, "wrong")
        assert answer.status_code == 422
        page = check_markup(answer.text)
        [typed] = [field for field in page.all("input") if field.get("id") == "name"]
        assert typed["value"] == name
        token = next(str(field["value"]) for field in page.all("input") if field.get("name") == "csrf")
        pages.append(answer.text.replace(name, "NAME").replace(token, "TOKEN"))
    assert pages[0] == pages[1]
    assert "Name and password do not belong together" in pages[0]


def test_what_was_typed_stays_text_and_the_password_is_gone(live: LiveHub) -> None:
    answer = sign_in(opened(live), '"><script>alert(1)</script>', "S3cret-and-long")
    check_markup(answer.text)
    assert "<script>alert" not in answer.text
    assert "S3cret-and-long" not in answer.text
    assert '"><script>alert(1)</script>' in unescape(answer.text)


def test_too_many_wrong_tries_are_told_to_wait(live: LiveHub) -> None:
    for _ in range(10):
        sign_in_tries.count(live.hub.database, "zed", "127.0.0.1")
    answer = sign_in(opened(live), "zed", "wrong")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert "too many wrong tries" in answer.text
    check_markup(answer.text)


def test_a_form_that_was_not_opened_here_signs_nobody_in(live: LiveHub, ann: str) -> None:
    stranger = live.stranger()
    fields = {"name": ann, "password": PASSWORD}
    assert stranger.post("/sign-in", data=fields).status_code == 403
    browser = opened(live)
    assert browser.post("/sign-in", data=fields).status_code == 403
    elsewhere = browser.post("/sign-in", data=fields, headers={"Origin": "https://evil.example"})
    assert "Another site" in elsewhere.text


def test_signing_out_is_said_and_ends_the_session(live: LiveHub, ann: str) -> None:
    browser = live.browser(ann)
    held = browser.cookies.get("hookhub")
    assert browser.submit("/sign-out").headers["location"] == "/sign-in"
    assert not browser.cookies.get("hookhub")
    assert "You are signed out." in browser.get("/sign-in").text
    assert Browser(live.url, str(held)).get("/projects").status_code == 303
    assert browser.get("/sign-out", headers={"Accept": "text/html"}).status_code == 405
