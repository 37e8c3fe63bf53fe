"""The apps' own requests, byte for byte as their sources have them, against a
running hub.

Each client below knows nothing of the hub but a base URL and a token, and keeps only what the real one keeps.
"""

import json
from urllib.parse import urlsplit

import pytest

from connectors import registry
from tests.rigs.api import Client, LiveHub
from tests.rigs.app_clients import Json, Wire, publish, state_of
from tests.rigs.receivers import Received, Receiver, Reply
from tests.rigs.waiting import until

# Make


def test_make_attaches_when_its_webhook_is_created_and_detaches_by_id(
    live: LiveHub, key: str, manager: Client
) -> None:
    make = Wire(
        live,
        live.token("subscribe", project=key, app="make"),
        {"User-Agent": "Make/production", "Content-Type": "application/json"},
    )
    assert make("GET", "/api/v1/me").json()["name"]
    with Receiver((200, {"Content-Type": "text/plain"}, b"Accepted")) as target:
        body = {"url": target.url, "event": "story.create"}
        attached = make("POST", "/api/v1/hooks", json.dumps(body).encode())
        assert attached.status == 201
        external_hook_id = attached.json()["id"]
        event_id = publish(manager)  # the scenario may be off still: Make queues it
        assert json.loads(target.wait_for(1)[0].body)["id"] == event_id
        make("DELETE", f"/api/v1/hooks/{external_hook_id}")  # the answer is ignored
        assert make("GET", "/api/v1/hooks").json() == []


def test_makes_attach_without_an_event_is_told_what_is_missing(live: LiveHub, key: str) -> None:
    make = Wire(live, live.token("subscribe", project=key, app="make"), {"Content-Type": "application/json"})
    answer = make("POST", "/api/v1/hooks", json.dumps({"url": "https://hook.eu2.make.com/abc"}).encode())
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["events"]


# Power Automate

LOGIC_APPS_PATH = "/workflows/0b2f/triggers/manual/versions/0858/run?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=A-b_C"


def test_a_flow_deletes_the_location_it_was_given(live: LiveHub, key: str, manager: Client) -> None:
    headers = {
        "User-Agent": "azure-logic-apps/1.0 (workflow 0b2f)",
        "Content-Type": "application/json; charset=utf-8",
    }
    flow = Wire(live, live.token("subscribe", project=key, app="power_automate"), headers, auth="X-API-Key")
    with Receiver(202) as target:
        callback = f"http://127.0.0.1:{target.port}{LOGIC_APPS_PATH}"
        made = flow(
            "POST", "/api/v1/hooks", json.dumps({"target_url": callback, "event": "story.create"}).encode()
        )
        assert made.status == 201
        location = urlsplit(made.headers["location"])
        assert f"{location.scheme}://{location.netloc}" == live.url
        assert made.json()["target_url"] == callback
        publish(manager)
        assert target.wait_for(1)[0].path == LOGIC_APPS_PATH  # the signature is in the query
        assert manager.post(f"/hooks/{made.json()['id']}/disable").status_code == 409  # the flow's own
        gone = flow("DELETE", location.path)
        assert (gone.status, gone.json()["deleted"]) == (200, True)
        assert manager.get("/hooks").json() == []


def test_power_automates_dropdown_needs_value_and_title(live: LiveHub, key: str) -> None:
    flow = Wire(live, live.token("subscribe", project=key, app="power_automate"), {}, auth="X-API-Key")
    for choice in flow("GET", "/api/v1/event-types").json():
        assert choice["id"]
        assert choice["name"]


# Activepieces


class Flow:
    """An Activepieces flow: `onEnable` subscribes and stores the id, `onDisable` deletes; off answers 404,
    deleted 410.
    """

    def __init__(self, call: Wire, webhook_url: str) -> None:
        self.call, self.webhook_url = call, webhook_url
        self.store: Json = {}
        self.state = "enabled"

    def answer(self, request: Received) -> Reply:
        headers = {"Content-Type": "application/json", "x-webhook-id": "0199"}
        return {"enabled": 200, "disabled": 404, "deleted": 410}[self.state], headers, b"{}"

    def on_enable(self) -> None:
        body = json.dumps({"target_url": self.webhook_url, "event": "story.create"}).encode()
        self.store["hook"] = self.call("POST", "/api/v1/hooks", body).json()["id"]

    def on_disable(self) -> None:
        assert self.call("DELETE", f"/api/v1/hooks/{self.store.pop('hook')}").status in (200, 404)


@pytest.fixture
def pieces(live: LiveHub, key: str) -> Wire:
    return Wire(
        live,
        live.token("subscribe", project=key, app="activepieces"),
        {"User-Agent": "axios/1.8", "Content-Type": "application/json"},
    )


def test_an_activepieces_flow_enables_tests_and_disables(pieces: Wire, manager: Client) -> None:
    with Receiver() as target:
        flow = Flow(pieces, target.url)
        target.answer = flow.answer
        flow.on_enable()
        samples = pieces("GET", f"/api/v1/hooks/{flow.store['hook']}/samples").json()
        assert [set(one) for one in samples] == [{"id", "type", "timestamp", "project", "data"}] * len(
            samples
        )
        assert samples
        publish(manager)
        assert set(json.loads(target.wait_for(1)[0].body)) == set(samples[0])
        flow.on_disable()
        assert pieces("GET", "/api/v1/hooks").json() == []


def test_a_disabled_activepieces_flow_is_a_plain_failure_and_a_deleted_one_the_end(
    pieces: Wire, manager: Client
) -> None:
    with Receiver() as target:
        flow = Flow(pieces, target.url)
        target.answer = flow.answer
        flow.on_enable()
        hook_id = flow.store["hook"]
        flow.state = "disabled"
        publish(manager)
        shown = until(
            lambda: manager.get(f"/hooks/{hook_id}").json(), lambda hook: hook["consecutive_failures"] > 0
        )
        assert (shown["state"], shown["last_error"]) == ("failing", "answered 404")
        assert [hook["id"] for hook in pieces("GET", "/api/v1/hooks").json()] == [hook_id]
        flow.state = "deleted"
        manager.post(f"/hooks/{hook_id}/disable")
        manager.post(f"/hooks/{hook_id}/enable")  # closes its breaker
        publish(manager)
        until(lambda: state_of(manager, hook_id), lambda state: state == "gone")
        assert pieces("GET", "/api/v1/hooks").json() == []
        flow.on_disable()


# Pipedream


def test_a_pipedream_source_deploys_activates_and_deactivates(
    live: LiveHub, key: str, manager: Client
) -> None:
    source = Wire(
        live,
        live.token("subscribe", project=key, app="pipedream"),
        {"User-Agent": "axios/1.7.9", "Content-Type": "application/json"},
    )
    past = [publish(manager, "story.create", id=n) for n in range(12)]
    emitted = source(
        "GET", "/api/v1/events?type=story.create&limit=10"
    ).json()  # hooks.deploy: at most 10 past events
    assert [event["id"] for event in emitted] == past[:1:-1]
    with Receiver() as target:
        body = json.dumps({"target_url": target.url, "event": "story.create"}).encode()
        kept = source("POST", "/api/v1/hooks", body).json()["id"]  # hooks.activate
        event_id = publish(manager)
        got = json.loads(target.wait_for(1)[0].body)
        assert got["id"] == event_id
        assert event_id not in past  # it drops repeats by id
        assert source("DELETE", f"/api/v1/hooks/{kept}").status == 200  # hooks.deactivate
        publish(manager)
        assert len(target.requests) == 1


@pytest.mark.parametrize("app", [app for app in registry.connector_keys() if app != "webhooks"])
def test_each_apps_hook_has_its_origin_and_its_format(live: LiveHub, key: str, app: str) -> None:
    call = Wire(live, live.token("subscribe", project=key, app=app), {"Content-Type": "application/json"})
    made = call(
        "POST", "/api/v1/hooks", b'{"target_url": "http://127.0.0.1:4711/x", "event": "story.create"}'
    ).json()
    assert (made["origin"]["kind"], made["origin"]["app"]) == ("app", app)
    assert made["format"] == registry.connector(app).format
    assert made["can_edit"] is True
