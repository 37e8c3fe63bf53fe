"""The set-up page: over HTTP, against a real hub in this process on a real SQLite file."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub.app import Hub, web
from hub.config import load
from hub.operations import first_admin
from hub.store import audit, settings, users
from hub.web.body import FORM_BYTES_MAX
from tests.rigs.markup import check_markup

PASSWORD = "correct horse battery"


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(load({"HUB_DATA_DIR": str(tmp_path), "HUB_BASE_URL": "http://testserver"}), sends=False)


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    with TestClient(web(hub), base_url="http://testserver", raise_server_exceptions=True) as client:
        yield client


@pytest.fixture
def token(hub: Hub) -> str:
    made = first_admin.new_link_token(hub.database)
    assert made is not None
    return made


def post(
    client: TestClient,
    token: str,
    *,
    name: str = "anna",
    password: str = PASSWORD,
    repeated: str = PASSWORD,
    **headers: str,
):  # type: ignore[no-untyped-def]
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.post(
        "/setup",
        data={"token": token, "name": name, "password": password, "repeated": repeated},
        headers=named,
        follow_redirects=False,
    )


def test_the_link_opens_a_form_and_the_form_makes_the_administrator(
    client: TestClient, hub: Hub, token: str
) -> None:
    shown = client.get("/setup", params={"token": token})
    assert shown.status_code == 200
    page = check_markup(shown.text)
    assert [field["name"] for field in page.all("input")] == ["token", "name", "password", "repeated"]
    done = post(client, token, sec_fetch_site="same-origin", origin="http://testserver")
    assert (done.status_code, done.headers["location"]) == (303, "/projects")
    who = hub.database.read(lambda: users.check_password("anna", PASSWORD))
    assert who is not None
    assert who.is_admin
    entries = hub.database.read(lambda: list(audit.entries(None, "anna", None, 10)))
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("anna", "user.signed_in"),
        ("anna", "user.created"),
    ]


def test_whoever_was_made_is_signed_in_at_once_and_told_what_to_do_next(
    client: TestClient, token: str
) -> None:
    shown = client.get(post(client, token).headers["location"])
    assert shown.status_code == 200
    check_markup(shown.text)
    assert "Welcome, anna. You are this hub&#39;s administrator" in shown.text
    assert "Welcome, anna" not in client.get("/projects").text


def test_a_link_works_once(client: TestClient, hub: Hub, token: str) -> None:
    assert post(client, token).status_code == 303
    again = post(client, token, name="mallory")
    assert again.status_code == client.get("/setup", params={"token": token}).status_code == 410
    check_markup(again.text)
    assert hub.database.read(lambda: users.by_name("mallory")) is None


@pytest.mark.parametrize("wrong", ["", "x", "é", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_another_token_is_refused(client: TestClient, hub: Hub, token: str, wrong: str) -> None:
    assert client.get("/setup", params={"token": wrong}).status_code == 403
    answer = post(client, wrong)
    assert answer.status_code == 403
    check_markup(answer.text)
    assert not hub.database.read(users.find)


def test_a_new_start_ends_the_link_before_it(client: TestClient, hub: Hub, token: str) -> None:
    newer = first_admin.new_link_token(hub.database)
    assert newer is not None
    assert post(client, token).status_code == 403
    assert post(client, newer).status_code == 303
    assert first_admin.new_link_token(hub.database) is None


def test_a_link_ends_after_a_day(client: TestClient, hub: Hub, token: str) -> None:
    note = hub.database.read(lambda: settings.note(first_admin.NOTE))
    assert time.time() + 86_000 < note["expires_at"] < time.time() + 86_500
    hub.database.write(lambda: settings.put("_setup", {**note, "expires_at": time.time() - 1})).result()
    assert client.get("/setup", params={"token": token}).status_code == 410
    assert post(client, token).status_code == 410
    assert not hub.database.read(users.find)


def test_a_link_ends_when_somebody_is_made_another_way(client: TestClient, hub: Hub, token: str) -> None:
    assert first_admin.add_given(hub.database, "root", PASSWORD)
    assert not first_admin.add_given(hub.database, "second", PASSWORD)
    assert post(client, token).status_code == 410


def test_only_the_tokens_digest_is_kept(hub: Hub, token: str) -> None:
    assert token not in json.dumps(hub.database.read(lambda: settings.note(first_admin.NOTE)))


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"name": " "}, "name", "is missing"),
        ({"name": "a" * 101}, "name", "100 characters"),
        ({"name": "an\u202ena"}, "name", "control characters"),
        ({"password": "123456789", "repeated": "123456789"}, "password", "at least 10 characters"),
        ({"repeated": PASSWORD + "!"}, "repeated", "not the same"),
    ],
)
def test_a_wrong_field_is_told_beside_it(
    client: TestClient, hub: Hub, token: str, fields: dict[str, str], field: str, says: str
) -> None:
    answer = post(client, token, **{"name": "anna", **fields})
    assert answer.status_code == 422
    page = check_markup(answer.text)
    [wrong] = [found for found in page.all("input") if found.get("aria-invalid") == "true"]
    assert wrong["id"] == field
    assert f"{field}-error" in str(wrong["aria-describedby"])
    assert says in answer.text
    assert "<title>Error: " in answer.text
    assert not hub.database.read(users.find)
    assert post(client, token).status_code == 303


def test_a_refused_form_keeps_the_name_escaped_and_never_the_password(client: TestClient, token: str) -> None:
    answer = post(client, token, name='"><script>alert(1)</script>', password="not-long", repeated="not-long")
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert "not-long" not in answer.text
    [name] = [field for field in check_markup(answer.text).all("input") if field.get("name") == "name"]
    assert name["value"] == '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "http://testserver"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver"}, 303),
        ({"sec_fetch_site": "same-origin"}, 303),
        ({"origin": "https://hub.example", "host": "hub.example"}, 303),
        ({}, 303),
    ],
)
def test_only_our_own_page_may_post(
    client: TestClient, token: str, headers: dict[str, str], status: int
) -> None:
    assert post(client, token, **headers).status_code == status


def test_a_form_in_another_shape_is_refused(client: TestClient, token: str) -> None:
    assert client.post("/setup", json={"token": token}).status_code == 415
    assert client.post("/setup", data={"token": token, "name": "a" * FORM_BYTES_MAX}).status_code == 413
    assert (
        client.post(
            "/setup", content=b"a=%ff", headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )


def test_links_stand_below_the_path_of_the_base_url(tmp_path: Path) -> None:
    hub = Hub(load({"HUB_DATA_DIR": str(tmp_path), "HUB_BASE_URL": "https://example.org/hooks"}), sends=False)
    with TestClient(web(hub)) as client:
        page = check_markup(client.get("/").text)
        assert all(str(link["href"]).startswith("/hooks/") for link in page.all("link"))
        made = first_admin.new_link_token(hub.database)
        assert (
            check_markup(client.get("/setup", params={"token": made}).text).all("form")[0]["action"]
            == "/hooks/setup"
        )
