"""What cannot be served is a page for people and problem+json for programs, by what was asked for."""

import pytest
import requests

from tests.rigs.api import LiveHub

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def get(live: LiveHub, path: str, accept: str | None, method: str = "GET") -> requests.Response:
    headers = {"Accept": accept} if accept is not None else {"Accept": None}
    return live.client_with(None).request(method, live.url + path, headers=headers)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/hooks/%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/setup/x", "/p/TRAVEL/"]
)
def test_an_unknown_address_is_a_page_in_a_browser(live: LiveHub, path: str) -> None:
    answer = get(live, path, BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["vary"] == "Accept"
    assert "<h1>Nothing here</h1>" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "application/problem+json",
        "image/png",
        "text/html;q=0",
        "text/html;q=x",
    ],
)
def test_an_unknown_address_is_a_problem_for_a_program(live: LiveHub, accept: str | None) -> None:
    answer = get(live, "/nowhere", accept)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"].startswith("there is nothing at /nowhere")


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        ("application/json, text/html;q=0.9", False),
        ("application/json;q=0.5, text/html", True),
        ("TEXT/HTML; charset=utf-8", True),
        ("application/problem+json, text/html", True),
    ],
)
def test_whoever_takes_both_gets_what_they_like_better(live: LiveHub, accept: str, is_page: bool) -> None:
    assert get(live, "/nowhere", accept).headers["content-type"].startswith("text/html") is is_page


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/hooks", "/api/nothing"])
def test_where_programs_call_a_browser_gets_what_they_get(live: LiveHub, path: str) -> None:
    answer = get(live, path, BROWSER)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_says_which_ones_there_are(live: LiveHub) -> None:
    for path, allowed in (("/setup", "GET, HEAD, POST"), ("/docs", "GET, HEAD"), ("/api/v1/me", "GET, HEAD")):
        answer = get(live, path, "*/*", "DELETE")
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert answer.json()["detail"] == f"{path} takes {allowed}, not DELETE"


def test_a_page_is_refused_as_a_page_whatever_is_accepted(live: LiveHub) -> None:
    for path in ("/setup?token=wrong", "/setup/?token=wrong"):
        answer = get(live, path, "*/*")
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/html")


def test_the_icon_is_where_browsers_look_for_it(live: LiveHub) -> None:
    answer = get(live, "/favicon.ico", "image/avif,image/webp,*/*;q=0.8")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/vnd.microsoft.icon")
    assert answer.content.startswith(b"\0\0\1\0")
