"""The table of pages: who is let in, what a form must be, and how a page is refused, for any page alike."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.testclient import TestClient

from hub.app import Hub
from hub.config import load
from hub.errors import Conflict
from hub.operations.sessions import SignedIn
from hub.rules.access import Role, person
from hub.services import Services
from hub.store.sessions import Session
from hub.store.users import User
from hub.web.error_answers import AnswersFaults, ErrorAnswers
from hub.web.pages.refusals import explain
from hub.web.pages.table import (
    COSTLY_AT_ONCE,
    COSTLY_WAITING_MAX,
    Page,
    PageRequest,
    Redirect,
    View,
    route,
    safe_path,
)
from hub.web.rendering import Renderer
from hub.web.sessions import Visit, csrf_token
from tests.rigs.waiting import DEADLINE_S

ROLES: dict[str, Role] = {"anna": "product_owner", "tom": "team_member"}
DONE, VALUES = "account/password.html", {"errors": {}, "password_min": 10}
"""Any page will do."""
SECRET = "what the browser holds"


def signed_in(services: Services, request: Request) -> Visit:
    name = request.headers.get("x-name", "")
    if name not in ROLES:
        return Visit(SECRET)
    user = User(1, name, False, True, 0, {"DEMO": ROLES[name]})
    who = SignedIn(user, Session("ses_1", 1, 0, 0, None, ""))
    return Visit(SECRET, who, None, person(name, ROLES[name], is_admin=False, project_id=1))


def greet(request: PageRequest) -> View:
    return View({"message": f"Welcome, {request.requester.name}", **VALUES}, 201)


def store(request: PageRequest) -> Redirect:
    return Redirect("/mine", f"Stored {request.form['name']} <b>")


may_go_on = threading.Event()


def work(request: PageRequest) -> View:
    assert may_go_on.wait(DEADLINE_S)
    return View(VALUES, 200)


def refuse(request: PageRequest) -> View:
    raise Conflict(f"{request.form.getlist('name')} <b>", title="Taken")


def fail(request: PageRequest) -> View:
    raise RuntimeError("secret")


PAGES = (
    Page("GET", "/mine", greet, DONE),
    Page("GET", "/shown", lambda request: View(VALUES), DONE),
    Page("GET", "/managed", greet, DONE, scopes=("manage",)),
    Page("POST", "/refused", refuse, DONE, is_open=True, brings_token=True),
    Page("POST", "/stored", store),
    Page("POST", "/stored-openly", store, is_open=True),
    Page("GET", "/costly", work, DONE, is_costly=True),
    Page("GET", "/failing", fail, DONE, is_open=True),
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    hub = Hub(load({"HUB_DATA_DIR": str(tmp_path), "HUB_BASE_URL": "http://testserver"}), sends=False)
    renderer = Renderer(hub.services.config)
    app = Starlette(
        routes=[route(page, hub.services, renderer, signed_in) for page in PAGES],
        middleware=[Middleware(AnswersFaults, answers=ErrorAnswers(renderer, explain(hub.services)))],
    )
    with TestClient(app) as client:
        yield client
    hub.stop()


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        ("/mine", "", 303),
        ("/mine", "tom", 201),
        ("/managed", "", 303),
        ("/managed", "tom", 403),
        ("/managed", "anna", 201),
    ],
)
def test_a_page_is_seen_by_whom_it_is_for(client: TestClient, path: str, name: str, status: int) -> None:
    answer = client.get(path, headers={"x-name": name}, follow_redirects=False)
    assert answer.status_code == status
    if status == 303:
        assert answer.headers["location"] == f"/sign-in?next={path}"
    else:
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


def test_a_flood_of_costly_forms_is_bounded_and_keeps_nobody_from_other_pages(client: TestClient) -> None:
    headers, count = {"x-name": "anna"}, COSTLY_AT_ONCE + COSTLY_WAITING_MAX + 3
    may_go_on.clear()
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(client.get, "/costly", headers=headers) for _ in range(count)]
        refused = [one.result() for one in islice(as_completed(asked, timeout=DEADLINE_S), 3)]
        other = client.get("/shown", headers=headers).status_code
        may_go_on.set()
        answers = [one.result(DEADLINE_S) for one in asked]
    assert other == 200
    counts = Counter(answer.status_code for answer in answers)
    assert (counts[503], counts[200]) == (3, COSTLY_AT_ONCE + COSTLY_WAITING_MAX)
    assert {answer.headers["retry-after"] for answer in refused} == {"5"}


def test_a_fault_of_ours_is_a_page_without_detail(client: TestClient) -> None:
    answer = client.get("/failing")
    assert (answer.status_code, "Fault of the hub" in answer.text, "secret" in answer.text) == (
        500,
        True,
        False,
    )


def test_a_form_needs_the_token_of_its_browser(client: TestClient) -> None:
    headers = {"x-name": "anna"}
    for wrong in ("", "x", "é", csrf_token("another browser's")):
        answer = client.post("/stored", data={"name": "a", "csrf": wrong}, headers=headers)
        assert (answer.status_code, "Form too old" in answer.text) == (403, True)
    assert "Form too old" in client.post("/stored", data={"name": "a"}, headers=headers).text
    good = {"name": "a", "csrf": csrf_token(SECRET)}
    assert client.post("/stored", data=good, headers=headers, follow_redirects=False).status_code == 303


def test_an_open_form_needs_one_too_and_says_when_the_browser_keeps_no_cookies(client: TestClient) -> None:
    form = {"name": "a", "csrf": csrf_token("mine")}
    assert "No cookie" in client.post("/stored-openly", data=form).text
    client.cookies.set("hookhub", "mine")
    assert client.post("/stored-openly", data=form, follow_redirects=False).status_code == 303


def test_what_was_done_is_said_once_and_escaped(client: TestClient) -> None:
    form = {"name": '\u00e9;, "x', "csrf": csrf_token(SECRET)}
    done = client.post("/stored", data=form, headers={"x-name": "anna"}, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/mine")
    assert "httponly" in done.headers["set-cookie"].lower()
    said = "Stored \u00e9;, &#34;x &lt;b&gt;"
    assert said in client.get("/shown", headers={"x-name": "anna"}).text
    assert said not in client.get("/shown", headers={"x-name": "anna"}).text


def test_a_part_that_refreshes_itself_leaves_the_message_to_the_page(client: TestClient) -> None:
    form = {"name": "a", "csrf": csrf_token(SECRET)}
    client.post("/stored", data=form, headers={"x-name": "anna"}, follow_redirects=False)
    part = client.get("/shown", headers={"x-name": "anna", "hx-request": "true"})
    assert "Stored a" not in part.text
    assert "Stored a" in client.get("/shown", headers={"x-name": "anna"}).text


def test_whoever_was_signed_out_comes_back_to_the_page_that_the_form_stood_on(client: TestClient) -> None:
    for referer, to in (
        ("http://testserver/projects/DEMO?a=1&b=2", "/sign-in?next=/projects/DEMO%3Fa%3D1%26b%3D2"),
        ("http://evil.example/projects", "/sign-in"),
        ("", "/sign-in"),
    ):
        answer = client.post(
            "/stored", data={"name": "a"}, headers={"referer": referer}, follow_redirects=False
        )
        assert (answer.status_code, answer.headers["location"]) == (303, to)
        assert "hookhub-said" in answer.headers["set-cookie"]


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(client: TestClient) -> None:
    answer = client.get("/mine?live=on", headers={"hx-request": "true"}, follow_redirects=False)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=/mine%3Flive%3Don"
    assert "You%20were%20signed%20out.%20" in answer.headers["set-cookie"]
    headers = {"hx-request": "true", "referer": "http://testserver/mine"}
    checked = client.post("/stored", data={"name": "a"}, headers=headers, follow_redirects=False)
    assert checked.headers["hx-redirect"] == "/sign-in?next=/mine"
    assert "before%20this%20was%20saved" in checked.headers["set-cookie"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/a\nb",
        "/a b",
        "/\u00e9",
        "/\t/evil.example",
        "\\\\evil.example",
    ],
)
def test_one_goes_on_only_to_a_path_of_ours(text: str) -> None:
    assert safe_path(text) == "/"
    assert safe_path("/projects/A?x=1&y=%20") == "/projects/A?x=1&y=%20"
