"""What admins do: settings that count at once, projects and their archive, users and roles, and the audit
trail of it all.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.rules.settings import DEFINITIONS, Settings
from hub.store import audit, hooks, projects, settings, tokens, users
from hub.store.audit import AuditEntry
from hub.store.models import TABLES, Project, User
from hub.timestamps import parse_iso
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver, hang
from tests.rigs.waiting import until

Json = dict[str, Any]


@pytest.fixture
def admin(live: LiveHub) -> Iterator[Client]:
    """The settings are as they were when the test is over."""
    client = live.client("admin", project=None)
    yield client
    assert client.patch("/settings", json=Settings().as_dict()).status_code == 200


def tune(admin: Client, **values: Any) -> Json:
    answer = admin.patch("/settings", json=values)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def trail(live: LiveHub, object_id: str | None = None) -> list[AuditEntry]:
    """Oldest first."""
    return live.hub.database.read(lambda: audit.entries(None, object_id, None, 1000))[::-1]


def fields_of(row: AuditEntry) -> Json:
    return dict(row.fields)


# Settings


def test_the_settings_are_shown_with_default_unit_and_range(admin: Client) -> None:
    shown = admin.get("/settings").json()
    assert {key: shown[key] for key in DEFINITIONS} == Settings().as_dict()
    assert set(shown["definitions"]) == set(DEFINITIONS)
    for key, definition in shown["definitions"].items():
        assert definition["default"] == shown[key]
        assert definition["unit"]
        assert definition["help"]
        assert definition["minimum"] <= definition["maximum"]
    assert (shown["failure_limit"], shown["retention_days"], shown["hold_days"]) == (5, 14, 7)


@pytest.mark.parametrize("key", DEFINITIONS)
def test_each_setting_is_kept_at_both_ends_of_its_range_and_refused_beyond(admin: Client, key: str) -> None:
    definition = DEFINITIONS[key]
    value: Callable[[float], Any] = lambda number: [number] if definition.is_list else number  # noqa: E731
    for end in (definition.minimum, definition.maximum):
        whole = int(end) if definition.is_whole else end
        assert tune(admin, **{key: value(whole)})[key] == value(whole)
        assert admin.get("/settings").json()[key] == value(whole)
    kept = admin.get("/settings").json()
    for beyond in (definition.minimum - 1, definition.maximum + 1, "5", None, True, {}, [[]], 1e308):
        answer = admin.patch(
            "/settings", json={key: value(beyond) if isinstance(beyond, float | int) else beyond}
        )
        assert answer.status_code == 422, beyond
        assert [error["field"] for error in answer.json()["errors"]] == [key]
        assert definition.unit in answer.json()["detail"]
    assert admin.get("/settings").json() == kept


def test_settings_change_together_or_not_at_all(admin: Client) -> None:
    answer = admin.patch("/settings", json={"failure_limit": 3, "hold_days": -1, "nonsense": 1})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["hold_days", "nonsense"]
    assert admin.get("/settings").json()["failure_limit"] == 5


def test_a_lower_failure_limit_counts_from_the_next_failure_on(
    admin: Client, api: Client, receiver: Receiver
) -> None:
    receiver.answer = 500
    tune(admin, failure_limit=100, retry_schedule_s=[0.01] * 5)
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "order.*"}).json()
    for _ in range(2):
        api.post("/events", json={"type": "order.paid", "data": {}})
    until(lambda: api.get(f"/hooks/{hook['id']}").json()["consecutive_failures"], lambda count: count >= 3)
    tune(admin, failure_limit=2)
    api.post("/events", json={"type": "order.paid", "data": {}})
    shown = until(
        lambda: api.get(f"/hooks/{hook['id']}").json(), lambda found: found["state"] == "auto_disabled"
    )
    assert "in a row failed" in shown["disabled_reason"]
    assert [one["type"] for one in api.get("/events", params={"type": "hook.disabled"}).json()] == [
        "hook.disabled"
    ]


def test_the_attempt_time_out_counts_for_the_next_attempt(
    admin: Client, api: Client, receiver: Receiver
) -> None:
    receiver.answer = hang()
    tune(admin, attempt_timeout_s=0.2)
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    began = time.monotonic()
    sent = api.post(f"/hooks/{hook['id']}/ping").json()
    assert (sent["success"], sent["status"]) == (False, None)
    assert time.monotonic() - began < 5


def test_the_size_of_an_event_counts_for_the_next_event(admin: Client, api: Client) -> None:
    body = {"type": "big.event", "data": {"x": "y" * 2000}}
    assert api.post("/events", json=body).status_code == 202
    tune(admin, max_event_bytes=1024)
    assert api.post("/events", json=body).status_code == 413
    tune(admin, max_event_bytes=4096)
    assert api.post("/events", json=body).status_code == 202


def test_the_number_of_hooks_is_bounded_for_every_credential(
    admin: Client, live: LiveHub, project: str, receiver: Receiver
) -> None:
    tune(admin, max_hooks_per_project=2)
    wanted = {"target_url": receiver.url, "event": "*"}
    clients = [
        live.client("subscribe", project=project),
        live.client("subscribe", project=project, app="zapier"),
    ]
    made = [client.post("/hooks", json=wanted) for client in clients]
    assert [answer.status_code for answer in made] == [201, 201]
    for client in clients:
        refused = client.post("/hooks", json=wanted)
        assert refused.status_code == 409
        assert "max_hooks_per_project" in refused.json()["detail"]
    assert clients[0].delete(f"/hooks/{made[0].json()['id']}").status_code == 200
    assert clients[1].post("/hooks", json=wanted).status_code == 201


def test_a_change_of_settings_is_audited_by_name_with_old_and_new(admin: Client, live: LiveHub) -> None:
    before = len(trail(live, "settings"))
    tune(admin, failure_limit=7, hold_days=7)
    tune(admin, failure_limit=7)
    tune(admin)
    entries = trail(live, "settings")[before:]
    assert [(row.action, fields_of(row)) for row in entries] == [
        ("settings.changed", {"failure_limit": [5, 7]})
    ]
    assert entries[0].actor == "token test"


# Projects


def test_a_project_is_made_shown_renamed_and_listed(admin: Client) -> None:
    made = admin.post("/projects", json={"key": "NEWP", "name": "New", "catalogue": "icescrum"})
    assert made.status_code == 201
    assert made.json() == {
        "key": "NEWP",
        "name": "New",
        "catalogue": "icescrum",
        "archived_at": None,
        "created_at": made.json()["created_at"],
    }
    assert admin.get("/projects/NEWP").json() == made.json()
    assert admin.get("/projects").json()[0] == made.json()
    assert admin.patch("/projects/NEWP", json={"name": "Newer"}).json()["name"] == "Newer"
    assert admin.post("/projects", json={"key": "NEWP"}).status_code == 409
    assert admin.get("/projects/NOSUCH").status_code == 404
    assert admin.patch("/projects/NOSUCH", json={"name": "x"}).status_code == 404
    assert admin.post("/projects", json={"key": "NAMED"}).json()["name"] == "NAMED"


@pytest.mark.parametrize(
    "key", ["", "A", "a", "ab", "1A", "A-B", "A B", "ABCDEFGHIJK", "ÄB", "A\n", "AB\0", 7, None]
)
def test_a_key_that_is_no_key_is_refused(admin: Client, key: Any) -> None:
    answer = admin.post("/projects", json={"key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "key"


def test_projects_are_paged_by_their_keys(admin: Client, live: LiveHub) -> None:
    keys = [live.project() for _ in range(5)][::-1]
    answer = admin.get("/projects", params={"limit": 2})
    seen = [row["key"] for row in answer.json()]
    while len(seen) < 5:
        answer = admin.get(answer.links["next"]["url"])
        seen += [row["key"] for row in answer.json()]
    assert seen[:5] == keys


def test_an_archived_project_is_read_only(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    event_id = api.post("/events", json={"type": "a.b", "data": {}}).json()["id"]
    receiver.wait_for(1)
    delivery = until(lambda: api.get("/deliveries").json(), lambda rows: rows[0]["state"] == "delivered")[0][
        "id"
    ]
    archived = admin.patch(f"/projects/{project}", json={"archived": True})
    assert archived.json()["archived_at"] is not None
    one = f"/hooks/{hook['id']}"
    changes: list[tuple[str, str, Json | None]] = [
        ("POST", "/events", {"type": "a.b", "data": {}}),
        ("POST", "/event-types", {"id": "a.c"}),
        ("POST", "/hooks", {"target_url": receiver.url, "event": "*"}),
        ("PATCH", one, {"name": "x"}),
        ("PUT", one, {"enabled": False}),
        ("DELETE", one, None),
        *(
            ("POST", f"{one}/{verb}", None)
            for verb in ("enable", "disable", "ping", "rotate-secret", "take-over")
        ),
        ("POST", f"{one}/replay", {"since": "2020-01-01T00:00:00Z"}),
        ("POST", f"/deliveries/{delivery}/retry", None),
        ("PATCH", "/connectors/make", {"enabled": True}),
    ]
    for client in (api, live.client("admin", project=project)):
        for method, path, body in changes:
            answer = client.request(method, path, json=body)
            assert answer.status_code == 403, (method, path)
            assert "archived" in answer.json()["detail"]
    for path in (
        "/hooks",
        one,
        "/events",
        f"/events/{event_id}",
        "/deliveries",
        f"/deliveries/{delivery}",
        f"{one}/samples",
        "/event-types",
    ):
        assert api.get(path).status_code == 200, path
    shown = api.get(one).json()
    assert (shown["name"], shown["state"], shown["updated_at"]) == ("", "active", hook["updated_at"])
    assert len(receiver.requests) == 1
    restored = admin.patch(f"/projects/{project}", json={"archived": False})
    assert restored.json()["archived_at"] is None
    assert api.patch(one, json={"name": "x"}).status_code == 200


def test_an_archived_project_sends_nothing_and_resumes(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    """What was accepted before waits; another project's deliveries go on meanwhile."""
    tune(admin, retry_schedule_s=[0.5] * 10, failure_limit=0)
    receiver.answer = 500
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    event_id = api.post("/events", json={"type": "a.b", "data": {}}).json()["id"]
    receiver.wait_for(1)
    admin.patch(f"/projects/{project}", json={"archived": True})
    receiver.answer = 200
    # Due, and seen to be so by the dispatcher, which takes what is due in the same turn.
    until(lambda: api.get("/deliveries").json()[0]["state"], lambda state: state == "waiting")
    count = len(receiver.requests)
    other = live.client(project=live.project())
    with Receiver() as elsewhere:
        other.post("/hooks", json={"target_url": elsewhere.url, "event": "*"})
        for _ in range(3):
            other.post("/events", json={"type": "a.b", "data": {}})
        elsewhere.wait_for(3)
    assert len(receiver.requests) == count
    admin.patch(f"/projects/{project}", json={"archived": False})
    resumed = receiver.wait_for(count + 1)[count]
    assert resumed.headers["webhook-id"] == event_id
    until(lambda: api.get(f"/hooks/{hook['id']}").json()["state"], lambda state: state == "active")


def test_archiving_twice_is_once(admin: Client, live: LiveHub, project: str) -> None:
    first = admin.patch(f"/projects/{project}", json={"archived": True}).json()
    assert admin.patch(f"/projects/{project}", json={"archived": True}).json() == first
    admin.patch(f"/projects/{project}", json={"name": first["name"]})
    for _ in range(2):
        admin.patch(f"/projects/{project}", json={"archived": False})
    assert [row.action for row in trail(live, project)] == ["project.archived", "project.restored"]


def test_a_project_is_deleted_and_its_token_with_it(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*"})
    assert admin.delete(f"/projects/{project}").json() == {"key": project, "deleted": True}
    assert admin.delete(f"/projects/{project}").status_code == 404
    assert admin.get(f"/projects/{project}").status_code == 404
    assert api.get("/hooks").status_code == 401
    assert admin.post("/projects", json={"key": project}).status_code == 201
    assert admin.get("/hooks", params={"project": project}).json() == []
    assert (
        admin.post("/events", params={"project": project}, json={"type": "a.b", "data": {}}).json()[
            "deliveries"
        ]
        == 0
    )


# Users


def test_members_are_listed_given_a_role_and_removed(admin: Client, project: str) -> None:
    admin.post("/users", json={"name": "mary"})
    path = f"/projects/{project}/members"
    assert admin.get(path).json() == []
    for role in ("product_owner", "team_member"):
        assert admin.put(f"{path}/mary", json={"role": role}).json() == {"name": "mary", "role": role}
    assert admin.get(path).json() == [{"name": "mary", "role": "team_member"}]
    assert admin.get("/users/mary").json()["roles"] == {project: "team_member"}
    assert admin.delete(f"{path}/mary").json() == {"name": "mary", "deleted": True}
    assert admin.delete(f"{path}/mary").status_code == 404
    assert admin.put(f"{path}/mary", json={"role": "king"}).status_code == 422
    assert admin.put(f"{path}/nobody", json={"role": "stakeholder"}).status_code == 404
    assert admin.get("/projects/NOSUCH/members").status_code == 404


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


# The audit trail


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


def test_the_trail_is_read_by_object_project_and_page(
    admin: Client, live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    ids = [api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()["id"] for _ in range(5)]
    rows = admin.get("/audit", params={"project": project}).json()
    assert [row["object"] for row in rows] == ids[::-1]
    assert {row["project"] for row in rows} == {project}
    assert rows[0]["action"] == "hook.created"
    assert abs(parse_iso(rows[0]["at"]) - time.time()) < 60
    one = admin.get("/audit", params={"object": ids[2]}).json()
    assert [row["object"] for row in one] == [ids[2]]
    answer = admin.get("/audit", params={"project": project, "limit": 2})
    seen = [row["id"] for row in answer.json()]
    while "next" in answer.links:
        answer = admin.get(answer.links["next"]["url"])
        seen += [row["id"] for row in answer.json()]
    assert seen == [row["id"] for row in rows]
    assert admin.get("/audit", params={"project": "NOSUCH"}).status_code == 422
    assert api.get("/audit").status_code == 403


FAILING: dict[str, tuple[Any, str, Callable[[Client, str], Any]]] = {
    "create": (
        hooks,
        "add",
        lambda api, hook: api.post("/hooks", json={"target_url": "http://127.0.0.1:4711/x", "event": "*"}),
    ),
    "change": (hooks, "update", lambda api, hook: api.patch(f"/hooks/{hook}", json={"name": "x"})),
    "switch": (hooks, "switch", lambda api, hook: api.post(f"/hooks/{hook}/disable")),
    "delete": (hooks, "delete", lambda api, hook: api.delete(f"/hooks/{hook}")),
    "rotate": (hooks, "rotate", lambda api, hook: api.post(f"/hooks/{hook}/rotate-secret")),
    "take over": (hooks, "give_to_page", lambda api, hook: api.post(f"/hooks/{hook}/take-over")),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_change_that_fails_leaves_no_entry(
    live: LiveHub, api: Client, receiver: Receiver, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    before = [row.id for row in trail(live)]
    module, name, change = FAILING[what]

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(module, name, fail)
        assert change(api, hook["id"]).status_code == 500
    assert [row.id for row in trail(live)] == before
    assert api.get(f"/hooks/{hook['id']}").json() == {
        key: value for key, value in hook.items() if key != "secret"
    }


@pytest.mark.parametrize("what", [*FAILING, "settings", "token", "project", "user"])
def test_without_its_entry_there_is_no_change(
    admin: Client, live: LiveHub, api: Client, receiver: Receiver, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round: entry and change are one transaction."""
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    more: dict[str, Callable[[], Any]] = {
        "settings": lambda: admin.patch("/settings", json={"failure_limit": 9}),
        "token": lambda: admin.post("/tokens", json={"scopes": ["read"]}),
        "project": lambda: admin.post("/projects", json={"key": "NEVER"}),
        "user": lambda: admin.post("/users", json={"name": "never"}),
    }
    change = more.get(what) or (lambda: FAILING[what][2](api, hook["id"]))
    tables = [table for table in TABLES if table.__name__ not in ("Worker", "Attempt")]

    def rows() -> dict[str, list[Any]]:
        return live.hub.database.read(
            lambda: {table.__name__: list(table.select().tuples()) for table in tables}
        )

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    for client in (admin, api):
        client.get("/me")
    until(
        lambda: all(row.last_used_at for row in live.hub.database.read(lambda: tokens.find(limit=2))),
        bool,
    )
    before = rows()
    with monkeypatch.context() as patch:
        patch.setattr(audit, "add", fail)
        assert change().status_code == 500
    assert rows() == before


def test_the_trail_offers_no_way_to_change_it(admin: Client, live: LiveHub) -> None:
    entry = admin.get("/audit").json()[0]["id"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert admin.request(method, "/audit", json={}).status_code == 405
        assert admin.request(method, f"/audit/{entry}", json={}).status_code == 404


def test_a_key_of_another_case_or_with_a_nul_is_no_project(live: LiveHub, project: str) -> None:
    assert live.hub.database.read(lambda: projects.by_key(project.lower())) is None
    assert live.hub.database.read(lambda: projects.by_key(f"{project}\0")) is None
    assert live.hub.database.read(lambda: Project.get(Project.key == project)).key == project


def test_stored_settings_are_those_that_somebody_set(admin: Client, live: LiveHub) -> None:
    tune(admin, failure_limit=8)
    assert live.hub.database.read(settings.stored)["failure_limit"] == 8
