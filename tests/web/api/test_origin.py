"""Origin decides who may edit (docs/roles.md): every cell of the table, for every kind of credential, through
the API and by hand.
"""

import itertools
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors import registry
from connectors.base import EditRule
from hub.errors import Refusal
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import audit, projects
from hub.store.models import Hook
from hub.store.projects import Project
from hub.web.problems import problem_of
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

Json = dict[str, Any]

APPS = {"full": "icescrum", "switch": "zapier", "none": "power_automate"}
"""One connector for each edit rule."""
ORIGINS = ("page", "api", "manual", *APPS)
"""`manual` is an api hook whose maker has set `manual_edit`."""
ACTIONS = (
    "view",
    "edit",
    "switch",
    "enable",
    "disable",
    "test",
    "retry",
    "replay",
    "delete",
    "rotate",
    "take_over",
)
ACTORS = ("manage", "own", "other", "subscribe", "read", "by_hand")

ALL = frozenset(ACTIONS)
OWN_CALLS = frozenset({"view", "edit", "switch", "test", "delete"})
"""What the scope `subscribe` reaches; the rest takes `manage`."""
SWITCHED = ALL - {"edit", "rotate"}
LOOKED_AT = frozenset({"view", "test", "take_over"})
BY_HAND = {
    "page": ALL - {"take_over"},
    "api": SWITCHED,
    "manual": ALL,
    "full": ALL,
    "switch": SWITCHED,
    "none": LOOKED_AT,
}
OWNERS = {"page": "web page", "api": "API client", "manual": "API client"} | {
    rule: registry.connector(app).name for rule, app in APPS.items()
}


def expected(origin: str, actor: str, action: str) -> int:
    """The status of a cell; 200 stands for any success."""
    if actor == "by_hand":
        return 200 if action in BY_HAND[origin] else 409
    if actor == "manage":
        allowed = ALL if origin in ("api", "manual") else BY_HAND[origin]
        return 200 if action in allowed else 409
    if action not in (("view",) if actor == "read" else OWN_CALLS):
        return 403  # the scope, whatever the hook is
    sees = {"own": origin in APPS, "other": False, "subscribe": origin in ("api", "manual"), "read": True}
    return 200 if sees[actor] else 404


@dataclass(frozen=True)
class Stage:
    """A project with one client for each actor, and a way to make a hook of each origin."""

    live: LiveHub
    project: str
    clients: dict[str, Client]
    makers: dict[str, Client]
    target_url: str

    def by_hand(self) -> tuple[Requester, Project]:
        """A manager on the pages."""
        row = projects.by_key(self.project)
        assert row is not None
        return (Requester("ann", frozenset({"manage"}), is_person=True), row)

    def make(self, origin: str, **fields: Any) -> str:
        wanted = {"target_url": self.target_url, "events": ["*"], **fields}
        if origin == "page":
            change = HookChange(**{**wanted, "events": tuple(wanted["events"])})
            return self.live.hub.services.subscriptions.create(*self.by_hand(), change).hook.id
        if origin == "manual":
            wanted["manual_edit"] = True
        answer = self.makers[origin].post("/hooks", json=wanted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def client(self, actor: str, origin: str) -> Client:
        return self.makers[origin] if actor == "own" else self.clients[actor]

    def row(self, hook_id: str) -> Json:
        found = self.live.hub.database.read(lambda: Hook.get_by_id(hook_id))
        return dict(found.__data__)

    def delivery(self, hook_id: str) -> str:
        """A finished delivery of this hook."""
        sent = self.live.hub.services.pings.send(*self.by_hand(), hook_id)
        return sent.delivery_id


@pytest.fixture(scope="module")
def target() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def stage(live: LiveHub, target: Receiver) -> Stage:
    return staged(live, target)


def staged(live: LiveHub, target: Receiver) -> Stage:
    key = live.project()
    row = projects.by_key(key)
    assert row is not None
    database = live.hub.database
    database.write(lambda: projects.switch_connector(int(row.id), "icescrum", True, "test", 0.0)).result()
    clients = {
        "manage": live.client("manage", "read", project=key),
        "other": live.client("subscribe", "read", project=key, app="n8n"),
        "subscribe": live.client("subscribe", project=key),
        "read": live.client("read", project=key),
    }
    makers = {"api": clients["subscribe"], "manual": clients["subscribe"]}
    makers |= {rule: live.client("subscribe", "read", project=key, app=app) for rule, app in APPS.items()}
    return Stage(live, key, clients, makers, target.url)


def call(client: Client, action: str, hook_id: str, delivery_id: str) -> tuple[int, Json]:
    path = f"/hooks/{hook_id}"
    calls: dict[str, tuple[str, str, Json | None]] = {
        "view": ("GET", path, None),
        "edit": ("PATCH", path, {"name": "Renamed"}),
        "switch": ("PATCH", path, {"enabled": False}),
        "enable": ("POST", f"{path}/enable", None),
        "disable": ("POST", f"{path}/disable", None),
        "test": ("POST", f"{path}/ping", None),
        "retry": ("POST", f"/deliveries/{delivery_id}/retry", None),
        "replay": ("POST", f"{path}/replay", {"since": "2020-01-01T00:00:00Z"}),
        "delete": ("DELETE", path, None),
        "rotate": ("POST", f"{path}/rotate-secret", None),
        "take_over": ("POST", f"{path}/take-over", None),
    }
    method, url, body = calls[action]
    answer = client.request(method, url, json=body)
    return answer.status_code, answer.json()


def by_hand(
    stage: Stage, action: str, hook_id: str, who: tuple[Requester, Project] | None = None
) -> tuple[int, Json]:
    """What the pages do, in the API's words."""
    subscriptions, by_hand = stage.live.hub.services.subscriptions, who or stage.by_hand()
    try:
        match action:
            case "view":
                subscriptions.get(*by_hand, hook_id)
            case "edit":
                subscriptions.update(*by_hand, hook_id, HookChange(name="Renamed"))
            case "switch":
                subscriptions.update(*by_hand, hook_id, HookChange(enabled=False))
            case "enable" | "disable":
                subscriptions.switch(*by_hand, hook_id, action == "enable")
            case "test":
                subscriptions.check(*by_hand, hook_id, "test")
            case "retry" | "replay":
                subscriptions.check(*by_hand, hook_id, "redeliver")
            case "delete":
                subscriptions.delete(*by_hand, hook_id)
            case "rotate":
                subscriptions.rotate_secret(*by_hand, hook_id, None, 0)
            case "take_over":
                subscriptions.take_over(*by_hand, hook_id)
    except Refusal as refused:
        problem = problem_of(refused)
        return problem.status, {"detail": problem.detail}
    return 200, {}


def is_done(action: str, before: Json, after: Json) -> bool:
    """Whether the row shows what this action does; the rest leaves no mark in it."""
    marks = {
        "edit": after["name"] == "Renamed",
        "switch": after["state"] == "disabled",
        "disable": after["state"] == "disabled",
        "delete": after["deleted_at"] is not None,
        "rotate": after["secrets"] != before["secrets"],
        "take_over": after["origin_kind"] == "page" and after["origin_app"] is None,
    }
    return marks.get(action, True)


CHANGED_BY_SENDING = ("last_success_at", "ready_at", "in_flight", "slow_start", "is_slow")


def still(row: Json) -> Json:
    return {name: value for name, value in row.items() if name not in CHANGED_BY_SENDING}


@pytest.mark.parametrize(("origin", "actor", "action"), list(itertools.product(ORIGINS, ACTORS, ACTIONS)))
def test_it_answers_each_cell_of_the_origin_table(stage: Stage, origin: str, actor: str, action: str) -> None:
    if actor == "own" and origin not in APPS:
        actor = "subscribe"
    wanted = expected(origin, actor, action)
    hook_id = stage.make(origin)
    delivery_id = stage.delivery(hook_id) if action == "retry" else ""
    before = stage.row(hook_id)

    status, body = (
        by_hand(stage, action, hook_id)
        if actor == "by_hand"
        else call(stage.client(actor, origin), action, hook_id, delivery_id)
    )

    after = stage.row(hook_id)
    if origin == "page" and action == "take_over" and actor in ("manage", "by_hand"):
        assert (status, "already" in body["detail"]) == (409, True)  # it is the page's
    elif wanted == 200:
        assert status in (200, 202), body
        assert is_done(action, before, after)
    else:
        assert status == wanted, body
        assert still(after) == still(before)
    if wanted == 409:
        assert OWNERS[origin] in body["detail"]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("actor", [actor for actor in ACTORS if actor != "by_hand"])
def test_can_edit_says_what_a_patch_would_be_answered(stage: Stage, origin: str, actor: str) -> None:
    if actor == "own" and origin not in APPS:
        actor = "subscribe"
    hook_id = stage.make(origin)
    client = stage.client(actor, origin)
    shown = client.get(f"/hooks/{hook_id}")
    changed = client.patch(f"/hooks/{hook_id}", json={"name": "Renamed"})
    if shown.status_code == 404:
        assert actor in ("other", "subscribe")
    else:
        assert shown.json()["can_edit"] is (changed.status_code == 200)


SPOOFED = (
    {"x-icescrum-client": "webclient"},
    {"X-App": "zapier"},
    {"X-Origin": "app", "X-Connector": "zapier"},
    {"Origin": "https://hooks.zapier.com", "Referer": "https://zapier.com/"},
    {"User-Agent": "Zapier"},
    {"X-Forwarded-User": "ann", "X-Forwarded-For": "127.0.0.1", "Cookie": "session=1"},
)


@pytest.mark.parametrize("headers", SPOOFED)
def test_no_header_makes_a_hook_of_another_origin_or_opens_one(stage: Stage, headers: dict[str, str]) -> None:
    wanted = {"target_url": stage.target_url, "event": "*"}
    api_hook = stage.clients["subscribe"].post("/hooks", json=wanted, headers=headers).json()
    assert (api_hook["origin"]["kind"], api_hook["origin"]["app"]) == ("api", None)
    app_hook = stage.makers["none"].post("/hooks", json=wanted, headers=headers).json()
    assert (app_hook["origin"]["kind"], app_hook["origin"]["app"]) == ("app", "power_automate")
    zaps = stage.make("switch")
    assert stage.clients["other"].get(f"/hooks/{zaps}", headers=headers).status_code == 404
    assert stage.clients["subscribe"].get(f"/hooks/{zaps}", headers=headers).status_code == 404
    assert (
        stage.clients["manage"].patch(f"/hooks/{zaps}", json={"name": "x"}, headers=headers).status_code
        == 409
    )


@pytest.mark.parametrize(
    "field", ["origin", "app", "origin_kind", "created_by", "id", "state", "can_edit", "number"]
)
def test_no_body_field_sets_an_origin(stage: Stage, field: str) -> None:
    body = {"target_url": stage.target_url, "event": "*", field: "zapier"}
    assert stage.clients["subscribe"].post("/hooks", json=body).status_code == 422
    hook_id = stage.make("api")
    assert stage.clients["manage"].patch(f"/hooks/{hook_id}", json={field: "zapier"}).status_code == 422


class _Statements(logging.Handler):
    """Every statement that names an id, in order: what is asked decides how long an answer takes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[Any, ...]]] = []
        self.lock_seen = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, tuple):
            sql, params = record.msg
            with self.lock_seen:
                self.seen.append((sql, tuple(params or ())))

    def about(self, some_id: str) -> list[str]:
        with self.lock_seen:
            return [sql for sql, params in self.seen if some_id in params]


@pytest.fixture
def statements() -> Iterator[_Statements]:
    handler, logger = _Statements(), logging.getLogger("peewee")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


UNKNOWN_HOOK = "hook_0199ffffffff7fffbfffffffffffffff"
UNKNOWN_DELIVERY = "dlv_0199ffffffff7fffbfffffffffffffff"
HIDDEN_CALLS: tuple[tuple[str, str, Json | None], ...] = (
    ("GET", "/hooks/{hook}", None),
    ("PATCH", "/hooks/{hook}", {"name": "x"}),
    ("PATCH", "/hooks/{hook}", {"enabled": False}),
    ("PATCH", "/hooks/{hook}", {"target_url": "http://127.0.0.1:4711/x", "handshake": "rest-hooks"}),
    ("PATCH", "/hooks/{hook}", {"events": ["Not A Type"]}),
    ("PUT", "/hooks/{hook}", {"name": "x"}),
    ("POST", "/hooks/{hook}/ping", None),
    ("POST", "/hooks/{hook}/enable", None),
    ("POST", "/hooks/{hook}/rotate-secret", {}),
    ("POST", "/hooks/{hook}/replay", {"since": "2020-01-01T00:00:00Z"}),
    ("POST", "/hooks/{hook}/take-over", None),
    ("GET", "/hooks/{hook}/samples", None),
    ("GET", "/hooks/{hook}/deliveries", None),
    ("GET", "/deliveries/{delivery}", None),
    ("POST", "/deliveries/{delivery}/retry", None),
    ("DELETE", "/hooks/{hook}", None),
)


def wait_until_parked(stage: Stage, hook_id: str) -> None:
    """Until the dispatcher has looked at it: from then on only calls ask the database about it."""
    until(lambda: stage.row(hook_id)["ready_at"], lambda ready_at: ready_at is None)


@pytest.mark.parametrize(("method", "path", "body"), HIDDEN_CALLS)
def test_another_apps_hook_is_answered_exactly_like_an_unknown_id(
    stage: Stage, statements: _Statements, method: str, path: str, body: Json | None
) -> None:
    hook_id = stage.make("switch")
    delivery_id = stage.delivery(hook_id)
    other = stage.clients["other"]
    wait_until_parked(stage, hook_id)
    ids = ({"hook": hook_id, "delivery": delivery_id}, {"hook": UNKNOWN_HOOK, "delivery": UNKNOWN_DELIVERY})
    statements.seen.clear()
    hidden, unknown = (other.request(method, path.format(**one), json=body) for one in ids)
    assert hidden.status_code in (403, 404, 422)
    assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content)
    assert {**hidden.headers, "date": ""} == {**unknown.headers, "date": ""}
    name = "delivery" if "delivery" in path else "hook"
    assert statements.about(ids[0][name]) == statements.about(ids[1][name])
    if hidden.status_code == 404:
        assert statements.about(ids[0][name])  # the comparison is not empty


def test_an_app_lists_its_own_hooks_and_deliveries_and_no_others(live: LiveHub, target: Receiver) -> None:
    stage = staged(live, target)
    made = {origin: stage.make(origin) for origin in ORIGINS}
    mine = (
        stage.clients["other"]
        .post("/hooks", json={"target_url": stage.target_url, "event": "*"})
        .json()["id"]
    )
    deliveries = {hook_id: stage.delivery(hook_id) for hook_id in [*made.values(), mine]}
    other = stage.clients["other"]
    assert [hook["id"] for hook in other.get("/hooks").json()] == [mine]
    assert [hook["id"] for hook in other.get("/hooks", params={"target_url": stage.target_url}).json()] == [
        mine
    ]
    assert [delivery["id"] for delivery in other.get("/deliveries").json()] == [deliveries[mine]]
    preview = other.post("/events/preview", json={"type": "a.b"}).json()
    assert preview == {"matched": [mine], "not_matched": []}
    subscribed = [hook["id"] for hook in stage.clients["subscribe"].get("/hooks").json()]
    assert sorted(subscribed) == sorted([made["api"], made["manual"]])
    seen = [hook["id"] for hook in stage.clients["read"].get("/hooks").json()]
    assert sorted(seen) == sorted([*made.values(), mine])


def test_an_apps_token_of_another_project_sees_nothing_of_it(live: LiveHub, stage: Stage) -> None:
    hook_id = stage.make("switch")
    stranger = live.client("subscribe", "read", project=live.project(), app="zapier")
    assert stranger.get(f"/hooks/{hook_id}").status_code == 404
    assert stranger.delete(f"/hooks/{hook_id}").status_code == 404
    assert stranger.get("/hooks", params={"project": stage.project}).status_code == 403


@pytest.mark.parametrize("origin", ["api", "full", "switch", "none"])
def test_a_manager_takes_a_hook_over_and_then_the_pages_rules_apply(stage: Stage, origin: str) -> None:
    hook_id = stage.make(origin)
    manage, own = stage.clients["manage"], stage.makers[origin]
    taken = manage.post(f"/hooks/{hook_id}/take-over")
    assert taken.status_code == 200
    assert taken.json()["origin"]["kind"] == "page"
    assert taken.json()["origin"]["app"] is None
    assert taken.json()["can_edit"] is True
    for method in ("GET", "PATCH", "DELETE"):
        assert (
            own.request(method, f"/hooks/{hook_id}", json={} if method == "PATCH" else None).status_code
            == 404
        )
    assert hook_id not in {hook["id"] for hook in own.get("/hooks", params={"limit": 200}).json()}
    assert manage.patch(f"/hooks/{hook_id}", json={"name": "Mine"}).status_code == 200
    assert by_hand(stage, "rotate", hook_id)[0] == 200
    entry = stage.live.hub.database.read(lambda: audit.entries(None, hook_id, None, 10))
    assert "hook.taken_over" in {row.action for row in entry}
    again = manage.post(f"/hooks/{hook_id}/take-over")
    assert again.status_code == 409


def test_taking_over_keeps_the_secret_and_the_deliveries(stage: Stage, target: Receiver) -> None:
    hook_id = stage.make("switch", secret="s3cret")
    delivery_id = stage.delivery(hook_id)
    before = stage.row(hook_id)
    assert stage.clients["manage"].post(f"/hooks/{hook_id}/take-over").status_code == 200
    after = stage.row(hook_id)
    assert (after["secrets"], after["events"], after["target_url"]) == (
        before["secrets"],
        before["events"],
        before["target_url"],
    )
    assert stage.clients["manage"].get(f"/deliveries/{delivery_id}").status_code == 200
    assert stage.makers["switch"].get(f"/deliveries/{delivery_id}").status_code == 404


def test_a_subscription_that_is_over_cannot_be_taken_over(stage: Stage, target: Receiver) -> None:
    hook_id = stage.make("switch")
    stage.live.hub.database.write(
        lambda: Hook.update(state="gone").where(Hook.id == hook_id).execute()
    ).result()
    answer = stage.clients["manage"].post(f"/hooks/{hook_id}/take-over")
    assert answer.status_code == 409
    assert "over" in answer.json()["detail"]


def test_only_a_manager_by_hand_takes_over(stage: Stage) -> None:
    hook_id = stage.make("switch")
    member = (Requester("bob", frozenset({"read"}), is_person=True), stage.by_hand()[1])
    with pytest.raises(Refusal) as refused:
        stage.live.hub.services.subscriptions.take_over(*member, hook_id)
    assert problem_of(refused.value).status == 403


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("action", ["edit", "switch", "enable", "delete", "rotate", "retry"])
def test_a_member_who_may_only_look_changes_nothing_by_hand(stage: Stage, origin: str, action: str) -> None:
    hook_id = stage.make(origin)
    before = stage.row(hook_id)
    member = (Requester("bob", frozenset({"read"}), is_person=True), stage.by_hand()[1])
    assert by_hand(stage, action, hook_id, member)[0] == 409
    assert still(stage.row(hook_id)) == still(before)


@pytest.mark.parametrize("app", ["zapier", "make", "activepieces"])
def test_an_apps_hook_needs_its_connector_switched_on(live: LiveHub, target: Receiver, app: str) -> None:
    key = live.project()
    manage = live.client("manage", project=key)
    assert manage.patch(f"/connectors/{app}", json={"enabled": False}).status_code == 200
    client = live.client("subscribe", project=key, app=app)
    wanted = {"target_url": target.url, "event": "*"}
    refused = client.post("/hooks", json=wanted)
    assert refused.status_code == 409
    assert registry.connector(app).name in refused.json()["detail"]
    assert client.get("/hooks").json() == []
    assert manage.patch(f"/connectors/{app}", json={"enabled": True}).json()["enabled"] is True
    assert client.post("/hooks", json=wanted).status_code == 201


def test_a_target_is_not_asked_for_consent_while_its_connector_is_off(
    live: LiveHub, receiver: Receiver
) -> None:
    key = live.project()
    client = live.client("subscribe", project=key, app="make")
    refused = client.post(
        "/hooks", json={"target_url": receiver.url, "event": "*", "handshake": "rest-hooks"}
    )
    assert refused.status_code == 409
    assert receiver.requests == []


def test_a_connector_is_on_in_its_own_project_only(live: LiveHub) -> None:
    one, two = live.project(), live.project()
    live.client("manage", project=one).patch("/connectors/make", json={"enabled": True})
    is_on = {
        key: {
            row["key"]: row["enabled"] for row in live.client("read", project=key).get("/connectors").json()
        }["make"]
        for key in (one, two)
    }
    assert is_on == {one: True, two: False}


def test_the_edit_rule_of_each_connector_is_told(live: LiveHub) -> None:
    told = {
        row["key"]: row["edit_rule"]
        for row in live.client("read", project=live.project()).get("/connectors").json()
    }
    assert told == {key: registry.connector(key).edit_rule.value for key in registry.connector_keys()}
    assert {told[app]: rule for rule, app in APPS.items()} == {rule.value: rule.value for rule in EditRule}


def test_an_app_token_issued_through_the_api_switches_its_connector_on(
    live: LiveHub, target: Receiver
) -> None:
    admin = live.client("admin", project=None)
    key = live.project()
    answer = admin.post("/tokens", json={"scopes": ["subscribe"], "project": key, "app": "pipedream"})
    assert answer.status_code == 201
    client = live.client_with(answer.json()["token"])
    assert client.post("/hooks", json={"target_url": target.url, "event": "*"}).status_code == 201
    switched = live.hub.database.read(lambda: audit.entries(None, "pipedream", None, 10))
    assert [row.action for row in switched] == ["connector.switched"]


def test_the_page_needs_its_own_connector_and_new_projects_have_it(live: LiveHub, target: Receiver) -> None:
    admin = live.client("admin", project=None)
    assert admin.post("/projects", json={"key": "WEBHK"}).status_code == 201
    database = live.hub.database
    elsewhere = database.write(lambda: projects.add("WEBHL", "", "open", database.clock.now())).result()
    assert "webhooks" in database.read(lambda: projects.connectors(int(elsewhere.id)))
    for key in ("WEBHK", "WEBHL"):
        stage = Stage(live, key, {}, {}, target.url)
        assert stage.row(stage.make("page"))["origin_kind"] == "page"
    admin.patch("/connectors/webhooks", params={"project": "WEBHK"}, json={"enabled": False})
    with pytest.raises(Refusal) as refused:
        Stage(live, "WEBHK", {}, {}, target.url).make("page")
    assert problem_of(refused.value).status == 409
    assert "Webhooks" in refused.value.detail


def test_an_archived_project_is_closed_to_managers_by_hand_too(live: LiveHub, target: Receiver) -> None:
    stage = staged(live, target)
    hook_id = stage.make("page")
    live.archive(stage.project)
    before = stage.row(hook_id)
    assert by_hand(stage, "view", hook_id)[0] == 200
    for action in ("edit", "switch", "enable", "rotate", "take_over", "delete", "test", "retry"):
        assert by_hand(stage, action, hook_id)[0] == 403, action
    with pytest.raises(Refusal) as refused:
        stage.make("page")
    assert problem_of(refused.value).status == 403
    assert still(stage.row(hook_id)) == still(before)


def test_manual_edit_is_for_hooks_of_api_tokens_and_only_their_maker_or_a_manager_token_sets_it(
    stage: Stage,
) -> None:
    for origin in ("full", "switch", "none"):
        refused = stage.makers[origin].post(
            "/hooks", json={"target_url": stage.target_url, "event": "*", "manual_edit": True}
        )
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "manual_edit"
        hook_id = stage.make(origin)
        assert stage.makers[origin].patch(f"/hooks/{hook_id}", json={"manual_edit": True}).status_code == 422
    hook_id = stage.make("api")
    with pytest.raises(Refusal) as refused_by_hand:
        stage.live.hub.services.subscriptions.update(*stage.by_hand(), hook_id, HookChange(manual_edit=True))
    assert problem_of(refused_by_hand.value).status == 409
    assert (
        stage.clients["subscribe"]
        .patch(f"/hooks/{hook_id}", json={"manual_edit": True})
        .json()["manual_edit"]
        is True
    )
    assert by_hand(stage, "edit", hook_id)[0] == 200
