"""Subscriptions over the API: made under every name that clients use, shown without their secret, changed,
switched, tested, ended.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from hub.rules import catalogue
from hub.web.api.hook_inputs import TARGET_ALIASES, HookFields
from tests.rigs.api import Client, LiveHub
from tests.rigs.ports import nowhere
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

Json = dict[str, Any]
TARGET = "http://127.0.0.1:9000/x"
CHANGING = ("patch", "put")


def make(api: Client, **fields: Any) -> Json:
    answer = api.post("/hooks", json={"target_url": TARGET, "event": "story.*", **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def without_secret(hook: Json) -> Json:
    return {name: value for name, value in hook.items() if name != "secret"}


@pytest.mark.parametrize("name", ["target_url", *TARGET_ALIASES])
def test_a_target_is_taken_under_every_name_that_clients_use(api: Client, name: str) -> None:
    answer = api.post("/hooks", json={name: TARGET, "event": "a"})
    assert (answer.status_code, answer.json()["target_url"]) == (201, TARGET)


def test_names_for_one_target_that_agree_are_one(api: Client) -> None:
    answer = api.post(
        "/hooks",
        json={
            "target_url": TARGET,
            "hookUrl": TARGET,
            "subscription_url": TARGET,
            "event": ["a"],
            "events": "a",
        },
    )
    assert (answer.status_code, answer.json()["events"]) == (201, ["a"])


@pytest.mark.parametrize(
    ("given", "events"),
    [
        ({"event": "a.b"}, ["a.b"]),
        ({"event": ["a", "b.*"]}, ["a", "b.*"]),
        ({"events": "*"}, ["*"]),
        ({"events": ["a", "b", "a"]}, ["a", "b"]),
        ({"events": [f"a.n{n}" for n in range(1000)]}, [f"a.n{n}" for n in range(1000)]),
        ({"event": "hook.disabled"}, ["hook.disabled"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_one_event_or_many_are_taken_and_shown_as_a_list(api: Client, given: Json, events: list[str]) -> None:
    answer = api.post("/hooks", json={"target_url": TARGET, **given})
    assert (answer.status_code, answer.json()["events"]) == (201, events)


def test_the_location_of_a_new_hook_is_absolute_and_deletes_it(api: Client) -> None:
    answer = api.post("/hooks", json={"target_url": TARGET, "event": "a"})
    location = answer.headers["Location"]
    assert location == f"{api.url}/api/v1/hooks/{answer.json()['id']}"
    assert api.get(location).json() == without_secret(answer.json())
    deleted = api.delete(location)
    assert (deleted.status_code, deleted.json()) == (200, {"id": answer.json()["id"], "deleted": True})
    assert [
        api.delete(location).status_code,
        api.get(location).status_code,
        api.patch(location, json={}).status_code,
    ] == [404, 404, 404]
    assert api.get("/hooks").json() == []


def test_a_new_hook_has_the_defaults_of_the_contract(api: Client) -> None:
    made = make(api)
    told = {
        name: made[name]
        for name in ("enabled", "verify_ssl", "format", "headers", "manual_edit", "name", "state", "can_edit")
    }
    assert told == {
        "enabled": True, "verify_ssl": True, "format": "standard", "headers": {}, "manual_edit": False, "name": "", "state": "active",
        "can_edit": True,
    }  # fmt: skip
    assert made["origin"] | {"created_at": ""} == {
        "kind": "api",
        "app": None,
        "created_by": "token test",
        "created_at": "",
    }
    assert (
        made["consecutive_failures"],
        made["last_error"],
        made["last_success_at"],
        made["next_attempt_at"],
    ) == (0, None, None, None)


def test_the_format_of_a_new_hook_is_its_connectors_then_its_projects(live: LiveHub) -> None:
    scrum = live.project("icescrum")
    assert make(live.client(project=scrum))["format"] == catalogue.default_format("icescrum") == "icescrum"
    assert make(live.client("subscribe", project=scrum, app="zapier"))["format"] == "standard"
    assert make(live.client(project=scrum), format="github")["format"] == "github"


def test_a_secret_is_shown_once(api: Client) -> None:
    made = make(api, secret="a secret of mine")
    assert (made["secret"], made["has_secret"]) == ("a secret of mine", True)
    for text in (
        api.get(f"/hooks/{made['id']}").text,
        api.get("/hooks").text,
        api.patch(f"/hooks/{made['id']}", json={"name": "x"}).text,
    ):
        assert "a secret of mine" not in text
        assert '"secret"' not in text


def test_a_standard_hook_without_a_secret_gets_one_and_others_do_not(api: Client) -> None:
    assert make(api)["secret"].startswith("whsec_")
    bare = make(api, format="icescrum")
    assert (bare["secret"], bare["has_secret"]) == (None, False)


def test_the_values_of_headers_are_never_shown(api: Client, receiver: Receiver) -> None:
    made = make(api, target_url=receiver.url, headers={"X-Token": "very private", "X-Latin": "né"})
    assert made["headers"].keys() == {"X-Token", "X-Latin"}
    assert "private" not in json.dumps(made)
    assert api.post(f"/hooks/{made['id']}/ping").json()["success"] is True
    sent = receiver.wait_for(1)[0]
    assert (sent.headers["x-token"], sent.headers["x-latin"]) == ("very private", "né")


def test_hooks_are_found_by_their_target_word_for_word(api: Client) -> None:
    odd = "http://127.0.0.1:9000/A/../b?x=%41&y=1+2&z=%7E"
    wanted = make(api, target_url=odd)
    make(api, target_url=odd.lower())
    found = api.get("/hooks", params={"target_url": odd}).json()
    assert [(hook["id"], hook["target_url"]) for hook in found] == [(wanted["id"], odd)]
    assert api.get("/hooks", params={"target_url": odd + "/"}).json() == []


def test_hooks_are_found_by_their_state(api: Client) -> None:
    on, off = make(api), make(api, enabled=False)
    assert (off["state"], off["enabled"]) == ("disabled", False)
    assert [hook["id"] for hook in api.get("/hooks", params={"state": "active"}).json()] == [on["id"]]
    assert [hook["id"] for hook in api.get("/hooks", params={"state": "disabled"}).json()] == [off["id"]]
    assert api.get("/hooks", params={"state": "gone"}).json() == []


def test_hooks_come_newest_first_page_by_page(api: Client, project: str) -> None:
    made = [make(api, name=str(n))["id"] for n in range(5)]
    assert [hook["id"] for hook in api.get("/hooks").json()] == made[::-1]
    assert "Link" not in api.get("/hooks").headers
    seen: list[str] = []
    answer = api.get("/hooks/", params={"limit": 2, "target_url": TARGET, "project": project})
    while "next" in answer.links:
        seen += [hook["id"] for hook in answer.json()]
        assert f"project={project}" in answer.links["next"]["url"]
        answer = api.get(answer.links["next"]["url"])
        assert answer.status_code == 200
    assert seen + [hook["id"] for hook in answer.json()] == made[::-1]


@pytest.mark.parametrize("method", CHANGING)
def test_only_what_is_given_is_changed(api: Client, method: str) -> None:
    made = make(api, name="before", headers={"X-A": "1"})
    changed = api.request(method, f"/hooks/{made['id']}", json={"event": "task.*"})
    assert changed.status_code == 200
    different = {name for name in changed.json() if changed.json()[name] != made[name]}
    assert different <= {"events", "updated_at"}
    assert changed.json()["events"] == ["task.*"]


@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize("name", [*HookFields.model_fields, "event", "url"])
def test_null_empties_what_may_be_empty_and_is_refused_elsewhere(api: Client, method: str, name: str) -> None:
    made = make(api, name="before", headers={"X-A": "1"}, secret="mine", format="icescrum", handshake=None)
    answer = api.request(method, f"/hooks/{made['id']}", json={name: None})
    after = api.get(f"/hooks/{made['id']}").json()
    emptied = {"name": "", "headers": {}, "settings": {}} | dict.fromkeys(
        ("handshake", "filter", "template", "rate_limit", "digest", "delay_s", "retry_schedule_s")
    )
    emptied |= {"ordering": "none", "fifo_on_failure": "wait"}
    if name in emptied:
        assert (answer.status_code, after[name]) == (200, emptied[name])
    elif name == "secret":
        assert (answer.status_code, after["has_secret"]) == (200, False)
    else:
        field = {"event": "events", "url": "target_url"}.get(name, name)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
        assert after == without_secret(made)


def test_an_empty_change_changes_nothing(api: Client) -> None:
    made = make(api)
    assert api.patch(f"/hooks/{made['id']}", json={}).json() == without_secret(made)


def test_another_host_gets_neither_the_old_secret_nor_the_old_headers(api: Client) -> None:
    made = make(api, secret="for the old host", headers={"X-Token": "old"})
    same = api.patch(f"/hooks/{made['id']}", json={"target_url": TARGET + "/deeper"}).json()
    assert "secret" not in same
    assert list(same["headers"]) == ["X-Token"]
    moved = api.patch(f"/hooks/{made['id']}", json={"target_url": "http://127.0.0.1:9001/x"}).json()
    assert moved["secret"].startswith("whsec_")
    assert moved["headers"] == {}
    given = api.patch(
        f"/hooks/{made['id']}", json={"url": TARGET, "secret": "for the new", "headers": {"X-Token": "new"}}
    ).json()
    assert (given["secret"], list(given["headers"])) == ("for the new", ["X-Token"])


def test_a_hook_is_switched_off_and_on(api: Client, receiver: Receiver) -> None:
    made = make(api, target_url=receiver.url)
    path = f"/hooks/{made['id']}"
    off = api.post(f"{path}/disable")
    assert (off.status_code, off.json()["state"], off.json()["enabled"]) == (200, "disabled", False)
    assert off.json()["disabled_reason"] == "switched off by token test"
    assert api.post(f"{path}/disable").status_code == 200
    assert api.post("/events", json={"type": "story.create", "data": {}}).json()["deliveries"] == 0
    on = api.post(f"{path}/enable")
    assert (on.status_code, on.json()["state"], on.json()["disabled_reason"]) == (200, "active", None)
    assert api.patch(path, json={"enabled": False}).json()["state"] == "disabled"
    assert api.patch(path, json={"enabled": True}).json()["state"] == "active"
    assert receiver.requests == []


def test_a_ping_tells_what_came_back(api: Client, receiver: Receiver) -> None:
    made = make(api, target_url=receiver.url, secret="mine")
    told = api.post(f"/hooks/{made['id']}/ping")
    assert (told.status_code, told.json()["success"], told.json()["status"], told.json()["hook_id"]) == (
        200,
        True,
        200,
        made["id"],
    )
    assert receiver.wait_for(1)[0].headers["webhook-id"] == told.json()["event_id"]
    receiver.answer = 500
    failed = api.post(f"/hooks/{made['id']}/ping").json()
    assert (failed["success"], failed["status"]) == (False, 500)
    assert api.get(f"/hooks/{made['id']}").json()["consecutive_failures"] == 0


def test_a_ping_to_nobody_says_so(api: Client) -> None:
    told = api.post(f"/hooks/{make(api, target_url=nowhere())['id']}/ping").json()
    assert (told["success"], told["status"], told["phase"]) == (False, None, "connect")
    assert told["reason"]


def test_a_new_secret_signs_beside_the_old_one(api: Client, receiver: Receiver) -> None:
    made = make(api, target_url=receiver.url, secret="old", format="github")
    path = f"/hooks/{made['id']}"
    assert (
        api.post(f"{path}/rotate-secret", json={"secret": "new", "overlap_hours": 1}).json()["secret"]
        == "new"
    )
    api.post(f"{path}/ping")
    sent = receiver.wait_for(1)[0]
    assert len(sent.headers["webhook-signature"].split(" ")) == 2
    assert (
        sent.headers["x-hub-signature-256"]
        == "sha256=" + hmac.digest(b"new", sent.body, hashlib.sha256).hex()
    )
    own = api.post(f"{path}/rotate-secret")
    assert (own.status_code, own.json()["secret"].startswith("whsec_")) == (200, False)
    assert api.post(f"{path}/rotate-secret", json={"overlap_hours": 0}).status_code == 200
    api.post(f"{path}/ping")
    assert len(receiver.wait_for(2)[1].headers["webhook-signature"].split(" ")) == 1


@pytest.mark.parametrize(
    ("form", "has_prefix"),
    [("standard", True), ("cloudevents", True), ("github", False), ("icescrum", False)],
)
def test_a_secret_that_the_hub_makes_begins_as_the_formats_receivers_know_it(
    api: Client, receiver: Receiver, form: str, has_prefix: bool
) -> None:
    """A receiver of GitHub's or iceScrum's takes the text as it stands, with any prefix."""
    path = f"/hooks/{make(api, target_url=receiver.url, secret='mine', format=form)['id']}"
    rotated = api.post(f"{path}/rotate-secret", json={"overlap_hours": 0}).json()["secret"]
    api.post(f"{path}/ping")
    sent = receiver.wait_for(1)[0]
    if form in ("github", "icescrum"):
        name = {"github": "x-hub-signature", "icescrum": "x-icescrum-signature"}[form]
        wanted = hmac.digest(rotated.encode(), sent.body, hashlib.sha1).hex()
        assert sent.headers[name].removeprefix("sha1=") == wanted
    moved = api.patch(path, json={"target_url": "http://127.0.0.1:9000/y"}).json()["secret"]
    proven = make(api, target_url=TARGET, format=form)["secret"] if form == "standard" else rotated
    for secret in (rotated, moved, proven):
        assert secret.startswith("whsec_") is has_prefix
        assert len(secret) >= 43, "32 random bytes"


def test_not_more_than_ten_secrets_sign_during_overlaps(api: Client, receiver: Receiver) -> None:
    path = f"/hooks/{make(api, target_url=receiver.url)['id']}"
    secrets = [api.post(f"{path}/rotate-secret").json()["secret"] for _ in range(12)]
    api.post(f"{path}/ping")
    sent = receiver.wait_for(1)[0]
    assert len(sent.headers["webhook-signature"].split(" ")) == 10
    body = f"{sent.headers['webhook-id']}.{sent.headers['webhook-timestamp']}.".encode() + sent.body
    newest = hmac.digest(base64.b64decode(secrets[-1].removeprefix("whsec_")), body, hashlib.sha256)
    assert sent.headers["webhook-signature"].split(" ")[0] == "v1," + base64.b64encode(newest).decode()


@pytest.mark.parametrize("form", ["standard", "icescrum", "cloudevents"])
def test_samples_are_what_the_hook_would_get(api: Client, receiver: Receiver, form: str) -> None:
    made = make(api, target_url=receiver.url, format=form)
    for n in range(4):
        api.post("/events", json={"type": "story.create", "data": {"n": n}})
    api.post("/events", json={"type": "task.create", "data": {}})
    bodies = {request.body for request in receiver.wait_for(4)}
    samples = api.get(f"/hooks/{made['id']}/samples")
    assert len(samples.json()) == 3
    assert all(sample in [json.loads(body) for body in bodies] for sample in samples.json())
    assert len(api.get(f"/hooks/{made['id']}/samples", params={"limit": 10}).json()) == 4


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        (kind, pattern)
        for kind in catalogue.CATALOGUES
        for pattern in ("*", "story.*", "story.create", "hook.disabled")
    ]
    + [("open", "never.seen")],
)
def test_a_hook_without_events_has_examples(live: LiveHub, kind: str, pattern: str) -> None:
    api = live.client(project=live.project(kind))
    samples = api.get(f"/hooks/{make(api, event=pattern, format='standard')['id']}/samples").json()
    assert samples
    assert all(sample.keys() == {"id", "type", "timestamp", "project", "data"} for sample in samples)
    assert pattern in ("*", "story.*") or {sample["type"] for sample in samples} == {pattern}


def test_an_api_hook_may_be_taken_over_by_the_page(api: Client) -> None:
    made = make(api)
    taken = api.post(f"/hooks/{made['id']}/take-over")
    assert (taken.status_code, taken.json()["origin"]["kind"]) == (200, "page")
    assert api.post(f"/hooks/{made['id']}/take-over").status_code == 409


def test_a_target_that_is_gone_ends_the_subscription(api: Client, receiver: Receiver) -> None:
    made = make(api, target_url=receiver.url)
    receiver.answer = 410
    api.post("/events", json={"type": "story.create", "data": {}})
    until(lambda: api.get(f"/hooks/{made['id']}").json()["state"], lambda state: state == "gone")
    assert api.get("/hooks").json() == []
    assert [hook["id"] for hook in api.get("/hooks", params={"state": "gone"}).json()] == [made["id"]]
    assert api.post(f"/hooks/{made['id']}/enable").status_code == 409


def test_a_project_may_have_only_so_many_hooks(live: LiveHub, api: Client) -> None:
    admin = live.client("admin", project=None)
    admin.patch("/settings", json={"max_hooks_per_project": 1})
    try:
        make(api)
        refused = api.post("/hooks", json={"target_url": TARGET, "event": "a"})
        assert (refused.status_code, "max_hooks_per_project" in refused.json()["detail"]) == (409, True)
    finally:
        admin.patch("/settings", json={"max_hooks_per_project": 0})


def test_anothers_hook_is_unknown(live: LiveHub, api: Client) -> None:
    path = f"/hooks/{make(api)['id']}"
    stranger = live.client(project=live.project())
    answers = [
        stranger.get(path),
        stranger.patch(path, json={}),
        stranger.delete(path),
        stranger.post(f"{path}/ping"),
        stranger.get(f"{path}/samples"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert api.get(path).status_code == 200


@pytest.mark.parametrize("headers", [["X-A"], {"X-A": 1}, 7, "X-A"])
def test_wrong_types_beside_names_that_contradict_each_other_are_refused(api: Client, headers: Any) -> None:
    body = {"url": "http://a.example/", "target_url": "http://b.example/", "event": "*", "headers": headers}
    for method, path in (("POST", "/hooks"), ("PATCH", "/hooks/hook_x")):
        assert api.request(method, path, json=body).status_code in (404, 422)
