"""Users and their passwords."""

import pytest

from hub.store import users
from hub.store.models import User
from tests.rigs.administration import Json
from tests.rigs.api import Client, LiveHub


def test_a_user_is_made_with_a_role_and_no_answer_holds_a_password(
    admin: Client, live: LiveHub, project: str
) -> None:
    password = "correct horse battery"
    made = admin.post(
        "/users", json={"name": "ann", "password": password, "project": project, "role": "product_owner"}
    )
    assert made.status_code == 201
    assert made.json() == {
        "name": "ann",
        "admin": False,
        "disabled": False,
        "email": None,
        "roles": {project: "product_owner"},
        "created_at": made.json()["created_at"],
    }
    second = live.project()
    changed = admin.patch("/users/ann", json={"project": second, "role": "team_member"})
    assert changed.json()["roles"] == {project: "product_owner", second: "team_member"}
    assert (
        admin.patch("/users/ann", json={"project": project, "role": "stakeholder"}).json()["roles"][project]
        == "stakeholder"
    )
    assert password not in admin.get("/users").text
    stored = live.hub.database.read(lambda: User.get(User.name == "ann"))
    assert stored.password_hash.startswith("$argon2")
    check = live.hub.database.read
    assert check(lambda: users.check_password("ann", password)) is not None
    assert admin.patch("/users/ann", json={"password": "another long one"}).status_code == 200
    assert check(lambda: users.check_password("ann", password)) is None
    assert check(lambda: users.check_password("ann", "another long one")) is not None
    assert admin.post("/users", json={"name": "ann", "password": password}).status_code == 409


def test_a_user_is_made_administrator_shut_out_and_deleted(admin: Client, live: LiveHub) -> None:
    admin.post("/users", json={"name": "gus"})
    assert admin.patch("/users/gus", json={"admin": True}).json()["admin"] is True
    assert admin.patch("/users/gus", json={"disabled": True}).json()["disabled"] is True
    assert admin.patch("/users/gus", json={"admin": False, "disabled": False}).json()["disabled"] is False
    deleted = admin.delete("/users/gus")
    assert (deleted.status_code, deleted.json()) == (200, {"name": "gus", "deleted": True})
    assert admin.delete("/users/gus").status_code == 404
    assert live.hub.database.read(lambda: users.by_name("gus")) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": " bob"}, "name"),
        ({"name": "bob\n"}, "name"),
        ({"name": "bo\u202eb"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "b\0b"}, "name"),
        ({"name": "bob", "password": "short"}, "password"),
        ({"name": "bob", "password": "x" * 1001}, "password"),
        ({"name": "bob", "admin": "yes"}, "admin"),
        ({"name": "bob", "project": "NOSUCH", "role": "team_member"}, "project"),
        ({"name": "bob", "role": "team_member"}, "project"),
        ({"name": "bob", "project": "P"}, "role"),
        ({"name": "bob", "project": "P", "role": "boss"}, "role"),
        ({"name": "bob", "is_admin": True}, "is_admin"),
    ],
)
def test_a_wrong_user_is_not_made(admin: Client, live: LiveHub, project: str, body: Json, field: str) -> None:
    before = live.hub.database.read(lambda: User.select().count())
    answer = admin.post(
        "/users", json={**body, **({"project": project} if body.get("project") == "P" else {})}
    )
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert live.hub.database.read(lambda: User.select().count()) == before


def test_users_are_paged_and_an_unknown_one_is_404(admin: Client) -> None:
    names = [f"Zoë {n}" for n in range(5)]
    for name in names:
        assert admin.post("/users", json={"name": name}).status_code == 201
    answer = admin.get("/users", params={"limit": 2})
    seen = [row["name"] for row in answer.json()]
    while len(seen) < 5:
        answer = admin.get(answer.links["next"]["url"])
        seen += [row["name"] for row in answer.json()]
    assert seen[:5] == names[::-1]
    assert admin.patch("/users/nobody", json={"password": "long enough one"}).status_code == 404


def test_an_address_is_set_and_removed(root: Client) -> None:
    root.post("/users", json={"name": "Mia"})
    assert root.patch("/users/Mia", json={"email": "mia@x.org"}).json()["email"] == "mia@x.org"
    wrong = root.patch("/users/Mia", json={"email": "mia@x.org\nBcc: eve@x.org"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "email")
    assert root.patch("/users/Mia", json={"email": ""}).json()["email"] is None
