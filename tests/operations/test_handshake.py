"""Handshakes: asked only where the subscriber wants one, and proven before a
hook is made or moved.
"""

import hashlib
import hmac
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from hub.errors import Invalid
from hub.operations import handshake
from hub.rules.access import Requester
from hub.rules.hook_fields import HANDSHAKES, HookChange
from hub.store import projects
from tests.rigs.api import Client, LiveHub, serving
from tests.rigs.ports import nowhere
from tests.rigs.receivers import Received, Receiver, Reply, hang

Json = dict[str, Any]
ORIGIN = "hub.example"
EVENT = {"type": "order.paid", "data": {"n": 1}}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    with serving(tmp_path_factory.mktemp("hub"), HUB_BASE_URL=f"https://{ORIGIN}/hooks") as running:
        yield running


@pytest.fixture
def api(live: LiveHub) -> Client:
    return live.client(project=live.project())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def echo(request: Received) -> Reply:
    """A receiver of the REST hooks form: it sends the secret back, and takes deliveries."""
    secret = request.headers.get("x-hook-secret")
    return 200 if secret is None else (200, {"X-Hook-Secret": secret}, b"")


def consent(allowed: str) -> Any:
    """A CloudEvents receiver, whatever status it answers."""
    headers = {"WebHook-Allowed-Origin": allowed, "WebHook-Allowed-Rate": "*"}
    return lambda request: (405 if request.method == "OPTIONS" else 200, headers, b"")


def subscribe(api: Client, receiver: Receiver, scheme: str | None, **fields: Any) -> requests.Response:
    return api.post("/hooks", json={"target_url": receiver.url, "event": "*", "handshake": scheme, **fields})


def test_a_rest_hooks_target_is_asked_before_the_hook_is_made(api: Client, receiver: Receiver) -> None:
    seen: list[int] = []

    def answer(request: Received) -> Reply:
        seen.append(
            len(api.get("/hooks").json())
        )  # the receiver may call us while the call that asks it is under way
        return echo(request)

    receiver.answer = answer
    made = subscribe(api, receiver, "rest-hooks")
    assert made.status_code == 201
    asked = receiver.requests[0]
    assert (asked.method, asked.body) == ("POST", b"")
    assert asked.headers["x-hook-secret"] == made.json()["secret"]
    assert seen == [0]
    assert made.json()["handshake"] == "rest-hooks"


def test_the_deliveries_of_a_rest_hooks_target_are_signed_with_its_secret(
    api: Client, receiver: Receiver
) -> None:
    receiver.answer = echo
    secret = subscribe(api, receiver, "rest-hooks").json()["secret"]
    assert secret.startswith("whsec_")
    own = subscribe(api, receiver, "rest-hooks", secret="my own key").json()["secret"]
    assert own == "my own key"
    api.post("/events", json=EVENT)
    asked = [request.headers["x-hook-secret"] for request in receiver.wait_for(4)[:2]]
    assert asked == [secret, own]
    deliveries = receiver.requests[2:]
    wanted = {hmac.new(one.encode(), deliveries[0].body, hashlib.sha256).hexdigest() for one in (secret, own)}
    assert {request.headers["x-hook-signature"] for request in deliveries} == wanted
    assert all("webhook-signature" in request.headers for request in deliveries)


@pytest.mark.parametrize("status", [200, 204])
def test_both_statuses_of_the_scheme_prove(api: Client, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda request: (status, {"X-Hook-Secret": request.headers["x-hook-secret"]}, b"")
    assert subscribe(api, receiver, "rest-hooks").status_code == 201


def answer_with(status: int, **headers: str) -> Any:
    return lambda request: (status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


WRONG = {
    "no header": ("rest-hooks", 200),
    "another secret": ("rest-hooks", answer_with(200, X_Hook_Secret="guess")),
    "an empty header": ("rest-hooks", answer_with(200, X_Hook_Secret="")),
    "the right secret with 201": (
        "rest-hooks",
        lambda request: (201, {"X-Hook-Secret": request.headers["x-hook-secret"]}, b""),
    ),
    "the right secret with 500": (
        "rest-hooks",
        lambda request: (500, {"X-Hook-Secret": request.headers["x-hook-secret"]}, b""),
    ),
    "the right secret with a redirect": (
        "rest-hooks",
        lambda request: (
            302,
            {"X-Hook-Secret": request.headers["x-hook-secret"], "Location": "/elsewhere"},
            b"",
        ),
    ),
    "the secret in the body": (
        "rest-hooks",
        lambda request: (200, {}, request.headers["x-hook-secret"].encode()),
    ),
    "no consent": ("cloudevents", 200),
    "consent for another": ("cloudevents", consent("other.example")),
    "consent for a part of the name": ("cloudevents", consent("example")),
    "consent for a longer name": ("cloudevents", consent("hub.example.evil.test")),
    "an empty consent": ("cloudevents", consent("")),
}


@pytest.mark.parametrize("what", WRONG)
def test_without_the_proof_there_is_no_hook(api: Client, receiver: Receiver, what: str) -> None:
    scheme, receiver.answer = WRONG[what]  # type: ignore[assignment]
    refused = subscribe(api, receiver, scheme)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["handshake"]
    assert len(receiver.requests) == 1  # asked once, and never sent on
    assert api.get("/hooks").json() == []


@pytest.mark.parametrize("scheme", HANDSHAKES)
def test_a_target_that_refuses_the_connection_gives_no_proof(api: Client, scheme: str) -> None:
    url = nowhere()
    refused = api.post("/hooks", json={"target_url": url, "event": "*", "handshake": scheme})
    assert refused.status_code == 422
    assert "refused" in refused.json()["detail"].lower()
    assert api.get("/hooks").json() == []


@pytest.mark.parametrize("scheme", HANDSHAKES)
def test_a_target_that_hangs_is_waited_for_no_longer_than_the_time_out(
    live: LiveHub, receiver: Receiver, scheme: str
) -> None:
    impatient = handshake.Handshakes(live.hub.services.outbound, timeout_s=0.3)
    receiver.answer = hang()
    began = time.monotonic()
    with pytest.raises(Invalid, match="did not answer the handshake"):
        impatient.prove(scheme, receiver.url, "secret", verify_ssl=True)
    assert 0.2 < time.monotonic() - began < handshake.TIMEOUT_S


@pytest.mark.parametrize("scheme", HANDSHAKES)
def test_the_address_policy_holds_for_the_question_too(api: Client, scheme: str) -> None:
    refused = api.post(
        "/hooks", json={"target_url": "http://169.254.169.254/latest", "event": "*", "handshake": scheme}
    )
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["target_url"]


@pytest.mark.parametrize("allowed", [ORIGIN, "*", ORIGIN.upper(), f"other.example, {ORIGIN}"])
def test_a_cloudevents_target_consents_by_its_header_whatever_its_status(
    api: Client, receiver: Receiver, allowed: str
) -> None:
    receiver.answer = consent(allowed)
    assert subscribe(api, receiver, "cloudevents", format="cloudevents").status_code == 201
    asked = receiver.requests[0]
    assert (asked.method, asked.headers["webhook-request-origin"]) == ("OPTIONS", ORIGIN)
    assert "webhook-request-rate" not in asked.headers
    api.post("/events", json=EVENT)
    sent = receiver.wait_for(2)[1]
    assert (sent.method, sent.headers["webhook-request-origin"]) == ("POST", ORIGIN)
    assert sent.headers["content-type"] == "application/cloudevents+json"


@pytest.mark.parametrize("secret", ["two\nlines", "bell\a", "Schl\u00fcssel \u20ac"])
def test_a_secret_that_fits_no_header_is_named(api: Client, receiver: Receiver, secret: str) -> None:
    wanted = {"target_url": receiver.url, "event": "*", "secret": secret, "handshake": "rest-hooks"}
    answer = api.post("/hooks", json=wanted)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["secret"])
    assert receiver.requests == []


def test_an_unknown_scheme_is_refused(api: Client, receiver: Receiver) -> None:
    for scheme in ("websub", "", "REST-HOOKS", 7, True):
        assert (
            api.post(
                "/hooks", json={"target_url": receiver.url, "event": "*", "handshake": scheme}
            ).status_code
            == 422
        )
    assert receiver.requests == []


def test_a_moved_hook_has_its_new_target_asked(api: Client, receiver: Receiver) -> None:
    receiver.answer = echo
    hook = subscribe(api, receiver, "rest-hooks").json()
    with Receiver(echo) as second:
        moved = api.patch(f"/hooks/{hook['id']}", json={"target_url": second.url})
        assert moved.status_code == 200
        assert second.requests[0].headers["x-hook-secret"] == moved.json()["secret"] != hook["secret"]
        api.post("/events", json=EVENT)
        sent = second.wait_for(2)[1]
        assert (
            sent.headers["x-hook-signature"]
            == hmac.new(moved.json()["secret"].encode(), sent.body, hashlib.sha256).hexdigest()
        )
    assert len(receiver.requests) == 1


def test_a_hook_that_moves_on_its_own_host_is_asked_with_the_secret_it_has(
    api: Client, receiver: Receiver
) -> None:
    receiver.answer = echo
    hook = subscribe(api, receiver, "rest-hooks").json()
    moved = api.patch(f"/hooks/{hook['id']}", json={"target_url": f"{receiver.url}/second"})
    assert moved.status_code == 200
    assert moved.json().get("secret") is None
    assert [request.path for request in receiver.requests] == ["/hook", "/hook/second"]
    assert receiver.requests[1].headers["x-hook-secret"] == hook["secret"]


@pytest.mark.parametrize("scheme", HANDSHAKES)
def test_a_new_target_that_gives_no_proof_leaves_the_hook_where_it_is(
    api: Client, receiver: Receiver, scheme: str
) -> None:
    receiver.answer = echo if scheme == "rest-hooks" else consent("*")
    hook = subscribe(api, receiver, scheme).json()
    with Receiver(200) as second:
        refused = api.patch(f"/hooks/{hook['id']}", json={"target_url": second.url, "name": "Moved"})
        assert refused.status_code == 422
        assert len(second.requests) == 1
    after = api.get(f"/hooks/{hook['id']}").json()
    assert (after["target_url"], after["name"], after["updated_at"]) == (receiver.url, "", hook["updated_at"])


@pytest.mark.parametrize(
    "change",
    [{"name": "Other"}, {"events": ["a.b"]}, {"enabled": False}, {"verify_ssl": False}, {"secret": "n3w"}],
)
def test_other_changes_do_not_ask_again(api: Client, receiver: Receiver, change: Json) -> None:
    receiver.answer = echo
    hook = subscribe(api, receiver, "rest-hooks").json()
    assert api.patch(f"/hooks/{hook['id']}", json=change).status_code == 200
    assert len(receiver.requests) == 1


def test_a_hook_that_is_written_back_whole_is_not_asked_again(api: Client, receiver: Receiver) -> None:
    receiver.answer = echo
    hook = subscribe(api, receiver, "rest-hooks").json()
    writable = ("target_url", "events", "name", "enabled", "verify_ssl", "format", "manual_edit", "handshake")
    written = api.put(f"/hooks/{hook['id']}", json={name: hook[name] for name in writable})
    assert written.status_code == 200
    assert "secret" not in written.json()
    assert len(receiver.requests) == 1
    assert api.get(f"/hooks/{hook['id']}").json()["updated_at"] == hook["updated_at"]


def test_a_handshake_can_be_asked_for_later_and_dropped_again(api: Client, receiver: Receiver) -> None:
    receiver.answer = echo
    hook = subscribe(api, receiver, None).json()
    assert receiver.requests == []
    asked_for = api.patch(f"/hooks/{hook['id']}", json={"handshake": "rest-hooks"})
    assert asked_for.json()["handshake"] == "rest-hooks"
    assert receiver.requests[0].headers["x-hook-secret"] == hook["secret"]
    assert api.patch(f"/hooks/{hook['id']}", json={"handshake": None}).json()["handshake"] is None
    api.post("/events", json=EVENT)
    sent = receiver.wait_for(2)[1]
    assert "x-hook-signature" not in sent.headers
    assert "webhook-signature" in sent.headers


def test_whoever_may_not_edit_a_hook_cannot_make_the_hub_ask(live: LiveHub, receiver: Receiver) -> None:
    key = live.project()
    hook = (
        live.client("subscribe", project=key, app="zapier")
        .post("/hooks", json={"target_url": receiver.url, "event": "*"})
        .json()
    )
    refused = live.client("manage", project=key).patch(
        f"/hooks/{hook['id']}", json={"handshake": "rest-hooks"}
    )
    assert refused.status_code == 409
    assert receiver.requests == []


def test_it_is_off_by_default_for_every_app(live: LiveHub) -> None:
    """Zapier supports no handshake: a receiver that would answer one with an error is never asked."""

    def zapier(request: Received) -> Reply:
        is_event = request.method == "POST" and "x-hook-secret" not in request.headers and request.body
        return (200, {"Content-Type": "application/json"}, b'{"status": "success"}') if is_event else 500

    key = live.project()
    with Receiver(zapier) as catch:
        for app in ("zapier", "n8n", None):
            client = live.client("subscribe", "publish", project=key, app=app)
            made = client.post("/hooks", json={"target_url": catch.url, "event": "order.paid"})
            assert (made.status_code, made.json()["handshake"]) == (201, None)
        assert catch.requests == []
        client.post("/events", json=EVENT)
        for sent in catch.wait_for(3):
            assert "x-hook-signature" not in sent.headers
            assert "webhook-request-origin" not in sent.headers


def test_a_person_can_ask_for_it_on_the_page(live: LiveHub, receiver: Receiver) -> None:
    key = live.project()
    row = live.hub.database.read(lambda: projects.by_key(key))
    assert row is not None
    by_hand = (Requester("ann", frozenset({"manage"}), is_person=True), row)
    receiver.answer = echo
    made = live.hub.services.subscriptions.create(
        *by_hand, HookChange(target_url=receiver.url, events=("*",), handshake="rest-hooks")
    )
    assert made.hook.handshake == "rest-hooks"
    assert len(receiver.requests) == 1
