"""What a client reads and writes back: masks stay what they stand for, read-only fields are no change, null
beside another name is absent.
"""

from typing import Any

import pytest

from hub.logs import MASK
from hub.rules import pace
from tests.rigs.api import Client
from tests.rigs.receivers import Receiver

Json = dict[str, Any]
TARGET = "http://127.0.0.1:9000/x"
OTHER = "http://127.0.0.1:9001/x"
HEADERS = {"X-Key": "very private", "X-Two": "also private"}


def make(api: Client, **fields: Any) -> Json:
    answer = api.post("/hooks", json={"target_url": TARGET, "event": "story.*", **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def errors(answer: Any, status: int = 422) -> Json:
    assert answer.status_code == status, answer.text
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def sent_headers(api: Client, receiver: Receiver, path: str) -> dict[str, str]:
    receiver.requests.clear()
    assert api.post(f"{path}/ping").json()["success"]
    return dict(receiver.wait_for(1)[0].headers)


@pytest.mark.parametrize("method", ["patch", "put"])
def test_a_masked_value_keeps_the_one_it_stands_for(api: Client, receiver: Receiver, method: str) -> None:
    made = make(api, target_url=receiver.url, headers=HEADERS)
    path = f"/hooks/{made['id']}"
    changed = api.request(method, path, json={"headers": api.get(path).json()["headers"]})
    assert changed.json()["headers"] == dict.fromkeys(HEADERS, MASK)
    sent = sent_headers(api, receiver, path)
    assert (sent["x-key"], sent["x-two"]) == ("very private", "also private")


def test_masked_values_go_with_new_ones_and_in_any_letter_case(api: Client, receiver: Receiver) -> None:
    path = f"/hooks/{make(api, target_url=receiver.url, headers=HEADERS)['id']}"
    changed = api.patch(path, json={"headers": {"x-KEY": MASK, "X-New": "fresh"}})
    assert list(changed.json()["headers"]) == ["x-KEY", "X-New"]
    sent = sent_headers(api, receiver, path)
    assert (sent["x-key"], sent["x-new"], sent.get("x-two")) == ("very private", "fresh", None)


def test_a_masked_value_of_no_header_is_refused(api: Client) -> None:
    path = f"/hooks/{make(api, headers=HEADERS)['id']}"
    assert list(errors(api.patch(path, json={"headers": {"X-Other": MASK}}))) == ["headers.X-Other"]
    wanted = {"target_url": TARGET, "event": "a", "headers": {"X-Key": MASK}}
    assert list(errors(api.post("/hooks", json=wanted))) == ["headers.X-Key"]


def test_a_masked_value_does_not_go_to_another_receiver(api: Client) -> None:
    path = f"/hooks/{make(api, headers=HEADERS)['id']}"
    wanted = {"target_url": OTHER, "headers": dict.fromkeys(HEADERS, MASK)}
    assert set(errors(api.patch(path, json=wanted))) == {"headers.X-Key", "headers.X-Two"}
    assert api.get(path).json()["target_url"] == TARGET
    wanted["headers"] = {"X-Key": "for the new one"}
    assert api.patch(path, json=wanted).status_code == 200


@pytest.mark.parametrize("door", ["create", "update", "rotate"])
def test_the_mask_is_no_secret(api: Client, door: str) -> None:
    path = f"/hooks/{make(api)['id']}"
    answer = {
        "create": lambda: api.post("/hooks", json={"target_url": TARGET, "event": "a", "secret": MASK}),
        "update": lambda: api.patch(path, json={"secret": MASK}),
        "rotate": lambda: api.post(f"{path}/rotate-secret", json={"secret": MASK}),
    }[door]()
    assert list(errors(answer)) == ["secret"]


@pytest.mark.parametrize("method", ["patch", "put"])
@pytest.mark.parametrize("form", ["standard", "icescrum"])
def test_a_whole_hook_can_be_written_back(api: Client, method: str, form: str) -> None:
    made = make(api, headers=HEADERS, name="mine", format=form, verify_ssl=False)
    path = f"/hooks/{made['id']}"
    read = api.get(path).json()
    assert api.request(method, path, json=read).json() == read
    changed = api.request(method, path, json={**read, "name": "renamed", "enabled": False})
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["state"]) == ("renamed", "disabled")


def test_the_answer_of_the_call_that_made_it_can_be_written_back_too(api: Client, receiver: Receiver) -> None:
    made = make(api, target_url=receiver.url, secret="mine")
    path = f"/hooks/{made['id']}"
    assert api.post(f"{path}/rotate-secret", json={"secret": "newer", "overlap_hours": 5}).status_code == 200
    back = api.put(path, json={**made, "secret": "newer"})
    assert back.status_code == 200, back.text
    signature = sent_headers(api, receiver, path)["webhook-signature"]
    assert len(signature.split(" ")) == 2, "the overlap goes on: the secret is the same"


def test_a_busy_hook_can_be_written_back(api: Client, receiver: Receiver) -> None:
    made = make(api, target_url=receiver.url, event="*")
    path = f"/hooks/{made['id']}"
    read = api.get(path).json()
    api.post(f"{path}/ping")
    api.post("/events", json={"type": "story.create", "data": {}})
    receiver.wait_for(2)
    assert api.put(path, json={**read, "name": "renamed"}).status_code == 200


CHANGED = {
    "id": "hook_00000000000000000000000000000000",
    "state": "disabled",
    "has_secret": False,
    "origin": {"kind": "page", "app": None, "created_by": "me", "created_at": "2020-01-01T00:00:00.000Z"},
    "can_edit": False,
    "consecutive_failures": 99,
    "last_error": "none",
    "last_success_at": "2999-01-01T00:00:00.000Z",
    "disabled_reason": "because",
    "next_attempt_at": "2999-01-01T00:00:00.000Z",
    "created_at": "2020-01-01T00:00:00.000Z",
    "updated_at": "2999-01-01T00:00:00.000Z",
}


def test_a_hook_read_once_can_be_written_back_again_and_again(api: Client) -> None:
    """Its times have gone on meanwhile, and its state follows what is written."""
    read = make(api, name="first")
    path = f"/hooks/{read['id']}"
    for change in ({"name": "second"}, {"enabled": False}, {"enabled": True}, {"enabled": False}):
        assert api.put(path, json={**read, **change}).status_code == 200
    assert api.put(path, json=read).json()["state"] == "active"


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("method", ["patch", "put"])
def test_a_read_only_field_is_ignored_unchanged_and_refused_changed(
    api: Client, method: str, name: str
) -> None:
    made = make(api)
    path = f"/hooks/{made['id']}"
    read = api.get(path).json()
    assert api.request(method, path, json={name: read[name]}).status_code == 200
    assert list(errors(api.request(method, path, json={**read, name: CHANGED[name]}))) == [name]
    assert list(errors(api.request(method, path, json={name: CHANGED[name]}))) == [name]
    assert api.get(path).json() == read


def test_every_read_only_field_is_tried_here(api: Client) -> None:
    settable = {"target_url", "events", "name", "enabled", "verify_ssl", "format", "headers", "manual_edit"}
    settable |= {"filter", "template", "settings", *pace.FIELDS}
    assert make(api).keys() == {*CHANGED, *settable, "handshake", "secret"}


def test_a_new_hook_takes_no_read_only_field(api: Client) -> None:
    answer = api.post("/hooks", json={"target_url": TARGET, "event": "a", "state": "active"})
    assert list(errors(answer)) == ["state"]


@pytest.mark.parametrize(
    "body",
    [
        {"target_url": None, "url": TARGET},
        {"target_url": TARGET, "url": None, "hookUrl": None},
        {"url": None, "hookUrl": TARGET},
    ],
)
@pytest.mark.parametrize("more", [{"event": "a", "events": None}, {"event": None, "events": ["a"]}])
def test_null_beside_another_name_is_absent(api: Client, body: Json, more: Json) -> None:
    answer = api.post("/hooks", json={**body, **more})
    assert (answer.status_code, answer.json()["target_url"], answer.json()["events"]) == (201, TARGET, ["a"])
    changed = api.patch(f"/hooks/{answer.json()['id']}", json={**body, **more, "name": "x"})
    assert (changed.status_code, changed.json()["name"]) == (200, "x")
