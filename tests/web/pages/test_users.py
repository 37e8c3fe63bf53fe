"""Users in pages: administrators'."""

import pytest

from hub.store import models, users
from hub.store.users import User
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import check_markup

PASSWORD = "correct horse battery"


def found(live: LiveHub, name: str) -> User:
    user = live.hub.database.read(lambda: users.by_name(name))
    assert user is not None
    return user


def can_sign_in(live: LiveHub, name: str, password: str) -> bool:
    return live.hub.database.read(lambda: users.check_password(name, password)) is not None


def test_an_administrator_makes_a_user_who_can_sign_in(live: LiveHub, admin: Browser) -> None:
    check_markup(admin.get("/users/new").text)
    done = admin.submit("/users/new", name="<Zoë>", password=PASSWORD, repeated=PASSWORD, is_admin="yes")
    user = found(live, "<Zoë>")
    assert (done.status_code, done.headers["location"]) == (303, f"/users/{user.id}")
    assert (user.is_admin, can_sign_in(live, "<Zoë>", PASSWORD)) == (True, True)
    for path in (f"/users/{user.id}", "/users", f"/users/{user.id}/delete"):
        shown = admin.get(path)
        assert shown.status_code == 200
        check_markup(shown.text)
        assert "<Zoë>" not in shown.text
        assert "&lt;Zoë&gt;" in shown.text
    assert admin.submit("/users/new", name="no password", password="", repeated="").status_code == 303
    assert "No password" in admin.get("/users").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "root"}, "name"),
        ({"password": "short", "repeated": "short"}, "password"),
        ({"repeated": "something else"}, "repeated"),
    ],
)
def test_a_wrong_field_is_told_and_no_password_comes_back(
    live: LiveHub, admin: Browser, fields: dict[str, str], field: str
) -> None:
    sent = {"name": "ann", "password": PASSWORD, "repeated": PASSWORD, "is_admin": "yes", **fields}
    answer = admin.submit("/users/new", **sent)
    assert answer.status_code == 422
    page = check_markup(answer.text)
    [wrong] = [one for one in page.all("input") if one.get("aria-invalid")]
    assert wrong["id"] == field
    assert PASSWORD not in answer.text
    [box] = [one for one in page.all("input") if one.get("id") == "is_admin"]
    assert "checked" in box
    assert live.hub.database.read(lambda: users.by_name("ann")) is None


def test_a_new_password_is_set_and_signs_them_out(live: LiveHub, admin: Browser) -> None:
    theirs = live.browser("bob")
    path = f"/users/{found(live, 'bob').id}"
    assert admin.submit(f"{path}/password", password="short", repeated="short").status_code == 422
    assert admin.submit(f"{path}/password", password=PASSWORD, repeated="x").status_code == 422
    assert theirs.get("/projects").status_code == 200
    assert admin.submit(f"{path}/password", password=PASSWORD, repeated=PASSWORD).status_code == 303
    assert can_sign_in(live, "bob", PASSWORD)
    assert theirs.get("/projects").status_code == 303


def test_a_user_is_switched_off_and_on_and_deleted(live: LiveHub, admin: Browser) -> None:
    theirs = live.browser("carl")
    path = f"/users/{found(live, 'carl').id}"
    admin.submit(f"{path}/switch", to="off")
    assert theirs.get("/projects").status_code == 303
    page = admin.get(path).text
    check_markup(page)
    assert "Switch on" in page
    admin.submit(f"{path}/switch", to="on")
    assert not found(live, "carl").is_disabled
    assert admin.submit(f"{path}/delete").headers["location"] == "/users"
    assert admin.get(path).status_code == 404
    assert "carl is deleted." in admin.get("/users").text


def test_administration_is_given_and_taken(live: LiveHub, admin: Browser) -> None:
    dora = live.browser("dora")
    path = f"/users/{found(live, 'dora').id}/admin"
    assert admin.submit(path, is_admin="yes").status_code == 303
    assert dora.get("/users").status_code == 200
    given = dora.submit(path, is_admin="no")
    assert (given.status_code, given.headers["location"]) == (303, "/projects")
    assert dora.get("/users").status_code == 403


def test_a_refusal_leads_back_to_where_the_form_stood(live: LiveHub, admin: Browser) -> None:
    live.hub.database.write(lambda: models.User.update(password_hash=None).execute()).result()
    last = found(live, "root")
    live.hub.database.write(lambda: users.set_password(last, "x")).result()
    page = f"{live.url}/users/{last.id}"
    refused = admin.post(f"{page}/delete", data=admin.token(), headers={"Referer": page})
    assert (refused.status_code, "last administrator" in refused.text) == (409, True)
    assert f"/users/{last.id}" in [link["href"] for link in check_markup(refused.text).all("a")]


def test_they_are_nobody_elses(live: LiveHub, project: str) -> None:
    owner = live.browser(f"olga of {project}", project=project, role="product_owner")
    me = found(live, f"olga of {project}")
    assert owner.get("/users").status_code == owner.get(f"/users/{me.id}").status_code == 403
    for path in ("new", f"{me.id}/password", f"{me.id}/admin", f"{me.id}/switch", f"{me.id}/delete"):
        fields = {"name": "x", "password": PASSWORD, "repeated": PASSWORD, "is_admin": "yes"}
        assert owner.submit(f"/users/{path}", **fields).status_code == 403
    assert not found(live, me.name).is_admin
    assert live.hub.database.read(lambda: users.by_name("x")) is None
