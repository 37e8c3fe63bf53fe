"""Connections to brokers in pages: administrators', and no password in any of them."""

import pytest

from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import check_markup, opened_at
from tests.rigs.ports import free_port

PASSWORD = "s3cret-of-the-broker"


def made(live: LiveHub, admin: Browser, name: str, **fields: str) -> str:
    wanted = {"kind": "nats", "name": name, "url": f"nats://127.0.0.1:{free_port()}", "verify_ssl": "yes"}
    done = admin.submit("/connections/new", **{**wanted, **fields})
    assert done.status_code == 303, done.text
    return str(done.headers["location"])


def test_there_is_a_page_before_there_is_a_connection(live: LiveHub, admin: Browser) -> None:
    shown = admin.get("/connections/new").text
    check_markup(shown)
    assert shown.count("Choose") == 6
    check_markup(admin.get("/connections").text)


def test_a_connection_is_made_changed_tested_and_deleted(live: LiveHub, admin: Browser) -> None:
    check_markup(admin.get("/connections/new?kind=nats").text)
    path = made(live, admin, "page-made", username="<ann>", password=PASSWORD)
    for one in (path, f"{path}/delete", "/connections"):
        shown = admin.get(one).text
        check_markup(shown)
        assert "page-made" in shown
        assert PASSWORD not in shown
        assert "<ann>" not in shown
    assert admin.submit(f"{path}/test").status_code == 303
    assert "NATS is not to be had" in admin.get(path).text
    assert "Does not work" in admin.get("/connections").text

    [connection] = [
        one
        for one in live.client("admin", project=None).get("/connections").json()
        if one["name"] == "page-made"
    ]
    assert connection["has_password"]
    kept = admin.submit(path, url=connection["url"], username="bob", password="", verify_ssl="yes")
    assert kept.status_code == 303
    api = live.client("admin", project=None)
    changed = api.get(f"/connections/{connection['id']}").json()
    assert (changed["username"], changed["has_password"], changed["verify_ssl"]) == ("bob", True, True)
    admin.submit(path, url=connection["url"], username="", password="", forget_password="yes")
    changed = api.get(f"/connections/{connection['id']}").json()
    assert (changed["username"], changed["has_password"], changed["verify_ssl"]) == (None, False, False)

    assert admin.submit(f"{path}/delete").headers["location"] == "/connections"
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "No Name"}, ">Name: must be 1 to 63 lower-case letters"),
        ({"name": "taken"}, "There is a connection taken already"),
        ({"url": "amqp://127.0.0.1"}, ">URL: The URL must begin with nats://"),
        ({"projects": "NONE"}, "there is no project NONE"),
        ({"ca": "x"}, "is no certificate in PEM"),
    ],
)
def test_what_is_wrong_is_told_beside_what_was_typed(
    live: LiveHub, admin: Browser, fields: dict[str, str], words: str
) -> None:
    if "taken" not in admin.get("/connections").text:
        made(live, admin, "taken")
    wanted = {
        "kind": "nats",
        "name": "fresh",
        "url": "nats://127.0.0.1",
        "password": PASSWORD,
        "verify_ssl": "yes",
    }
    refused = admin.submit("/connections/new", **{**wanted, **fields})
    assert refused.status_code == 422
    check_markup(refused.text)
    assert words in refused.text
    assert PASSWORD not in refused.text


def test_whoever_saves_later_is_told_first(live: LiveHub, admin: Browser) -> None:
    path = made(live, admin, "two-tabs", password=PASSWORD)
    first = opened_at(admin.get(path).text)
    typed = {"url": "nats://127.0.0.1:4222", "username": "ann", "opened": first}
    assert admin.submit(path, **typed, password=PASSWORD).status_code == 303

    mine = {**typed, "username": "bob", "forget_password": "yes"}
    refused = admin.submit(path, **mine)
    assert refused.status_code == 409
    check_markup(refused.text)
    assert "Not saved: this connection was changed after you opened it" in refused.text
    assert 'value="bob"' in refused.text
    assert 'name="forget_password" value="yes" checked' in refused.text
    assert 'value="ann"' in admin.get(path).text
    assert admin.submit(path, **{**mine, "opened": opened_at(refused.text)}).status_code == 303
    assert 'value="bob"' in admin.get(path).text


def test_another_server_does_not_get_the_password(live: LiveHub, admin: Browser) -> None:
    path = made(live, admin, "moving", password=PASSWORD)
    refused = admin.submit(path, url="nats://127.0.0.2", verify_ssl="yes")
    assert refused.status_code == 422
    assert "must be given with another server" in refused.text


def test_hooks_pages_tell_what_a_target_at_a_broker_looks_like(
    live: LiveHub, admin: Browser, manager: Browser, project: str
) -> None:
    made(live, admin, "told", projects=project)
    form = manager.get(f"/projects/{project}/hooks/new").text
    check_markup(form)
    assert "broker://told/" in form
    gallery = manager.get(f"/projects/{project}/apps?q=nats").text
    check_markup(gallery)
    assert "<code>told</code>" in gallery
    hook = {"target_url": "broker://told/hub.{type}", "event": "*"}
    hook_id = live.client(project=project).post("/hooks", json=hook).json()["id"]
    shown = manager.get(f"/projects/{project}/hooks/{hook_id}").text
    check_markup(shown)
    assert "Puts messages on <code>broker://told/hub.{type}</code>" in shown
    checked = manager.submit(f"/projects/{project}/hooks/check", target_url="broker://told/a b").text
    assert "is no place on NATS" in checked


def test_nobody_else_sees_them(manager: Browser) -> None:
    assert manager.get("/connections").status_code == 403
