"""The table of pages: who is let in, what a form must be, and how a page is refused, for any page alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.testclient import TestClient

from hub.app import Hub
from hub.config import load
from hub.errors import Conflict
from hub.rules.access import Requester, person
from hub.services import Services
from hub.web.error_answers import AnswersFaults, ErrorAnswers
from hub.web.pages.table import Page, PageRequest, View, route
from hub.web.rendering import Renderer

PEOPLE = {
    "anna": person("anna", "product_owner", is_admin=False, project_id=1),
    "tom": person("tom", "team_member", is_admin=False, project_id=1),
}


def signed_in(services: Services, request: Request) -> Requester | None:
    return PEOPLE.get(request.headers.get("x-name", ""))


def greet(request: PageRequest) -> View:
    return View({"name": request.requester.name}, 201)


def refuse(request: PageRequest) -> View:
    raise Conflict(f"{request.form.getlist('name')} <b>", title="Taken")


def fail(request: PageRequest) -> View:
    raise RuntimeError("secret")


DONE = "setup/done.html"
PAGES = (
    Page("GET", "/mine", greet, DONE),
    Page("GET", "/managed", greet, DONE, scopes=("manage",)),
    Page("POST", "/refused", refuse, DONE, is_open=True),
    Page("GET", "/failing", fail, DONE, is_open=True),
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    hub = Hub(load({"HUB_DATA_DIR": str(tmp_path), "HUB_BASE_URL": "http://testserver"}), sends=False)
    renderer = Renderer(hub.services.config)
    app = Starlette(
        routes=[route(page, hub.services, renderer, signed_in) for page in PAGES],
        middleware=[Middleware(AnswersFaults, answers=ErrorAnswers(renderer))],
    )
    with TestClient(app) as client:
        yield client
    hub.stop()


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        ("/mine", "", 401),
        ("/mine", "tom", 201),
        ("/managed", "", 401),
        ("/managed", "tom", 403),
        ("/managed", "anna", 201),
    ],
)
def test_a_page_is_seen_by_whom_it_is_for(client: TestClient, path: str, name: str, status: int) -> None:
    answer = client.get(path, headers={"x-name": name})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    if status == 201:
        assert f"Welcome, {name}" in answer.text


def test_what_a_handler_refuses_is_a_page_that_says_so(client: TestClient) -> None:
    answer = client.post("/refused", data={"name": ["a", "b"]}, headers={"accept": "*/*"})
    assert answer.status_code == 409
    assert "<h1>Taken</h1>" in answer.text
    assert "[&#39;a&#39;, &#39;b&#39;] &lt;b&gt;" in answer.text


def test_a_form_of_another_site_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/refused", content=b"%", headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, "Another site" in answer.text) == (403, True)


def test_a_fault_of_ours_is_a_page_without_detail(client: TestClient) -> None:
    answer = client.get("/failing")
    assert (answer.status_code, "Fault of the hub" in answer.text, "secret" in answer.text) == (
        500,
        True,
        False,
    )
