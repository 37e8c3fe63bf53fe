"""A rotated secret, whose old one signs for as long as the overlap lasts; and one that is short."""

import base64
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from hub.errors import Refusal
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import projects
from hub.web.problems import problem_of
from tests.rigs.api import Client, LiveHub
from tests.rigs.log import Json, publish, subscribe
from tests.rigs.receivers import Received, Receiver


def verified(request: Received, secret: str) -> bool:
    """As receivers check it, with the library of Standard Webhooks."""
    try:
        Webhook(secret).verify(request.body, request.headers)
    except WebhookVerificationError:
        return False
    return True


def rotate(api: Client, hook: Json, **body: Any) -> Json:
    answer = api.post(f"/hooks/{hook['id']}/rotate-secret", json=body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_during_a_rotation_both_secrets_sign(api: Client, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    rotated = rotate(api, hook, overlap_hours=1)
    assert rotated["secret"] != hook["secret"]
    third = rotate(api, hook, overlap_hours=1)
    publish(api)
    sent = receiver.wait_for(1)[0]
    assert all(verified(sent, secret) for secret in (third["secret"], rotated["secret"], hook["secret"]))
    assert len(sent.headers["webhook-signature"].split(" ")) == 3
    assert not verified(sent, "whsec_" + base64.b64encode(b"x" * 32).decode())
    assert third["secret"] not in api.get(f"/hooks/{hook['id']}").text


def test_without_an_overlap_only_the_new_secret_signs(api: Client, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    publish(api)
    assert verified(receiver.wait_for(1)[0], hook["secret"])
    rotated = rotate(api, hook, overlap_hours=0)
    publish(api)
    sent = receiver.wait_for(2)[1]
    assert verified(sent, rotated["secret"])
    assert not verified(sent, hook["secret"])


def test_after_the_overlap_only_the_new_secret_signs(api: Client, live: LiveHub, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    rotated = rotate(api, hook)  # a day
    clock = live.hub.database.clock
    for passed_s, is_over in ((23.9 * 3600, False), (0.2 * 3600, True)):
        clock.sync(clock.now() + passed_s)
        count = len(receiver.requests)
        assert api.post(f"/hooks/{hook['id']}/ping").json()["success"] is True
        sent = receiver.wait_for(count + 1)[count]
        assert verified(sent, rotated["secret"])
        assert verified(sent, hook["secret"]) is not is_over
    clock.sync(clock.now() - 24.1 * 3600)  # the hub is shared


def test_a_rotation_takes_the_callers_secret(api: Client, receiver: Receiver) -> None:
    own = "whsec_" + base64.b64encode(b"k" * 32).decode()
    hook = subscribe(api, receiver.url)
    assert rotate(api, hook, secret=own, overlap_hours=0)["secret"] == own
    publish(api)
    assert verified(receiver.wait_for(1)[0], own)


@pytest.mark.parametrize(
    "body",
    [
        {"overlap_hours": -1},
        {"overlap_hours": 169},
        {"overlap_hours": "soon"},
        {"secret": ""},
        {"secret": "whsec_!"},
        {"x": 1},
    ],
)
def test_a_rotation_that_cannot_be_changes_nothing(api: Client, receiver: Receiver, body: Json) -> None:
    hook = subscribe(api, receiver.url)
    assert api.post(f"/hooks/{hook['id']}/rotate-secret", json=body).status_code == 422
    publish(api)
    assert verified(receiver.wait_for(1)[0], hook["secret"])


def test_a_secret_that_is_no_key_is_refused_by_hand_too(
    live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    hook = subscribe(api, receiver.url, manual_edit=True)
    row = live.hub.database.read(lambda: projects.by_key(project))
    assert row is not None
    by_hand = (Requester("ann", frozenset({"manage"}), is_person=True), row)
    subscriptions = live.hub.services.subscriptions
    for secret in ("whsec_!", "", "x" * 257, "a\0b"):
        for change in (
            lambda secret=secret: subscriptions.rotate_secret(*by_hand, hook["id"], secret, 0),
            lambda secret=secret: subscriptions.update(*by_hand, hook["id"], HookChange(secret=secret)),
            lambda secret=secret: subscriptions.create(
                *by_hand, HookChange(target_url=receiver.url, events=("*",), secret=secret)
            ),
        ):
            with pytest.raises(Refusal) as refused:
                change()
            assert (problem_of(refused.value).status, refused.value.errors[0][0]) == (422, "secret")


def test_a_short_secret_is_taken_with_a_warning(api: Client) -> None:
    made = api.post(
        "/hooks", json={"target_url": "http://127.0.0.1:9000/", "event": "*", "secret": "swordfish"}
    )
    assert made.status_code == 201
    assert "short (9 bytes)" in made.headers["X-Hub-Warning"]
    path = f"/hooks/{made.json()['id']}"
    assert "X-Hub-Warning" not in api.patch(path, json={"name": "x"}).headers
    assert "X-Hub-Warning" in api.patch(path, json={"secret": "another"}).headers
    assert "X-Hub-Warning" not in api.post(f"{path}/rotate-secret", json={}).headers
