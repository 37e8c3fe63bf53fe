"""Origin decides who may edit (docs/roles.md): every cell of the table, for every kind of credential, through
the API and by hand.
"""

import itertools

import pytest

from connectors import registry
from hub.errors import Refusal
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import audit
from hub.store.models import Hook
from hub.web.problems import problem_of
from tests.rigs.api import Client, LiveHub
from tests.rigs.origins import APPS, ORIGINS, Json, Origins, by_hand, origins_of
from tests.rigs.receivers import Receiver

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
def test_it_answers_each_cell_of_the_origin_table(
    origins: Origins, origin: str, actor: str, action: str
) -> None:
    if actor == "own" and origin not in APPS:
        actor = "subscribe"
    wanted = expected(origin, actor, action)
    hook_id = origins.make(origin)
    delivery_id = origins.delivery(hook_id) if action == "retry" else ""
    before = origins.row(hook_id)

    status, body = (
        by_hand(origins, action, hook_id)
        if actor == "by_hand"
        else call(origins.client(actor, origin), action, hook_id, delivery_id)
    )

    after = origins.row(hook_id)
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
def test_can_edit_says_what_a_patch_would_be_answered(origins: Origins, origin: str, actor: str) -> None:
    if actor == "own" and origin not in APPS:
        actor = "subscribe"
    hook_id = origins.make(origin)
    client = origins.client(actor, origin)
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
def test_no_header_makes_a_hook_of_another_origin_or_opens_one(
    origins: Origins, headers: dict[str, str]
) -> None:
    wanted = {"target_url": origins.target_url, "event": "*"}
    api_hook = origins.clients["subscribe"].post("/hooks", json=wanted, headers=headers).json()
    assert (api_hook["origin"]["kind"], api_hook["origin"]["app"]) == ("api", None)
    app_hook = origins.makers["none"].post("/hooks", json=wanted, headers=headers).json()
    assert (app_hook["origin"]["kind"], app_hook["origin"]["app"]) == ("app", "power_automate")
    zaps = origins.make("switch")
    assert origins.clients["other"].get(f"/hooks/{zaps}", headers=headers).status_code == 404
    assert origins.clients["subscribe"].get(f"/hooks/{zaps}", headers=headers).status_code == 404
    assert (
        origins.clients["manage"].patch(f"/hooks/{zaps}", json={"name": "x"}, headers=headers).status_code
        == 409
    )


@pytest.mark.parametrize(
    "field", ["origin", "app", "origin_kind", "created_by", "id", "state", "can_edit", "number"]
)
def test_no_body_field_sets_an_origin(origins: Origins, field: str) -> None:
    body = {"target_url": origins.target_url, "event": "*", field: "zapier"}
    assert origins.clients["subscribe"].post("/hooks", json=body).status_code == 422
    hook_id = origins.make("api")
    assert origins.clients["manage"].patch(f"/hooks/{hook_id}", json={field: "zapier"}).status_code == 422


@pytest.mark.parametrize("origin", ["api", "full", "switch", "none"])
def test_a_manager_takes_a_hook_over_and_then_the_pages_rules_apply(origins: Origins, origin: str) -> None:
    hook_id = origins.make(origin)
    manage, own = origins.clients["manage"], origins.makers[origin]
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
    assert by_hand(origins, "rotate", hook_id)[0] == 200
    entry = origins.live.hub.database.read(lambda: audit.entries(None, hook_id, None, 10))
    assert "hook.taken_over" in {row.action for row in entry}
    again = manage.post(f"/hooks/{hook_id}/take-over")
    assert again.status_code == 409


def test_taking_over_keeps_the_secret_and_the_deliveries(origins: Origins, target: Receiver) -> None:
    hook_id = origins.make("switch", secret="s3cret")
    delivery_id = origins.delivery(hook_id)
    before = origins.row(hook_id)
    assert origins.clients["manage"].post(f"/hooks/{hook_id}/take-over").status_code == 200
    after = origins.row(hook_id)
    assert (after["secrets"], after["events"], after["target_url"]) == (
        before["secrets"],
        before["events"],
        before["target_url"],
    )
    assert origins.clients["manage"].get(f"/deliveries/{delivery_id}").status_code == 200
    assert origins.makers["switch"].get(f"/deliveries/{delivery_id}").status_code == 404


def test_a_subscription_that_is_over_cannot_be_taken_over(origins: Origins, target: Receiver) -> None:
    hook_id = origins.make("switch")
    origins.live.hub.database.write(
        lambda: Hook.update(state="gone").where(Hook.id == hook_id).execute()
    ).result()
    answer = origins.clients["manage"].post(f"/hooks/{hook_id}/take-over")
    assert answer.status_code == 409
    assert "over" in answer.json()["detail"]


def test_only_a_manager_by_hand_takes_over(origins: Origins) -> None:
    hook_id = origins.make("switch")
    member = (Requester("bob", frozenset({"read"}), is_person=True), origins.by_hand()[1])
    with pytest.raises(Refusal) as refused:
        origins.live.hub.services.subscriptions.take_over(*member, hook_id)
    assert problem_of(refused.value).status == 403


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("action", ["edit", "switch", "enable", "delete", "rotate", "retry"])
def test_a_member_who_may_only_look_changes_nothing_by_hand(
    origins: Origins, origin: str, action: str
) -> None:
    hook_id = origins.make(origin)
    before = origins.row(hook_id)
    member = (Requester("bob", frozenset({"read"}), is_person=True), origins.by_hand()[1])
    assert by_hand(origins, action, hook_id, member)[0] == 409
    assert still(origins.row(hook_id)) == still(before)


def test_an_archived_project_is_closed_to_managers_by_hand_too(live: LiveHub, target: Receiver) -> None:
    origins = origins_of(live, target)
    hook_id = origins.make("page")
    live.archive(origins.project)
    before = origins.row(hook_id)
    assert by_hand(origins, "view", hook_id)[0] == 200
    for action in ("edit", "switch", "enable", "rotate", "take_over", "delete", "test", "retry"):
        assert by_hand(origins, action, hook_id)[0] == 403, action
    with pytest.raises(Refusal) as refused:
        origins.make("page")
    assert problem_of(refused.value).status == 403
    assert still(origins.row(hook_id)) == still(before)


def test_manual_edit_is_for_hooks_of_api_tokens_and_only_their_maker_or_a_manager_token_sets_it(
    origins: Origins,
) -> None:
    for origin in ("full", "switch", "none"):
        refused = origins.makers[origin].post(
            "/hooks", json={"target_url": origins.target_url, "event": "*", "manual_edit": True}
        )
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "manual_edit"
        hook_id = origins.make(origin)
        assert (
            origins.makers[origin].patch(f"/hooks/{hook_id}", json={"manual_edit": True}).status_code == 422
        )
    hook_id = origins.make("api")
    with pytest.raises(Refusal) as refused_by_hand:
        origins.live.hub.services.subscriptions.update(
            *origins.by_hand(), hook_id, HookChange(manual_edit=True)
        )
    assert problem_of(refused_by_hand.value).status == 409
    assert (
        origins.clients["subscribe"]
        .patch(f"/hooks/{hook_id}", json={"manual_edit": True})
        .json()["manual_edit"]
        is True
    )
    assert by_hand(origins, "edit", hook_id)[0] == 200
