"""The audit trail: every change is in it, and nothing else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import audit, projects, tokens
from hub.store.models import TABLES
from hub.timestamps import parse_iso
from tests.rigs.administration import fields_of, trail, tune
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def test_each_change_of_a_hook_says_who_what_when_and_which_fields(
    admin: Client, live: LiveHub, project: str, receiver: Receiver
) -> None:
    name = "Deploy script"
    made = admin.post(
        "/tokens", json={"name": name, "scopes": ["subscribe", "manage"], "project": project}
    ).json()
    client = live.client_with(made["token"])
    began = live.hub.database.clock.now()
    wanted = {
        "target_url": receiver.url,
        "event": "order.*",
        "secret": "first s3cret",
        "headers": {"X-Key": "hidden value"},
    }
    hook_id = client.post("/hooks", json=wanted).json()["id"]
    one = f"/hooks/{hook_id}"
    client.patch(
        one,
        json={
            "name": "Orders",
            "events": ["order.paid", "order.sent"],
            "verify_ssl": False,
            "format": "standard",
        },
    )
    client.patch(one, json={"secret": "second s3cret", "headers": {"X-Key": "other hidden value"}})
    client.patch(one, json={"name": "Orders"})  # has it already: no change
    client.post(f"{one}/disable")
    client.post(f"{one}/disable")  # off already: no change
    client.post(f"{one}/enable")
    client.post(f"{one}/rotate-secret", json={"secret": "third s3cret", "overlap_hours": 2})
    client.post(f"{one}/take-over")
    client.delete(one)
    rows = trail(live, hook_id)
    assert [(row.action, fields_of(row)) for row in rows[1:]] == [
        (
            "hook.changed",
            {
                "name": ["", "Orders"],
                "events": [["order.*"], ["order.paid", "order.sent"]],
                "verify_ssl": [True, False],
            },
        ),
        ("hook.changed", {"secret": None, "headers": None}),
        ("hook.disabled", {"state": ["active", "disabled"]}),
        ("hook.enabled", {"state": ["disabled", "active"]}),
        ("hook.secret_rotated", {"secret": None, "overlap_hours": 2.0}),
        ("hook.taken_over", {"origin_kind": ["api", "page"]}),
        ("hook.deleted", {}),
    ]
    created = fields_of(rows[0])
    assert rows[0].action == "hook.created"
    assert created["target_url"] == [None, receiver.url]
    assert created["events"] == [None, ["order.*"]]
    assert (created["secret"], created["headers"]) == (None, None)
    project_id = live.hub.database.read(lambda: projects.by_key(project)).id  # type: ignore[union-attr]
    for row in rows:
        assert (row.actor, row.token_id, row.address, row.project_id) == (
            f"token {name}",
            made["id"],
            "127.0.0.1",
            project_id,
        )
        assert began - 1 <= row.at <= live.hub.database.clock.now()
    whole = repr(trail(live))
    for secret in ("s3cret", "hidden value", made["token"]):
        assert secret not in whole


def test_the_trail_names_people_too(live: LiveHub, project: str, receiver: Receiver) -> None:
    row = live.hub.database.read(lambda: projects.by_key(project))
    assert row is not None
    ann = Requester("ann", frozenset({"manage"}), is_person=True, address="192.0.2.7")
    wanted = HookChange(target_url=receiver.url, events=("*",))
    made = live.hub.services.subscriptions.create(ann, row, wanted)
    entry = trail(live, made.hook.id)[0]
    assert (entry.actor, entry.token_id, entry.address) == ("ann", None, "192.0.2.7")


def test_what_the_hub_does_by_itself_is_in_the_trail(
    admin: Client, live: LiveHub, api: Client, receiver: Receiver
) -> None:
    tune(admin, failure_limit=1)
    receiver.answer = 500
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    api.post("/events", json={"type": "a.b", "data": {}})
    until(lambda: api.get(f"/hooks/{hook['id']}").json()["state"], lambda state: state == "auto_disabled")
    entry = trail(live, hook["id"])[-1]
    assert (entry.action, entry.actor) == ("hook.disabled", audit.HUB.name)
    assert "500" in fields_of(entry)["reason"]


def test_members_tokens_projects_and_connectors_are_in_the_trail(
    admin: Client, live: LiveHub, receiver: Receiver
) -> None:
    start = len(trail(live))
    admin.post("/projects", json={"key": "TRAIL"})
    admin.post(
        "/users",
        json={"name": "eve", "password": "a long password", "project": "TRAIL", "role": "team_member"},
    )
    admin.patch("/users/eve", json={"project": "TRAIL", "role": "scrum_master"})
    admin.patch("/users/eve", json={"password": "another password"})
    token = admin.post(
        "/tokens", json={"scopes": ["subscribe"], "project": "TRAIL", "app": "zapier", "name": "Zap"}
    ).json()
    admin.delete(f"/tokens/{token['id']}")
    admin.patch("/connectors/n8n", params={"project": "TRAIL"}, json={"enabled": True})
    admin.patch("/connectors/n8n", params={"project": "TRAIL"}, json={"enabled": True})
    rows = trail(live)[start:]
    assert [(row.action, row.object_id) for row in rows] == [
        ("project.created", "TRAIL"),
        ("user.created", "eve"),
        ("member.role_set", "eve"),
        ("member.role_set", "eve"),
        ("user.password_set", "eve"),
        ("token.created", token["id"]),
        ("connector.switched", "zapier"),
        ("token.revoked", token["id"]),
        ("connector.switched", "n8n"),
    ]
    assert fields_of(rows[3]) == {"role": ["team_member", "scrum_master"]}
    assert fields_of(rows[4]) == {"password": None}
    assert fields_of(rows[5])["scopes"] == [None, ["subscribe"]]
    whole = repr(trail(live))
    for secret in ("password", "a long", token["token"]):
        assert secret not in whole.replace("user.password_set", "").replace("'password': None", "")


def test_the_trail_is_read_by_object_name_project_and_page(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    ids = [api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()["id"] for _ in range(5)]
    rows = admin.get("/audit", params={"project": project}).json()
    assert [row["object"] for row in rows] == ids[::-1]
    assert {row["project"] for row in rows} == {project}
    assert rows[0]["action"] == "hook.created"
    assert not {"name", "headers", "settings"} & rows[0]["fields"].keys(), "it was given none"
    assert abs(parse_iso(rows[0]["at"]) - time.time()) < 60
    one = admin.get("/audit", params={"object": ids[2]}).json()
    assert [row["object"] for row in one] == [ids[2]]
    theirs = {"project": project, "actor": one[0]["actor"]}
    assert admin.get("/audit", params=theirs).json() == rows
    assert admin.get("/audit", params={"actor": "nobody of that name"}).json() == []
    answer = admin.get("/audit", params={"project": project, "limit": 2})
    seen = [row["id"] for row in answer.json()]
    while "next" in answer.links:
        answer = admin.get(answer.links["next"]["url"])
        seen += [row["id"] for row in answer.json()]
    assert seen == [row["id"] for row in rows]
    assert admin.get("/audit", params={"project": "NOSUCH"}).status_code == 422
    assert api.get("/audit").status_code == 403


FAILING: dict[str, Callable[[Client, str], Any]] = {
    "create": lambda api, hook: api.post(
        "/hooks", json={"target_url": "http://127.0.0.1:4711/x", "event": "*"}
    ),
    "change": lambda api, hook: api.patch(f"/hooks/{hook}", json={"name": "x"}),
    "switch": lambda api, hook: api.post(f"/hooks/{hook}/disable"),
    "delete": lambda api, hook: api.delete(f"/hooks/{hook}"),
    "rotate": lambda api, hook: api.post(f"/hooks/{hook}/rotate-secret"),
    "take over": lambda api, hook: api.post(f"/hooks/{hook}/take-over"),
}


@contextmanager
def refusing(live: LiveHub, *statements: str) -> Iterator[None]:
    """Meanwhile the database takes none of these, such as `INSERT ON audit`: each looks for a table that is
    not there.
    """
    database = live.hub.database

    def execute(*lines: str) -> None:
        database.write(lambda: [database.execute(line) for line in lines]).result()

    names = [f"refusing_{number}" for number in range(len(statements))]
    execute(
        *(
            f"CREATE TRIGGER {name} BEFORE {statement} BEGIN INSERT INTO nowhere VALUES (1); END"
            for name, statement in zip(names, statements, strict=True)
        )
    )
    try:
        yield
    finally:
        execute(*(f"DROP TRIGGER {name}" for name in names))


@pytest.mark.parametrize("what", FAILING)
def test_a_change_that_fails_leaves_no_entry(
    live: LiveHub, api: Client, receiver: Receiver, what: str
) -> None:
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    before = [row.id for row in trail(live)]
    with refusing(live, "INSERT ON hook", "UPDATE OF updated_at, deleted_at ON hook"):
        assert FAILING[what](api, hook["id"]).status_code == 503
    assert [row.id for row in trail(live)] == before
    assert api.get(f"/hooks/{hook['id']}").json() == {
        key: value for key, value in hook.items() if key != "secret"
    }


@pytest.mark.parametrize("what", [*FAILING, "settings", "token", "project", "user"])
def test_without_its_entry_there_is_no_change(
    admin: Client, live: LiveHub, api: Client, receiver: Receiver, what: str
) -> None:
    """The other way round: entry and change are one transaction."""
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    more: dict[str, Callable[[], Any]] = {
        "settings": lambda: admin.patch("/settings", json={"failure_limit": 9}),
        "token": lambda: admin.post("/tokens", json={"scopes": ["read"]}),
        "project": lambda: admin.post("/projects", json={"key": "NEVER"}),
        "user": lambda: admin.post("/users", json={"name": "never"}),
    }
    change = more.get(what) or (lambda: FAILING[what](api, hook["id"]))
    by_itself = ("Worker", "Attempt", "ResultHour", "TypeHour", "GaugeHour")  # the hub writes these
    tables = [table for table in TABLES if table.__name__ not in by_itself]

    def rows() -> dict[str, list[Any]]:
        return live.hub.database.read(
            lambda: {table.__name__: list(table.select().tuples()) for table in tables}
        )

    for client in (admin, api):
        client.get("/me")
    until(
        lambda: all(row.last_used_at for row in live.hub.database.read(lambda: tokens.find(limit=2))),
        bool,
    )
    before = rows()
    with refusing(live, "INSERT ON audit"):
        assert change().status_code == 503
    assert rows() == before


def test_the_trail_offers_no_way_to_change_it(admin: Client, live: LiveHub) -> None:
    entry = admin.get("/audit").json()[0]["id"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert admin.request(method, "/audit", json={}).status_code == 405
        assert admin.request(method, f"/audit/{entry}", json={}).status_code == 404
