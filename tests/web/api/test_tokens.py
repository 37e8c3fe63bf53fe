"""Tokens: each call needs its scope, a token is hashed and shown once, and a leaked one of an app is worth
little.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import registry
from hub.rules.access import APP_SCOPES, SCOPES
from hub.store import audit
from hub.store.models import TABLES, Token
from hub.timestamps import parse_iso
from hub.web.api.calls import Call
from hub.web.routes import CALLS
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

Json = dict[str, Any]
PUBLISH = Call("POST", "/events", lambda ask: None, "Publish", ("publish",))  # type: ignore[arg-type,return-value]
"""Publishing is routed by hand and stands in no table."""
SCOPED = [call for call in (*CALLS, PUBLISH) if call.scopes]
PROMISED = {
    ("GET", "/event-types"): (),
    ("POST", "/event-types"): ("manage",),
    ("POST", "/events"): ("publish",),
    ("GET", "/events"): ("read", "subscribe"),
    ("GET", "/events/{id}"): ("read",),
    ("GET", "/events/{id}/deliveries"): ("read",),
    ("POST", "/events/preview"): ("read",),
    ("POST", "/hooks/preview"): ("manage",),
    ("POST", "/hooks"): ("subscribe", "manage"),
    ("GET", "/hooks"): ("subscribe", "read", "manage"),
    ("GET", "/hooks/{id}"): ("subscribe", "read", "manage"),
    ("PATCH", "/hooks/{id}"): ("subscribe", "manage"),
    ("PUT", "/hooks/{id}"): ("subscribe", "manage"),
    ("DELETE", "/hooks/{id}"): ("subscribe", "manage"),
    ("POST", "/hooks/{id}/enable"): ("manage",),
    ("POST", "/hooks/{id}/disable"): ("manage",),
    ("POST", "/hooks/{id}/ping"): ("manage", "subscribe"),
    ("POST", "/hooks/{id}/rotate-secret"): ("manage",),
    ("GET", "/hooks/{id}/samples"): ("subscribe", "read"),
    ("GET", "/hooks/{id}/deliveries"): ("read",),
    ("GET", "/deliveries"): ("read",),
    ("GET", "/deliveries/{id}"): ("read",),
    ("POST", "/deliveries/{id}/retry"): ("manage",),
    ("POST", "/hooks/{id}/replay"): ("manage",),
    ("GET", "/me"): (),
    **{(method, path): ("admin",) for path in ("/settings",) for method in ("GET", "PATCH")},
    **{
        (method, path): ("admin",)
        for path in ("/projects", "/users", "/tokens")
        for method in ("GET", "POST")
    },
    ("GET", "/audit"): ("admin",),
}
"""Which scopes open which call: clients rely on it."""
MORE_THAN_PROMISED = {("GET", "/hooks/{id}/samples"): {"manage"}}
"""A manager sees events and hooks anyway."""


def name(value: Call | str) -> str:
    return value if isinstance(value, str) else f"{value.method} {value.path}"


@pytest.fixture
def admin(live: LiveHub) -> Client:
    return live.client("admin", project=None)


def issue(admin: Client, project: str | None, *scopes: str, **fields: Any) -> Json:
    answer = admin.post("/tokens", json={"project": project, "scopes": list(scopes), **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def row_of(live: LiveHub, token_id: str) -> Token:
    found: Token = live.hub.database.read(lambda: Token.get_by_id(token_id))
    return found


def test_the_calls_need_the_scopes_that_are_promised() -> None:
    table = {(call.method, call.path): set(call.scopes) for call in (*CALLS, PUBLISH)}
    wanted = {key: set(scopes) | MORE_THAN_PROMISED.get(key, set()) for key, scopes in PROMISED.items()}
    assert {key: table.get(key) for key in wanted} == wanted
    beyond = {key: scopes for key, scopes in table.items() if key not in wanted}
    beyond.pop(("DELETE", "/events/{id}"))  # whoever published an event may withdraw it
    assert all(scopes and scopes <= {"read", "manage", "admin"} for scopes in beyond.values()), beyond


@pytest.mark.parametrize("call", SCOPED, ids=name)
def test_a_token_without_the_scope_is_told_which_one_it_takes(
    live: LiveHub, project: str, call: Call
) -> None:
    lacking = [scope for scope in SCOPES if scope not in call.scopes and scope != "admin"]
    client = live.client(*lacking, project=project)
    answer = client.request(call.method, call.path.replace("{id}", "x").replace("{key}", "X"), json={})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(scope in answer.json()["detail"] for scope in call.scopes)


@pytest.mark.parametrize(
    ("call", "scope"), [(call, scope) for call in SCOPED for scope in (*call.scopes, "admin")], ids=name
)
def test_each_scope_of_a_call_opens_it(live: LiveHub, project: str, call: Call, scope: str) -> None:
    client = live.client(scope, project=project)
    answer = client.request(
        call.method,
        call.path.replace("{id}", "x").replace("{key}", "X"),
        json=None if call.method == "GET" else {},
    )
    assert answer.status_code != 403, answer.text
    assert answer.status_code != 401


@pytest.mark.parametrize("call", [*CALLS, PUBLISH], ids=name)
@pytest.mark.parametrize(
    "token",
    [None, "nobodys", "hub_" + "x" * 43, "\xff", "a b"],
    ids=["none", "unknown", "likely", "odd", "blank"],
)
def test_without_a_known_token_each_call_is_401(live: LiveHub, call: Call, token: str | None) -> None:
    client = live.client_with(None)
    headers = {} if token is None else {"Authorization": f"Bearer {token}".encode("latin-1")}
    answer = client.request(
        call.method, call.path.replace("{id}", "x").replace("{key}", "X"), json={}, headers=headers
    )
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_either_header_carries_a_token(live: LiveHub, project: str) -> None:
    token = live.token("read", project=project)
    bare = live.client_with(None)
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"authorization": f"bearer  {token}"},
        {"X-API-Key": token},
    ):
        assert bare.get("/me", headers=headers).status_code == 200
    for elsewhere in ({"params": {"token": token}}, {"cookies": {"token": token}}, {"auth": ("", token)}):
        assert bare.get("/me", **elsewhere).status_code == 401  # type: ignore[arg-type]


def test_a_token_is_shown_once_and_kept_as_a_hash(live: LiveHub, admin: Client, project: str) -> None:
    made = issue(admin, project, "read", name="Once")
    token = made["token"]
    assert token.startswith("hub_")
    assert len(token) >= 40
    listed = next(one for one in admin.get("/tokens").json() if one["id"] == made["id"])
    assert "token" not in listed
    assert admin.get(f"/tokens/{made['id']}").json() == listed
    assert listed["ending"] == token[-4:]
    assert {**listed} == {key: value for key, value in made.items() if key != "token"}
    assert bytes(row_of(live, made["id"]).digest) == hashlib.sha256(token.encode()).digest()
    for table in TABLES:
        for row in live.hub.database.read(lambda table=table: list(table.select().dicts())):  # type: ignore[misc]
            assert token not in repr(row)
            assert token[4:20] not in repr(row)


def test_two_tokens_are_never_the_same(admin: Client, project: str) -> None:
    assert len({issue(admin, project, "read")["token"] for _ in range(20)}) == 20


def test_a_token_expires(live: LiveHub, admin: Client, project: str) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = issue(admin, project, "read", expires_at=soon.isoformat())
    client = live.client_with(made["token"])
    assert client.get("/me").status_code == 200
    assert abs(parse_iso(made["expires_at"]) - soon.timestamp()) < 0.01
    past = Token.update(expires_at=live.hub.database.clock.now()).where(Token.id == made["id"])
    live.hub.database.write(past.execute).result()
    until(lambda: client.get("/me").status_code, lambda status: status == 401)
    assert client.get("/hooks").status_code == 401


def test_a_token_that_would_be_over_at_once_is_refused(admin: Client, project: str) -> None:
    for expires_at in ("2001-01-01T00:00:00Z", "yesterday", "", "9" * 50):
        answer = admin.post(
            "/tokens", json={"project": project, "scopes": ["read"], "expires_at": expires_at}
        )
        assert answer.status_code == 422, expires_at
        assert answer.json()["errors"][0]["field"] == "expires_at"


def test_revoking_ends_a_token_at_once(live: LiveHub, admin: Client, project: str) -> None:
    made = issue(admin, project, "read")
    client = live.client_with(made["token"])
    assert client.get("/me").status_code == 200
    assert admin.delete(f"/tokens/{made['id']}").json() == {"id": made["id"], "revoked": True}
    assert client.get("/me").status_code == 401  # at once, although tokens are kept in memory
    assert admin.delete(f"/tokens/{made['id']}").status_code == 404
    listed = next(one for one in admin.get("/tokens").json() if one["id"] == made["id"])
    assert listed["revoked_at"] is not None
    actions = [
        row.action for row in live.hub.database.read(lambda: audit.entries(None, made["id"], None, 10))
    ]
    assert actions == ["token.revoked", "token.created"]


def test_a_revoked_apps_hooks_stay(live: LiveHub, admin: Client, project: str, receiver: Receiver) -> None:
    made = issue(admin, project, "subscribe", "publish", app="zapier")
    client = live.client_with(made["token"])
    hook = client.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    admin.delete(f"/tokens/{made['id']}")
    again = live.client_with(issue(admin, project, "subscribe", app="zapier")["token"])
    assert [one["id"] for one in again.get("/hooks").json()] == [hook["id"]]


def test_it_notes_when_a_token_was_last_used(live: LiveHub, admin: Client, project: str) -> None:
    made = issue(admin, project, "read")
    assert made["last_used_at"] is None
    began = live.hub.database.clock.now()
    live.client_with(made["token"]).get("/me")
    used = until(lambda: row_of(live, made["id"]).last_used_at, lambda at: at is not None)
    assert began - 1 <= used <= live.hub.database.clock.now()


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope not in APP_SCOPES])
def test_an_apps_token_can_have_no_managers_scope(admin: Client, project: str, scope: str) -> None:
    answer = admin.post("/tokens", json={"project": project, "scopes": ["subscribe", scope], "app": "zapier"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "scopes"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({}, "scopes"),
        ({"scopes": ["everything"]}, "scopes[0]"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": ["read", "admin"]}, "scopes"),
        ({"scopes": ["read"], "app": "nosuch", "project": "P"}, "app"),
        ({"scopes": ["read"], "app": "zapier", "project": None}, "project"),
        ({"scopes": ["read"], "project": "NOSUCH"}, "project"),
        ({"scopes": ["read"], "name": "x" * 201}, "name"),
        ({"scopes": ["read"], "name": "a\0b"}, "name"),
        ({"scopes": ["read"], "token": "mine"}, "token"),
        ({"scopes": ["read"], "created_by": "root"}, "created_by"),
    ],
)
def test_a_wrong_token_is_not_made(
    live: LiveHub, admin: Client, project: str, fields: Json, field: str
) -> None:
    before = live.hub.database.read(lambda: Token.select().count())
    body = {"project": project, **fields}
    if body["project"] == "P":
        body["project"] = project
    answer = admin.post("/tokens", json=body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert live.hub.database.read(lambda: Token.select().count()) == before


def test_tokens_are_listed_by_project_and_by_page(live: LiveHub, admin: Client, project: str) -> None:
    ids = [issue(admin, project, "read")["id"] for _ in range(5)]
    first = admin.get("/tokens", params={"project": project, "limit": 2})
    assert [one["id"] for one in first.json()] == ids[:2:-1]
    second = admin.get(first.links["next"]["url"])
    third = admin.get(second.links["next"]["url"])
    assert [one["id"] for page in (second, third) for one in page.json()] == ids[2::-1]
    assert "next" not in third.links


def test_a_projects_token_speaks_of_no_other_project(live: LiveHub, project: str) -> None:
    other = live.project()
    client = live.client(*SCOPES[:4], project=project)
    for path in ("/hooks", "/events", "/deliveries", "/event-types", "/connectors"):
        assert client.get(path, params={"project": other}).status_code == 403, path
        assert client.get(path, params={"project": project}).status_code == 200, path
    assert (
        client.post("/events", params={"project": other}, json={"type": "a.b", "data": {}}).status_code == 403
    )


def test_a_server_wide_token_names_its_project(live: LiveHub, admin: Client, project: str) -> None:
    assert admin.get("/hooks").status_code == 422
    assert admin.get("/hooks", params={"project": "NOSUCH"}).status_code == 404
    assert admin.get("/hooks", params={"project": project}).status_code == 200


def test_a_leaked_apps_token_looks_after_its_apps_hooks_and_does_nothing_else(
    live: LiveHub, admin: Client, project: str, receiver: Receiver
) -> None:
    """Every call of the API with the largest token that an app can have; what it may do is written down
    here.
    """
    leaked = live.client_with(issue(admin, project, *APP_SCOPES, app="zapier")["token"])
    manager = live.client("manage", "read", project=project)
    others = manager.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()["id"]
    mine = leaked.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()["id"]
    delivery = manager.post(f"/hooks/{others}/ping").json()["delivery_id"]
    state = manager.get(f"/hooks/{others}").json()

    allowed = set()
    for call in CALLS:
        some_id = delivery if call.path.startswith("/deliveries") else others
        path = call.path.replace("{id}", some_id).replace("{key}", project)
        status = leaked.request(call.method, path, json=None if call.method == "GET" else {}).status_code
        assert status in (200, 403, 404, 422), (call.method, call.path, status)
        if status not in (403, 404):
            allowed.add((call.method, call.path))
    assert allowed == {
        ("GET", "/me"),
        ("GET", "/event-types"),
        ("GET", "/events"),
        ("GET", "/hooks"),
        ("GET", "/deliveries"),
        ("GET", "/connectors"),
        ("POST", "/hooks"),
        ("POST", "/events/preview"),
    }
    assert manager.get(f"/hooks/{others}").json() == state
    assert {hook["id"] for hook in leaked.get("/hooks").json()} == {mine}
    assert leaked.get("/deliveries").json() == []
    assert "secret" not in leaked.get(f"/hooks/{mine}").json()


def test_every_connector_can_have_a_token(admin: Client, project: str) -> None:
    for app in registry.connector_keys():
        assert issue(admin, project, "subscribe", app=app)["app"] == app


def test_a_flood_of_wrong_tokens_leaves_nothing_behind(live: LiveHub, project: str) -> None:
    bare = live.client_with(None)
    for n in range(50):
        assert bare.get("/me", headers={"X-API-Key": f"hub_{n}"}).status_code == 401
    assert live.client("read", project=project).get("/me").status_code == 200
