"""Hooks with a template, and hooks to chats, over the API: saved, checked, shown, sent."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode

from hub.logs import MASK
from tests.rigs.api import Client, LiveHub, publish
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

TELEGRAM = {
    "target_url": "https://api.telegram.org/bot1:sesame-open/sendMessage",
    "event": "*",
    "format": "telegram",
}


def errors(answer: object) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]  # type: ignore[attr-defined]


def test_a_template_makes_the_body_and_the_body_is_what_is_signed(live: LiveHub, receiver: Receiver) -> None:
    project = live.project()
    client = live.client("publish", "subscribe", "read", project=project)
    template = '{"title": "{{ name | upper }}", "of": {{ event.type }}}'
    made = client.post("/hooks", json={"target_url": receiver.url, "event": "*", "template": template}).json()
    assert made["template"] == template

    publish(client, b'{"name": "Book"}')
    [request] = receiver.wait_for(1)

    assert json.loads(request.body) == {"title": "BOOK", "of": "story.create"}
    signed = (
        f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    )
    key = b64decode(made["secret"].removeprefix("whsec_"))
    mac = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{mac}"


def test_a_chat_gets_a_message_and_no_signature(live: LiveHub, receiver: Receiver) -> None:
    client = live.client("publish", "subscribe", "read", project=live.project())
    fields = {"target_url": receiver.url, "event": "*", "format": "discord", "secret": "mine"}
    assert client.post("/hooks", json=fields).status_code == 201

    publish(client, b'{"name": "Order 5", "total": 9}', "order.paid")
    [request] = receiver.wait_for(1)

    assert request.path.endswith("?wait=true")
    assert json.loads(request.body)["content"] == "**Order paid: Order 5**\n**total**: 9"
    assert "webhook-signature" not in request.headers


def test_an_event_that_a_template_cannot_take_is_refused_and_never_held_against_the_hook(
    live: LiveHub, receiver: Receiver
) -> None:
    client = live.client(project=live.project())
    fields = {"target_url": receiver.url, "event": "*", "template": '{"n": {{ n | raw }}}'}
    hook = client.post("/hooks", json=fields).json()["id"]

    published = [publish(client, b'{"n": %s}' % value).json()["id"] for value in (b'"x"', b"1")]
    receiver.wait_for(1)

    def states() -> list[str]:
        listed = client.get(f"/hooks/{hook}/deliveries").json()
        by_event = {one["event_id"]: one["state"] for one in listed}
        return [by_event.get(event, "") for event in published]

    until(lambda: states() == ["refused", "delivered"])
    assert client.get(f"/hooks/{hook}").json()["consecutive_failures"] == 0


def test_a_template_that_cannot_be_used_is_refused_with_its_line(api: Client) -> None:
    answer = api.post(
        "/hooks", json={"target_url": "https://example.com", "event": "*", "template": "\n{{ x() }}"}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "template", "message": "line 2: calling something with ( ) is not part of templates here"}
    ]


def test_settings_are_asked_for_kept_sealed_and_shown_masked(api: Client) -> None:
    missing = api.post("/hooks", json=TELEGRAM)
    assert (missing.status_code, errors(missing)) == (422, ["settings.chat_id"])

    matrix = {"target_url": "https://matrix.example.org", "event": "*", "format": "matrix"}
    settings = {"room_id": "!a:b.org", "access_token": "sesame"}
    made = api.post("/hooks", json={**matrix, "settings": settings}).json()
    assert made["settings"] == {"room_id": "!a:b.org", "access_token": MASK}

    path = f"/hooks/{made['id']}"
    again = api.patch(path, json={"settings": {"room_id": "!c:d.org", "access_token": MASK}}).json()
    assert again["settings"] == {"room_id": "!c:d.org", "access_token": MASK}
    moved = api.patch(path, json={"target_url": "https://elsewhere.example.org"})
    assert (moved.status_code, errors(moved)) == (422, ["settings"])
    assert api.patch(path, json={"format": "standard"}).json()["settings"] == {}


def test_the_url_of_a_chat_is_shown_whole_only_to_who_may_edit(live: LiveHub) -> None:
    project = live.project()
    owner = live.client("subscribe", "read", project=project)
    made = owner.post("/hooks", json={**TELEGRAM, "settings": {"chat_id": "-1"}}).json()
    path = f"/hooks/{made['id']}"

    assert owner.get(path).json()["target_url"] == TELEGRAM["target_url"]
    shown = live.client("read", project=project).get(path).json()
    assert "sesame" not in json.dumps(shown)
    assert shown["target_url"] == "https://api.telegram.org/…sage"
