"""Connections to brokers and the hooks that send through them, over the API, with a real NATS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from tests.rigs.api import Client, LiveHub, publish, serving
from tests.rigs.brokers import PASSWORD
from tests.rigs.jetstream import NatsRig
from tests.rigs.waiting import until

Json = dict[str, Any]


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsRig]:
    rig = NatsRig(tmp_path_factory.mktemp("nats"))
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    with serving(tmp_path_factory.mktemp("hub")) as live:
        yield live


@pytest.fixture
def admin(running: LiveHub) -> Client:
    return running.client("admin", project=None)


def make(admin: Client, rig: NatsRig, name: str, **fields: Any) -> Json:
    broker = rig.broker()
    wanted = {
        "name": name,
        "kind": "nats",
        "url": broker.url,
        "username": broker.username,
        "password": PASSWORD,
    }
    answer = admin.post("/connections", json={**wanted, **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def attempts(api: Client) -> list[Json]:
    """Of all deliveries."""
    ids = [one["id"] for one in api.get("/deliveries").json()]
    return [attempt for one in ids for attempt in api.get(f"/deliveries/{one}").json()["attempts"]]


def test_a_connection_is_made_read_changed_tested_and_deleted_and_never_shows_its_password(
    admin: Client, nats: NatsRig
) -> None:
    made = make(admin, nats, "bus")
    assert (made["name"], made["kind"], made["has_password"], made["projects"]) == ("bus", "nats", True, None)
    one = f"/connections/{made['id']}"
    assert admin.get(one).json() == made
    assert made in admin.get("/connections").json()
    assert admin.post(f"{one}/test").json() == {"ok": True, "error": None}
    assert admin.patch(one, json={"password": "guessed"}).status_code == 200
    tried = admin.post(f"{one}/test").json()
    assert tried == {"ok": False, "error": "NATS refuses the login: user name, password or token is wrong"}
    assert admin.get(one).json()["last_error"] == tried["error"]
    assert admin.patch(one, json={"username": None, "password": None}).json()["has_password"] is False
    assert admin.delete(one).json() == {"id": made["id"], "deleted": True}
    assert admin.get(one).status_code == 404
    assert PASSWORD not in admin.get("/audit").text


def test_only_the_scope_admin_makes_or_sees_connections(running: LiveHub) -> None:
    manager = running.client("manage", "read", "publish", "subscribe", project=running.project())
    for answer in (
        manager.get("/connections"),
        manager.post("/connections", json={"name": "x", "kind": "nats", "url": "nats://a.example"}),
    ):
        assert answer.status_code == 403


def test_an_event_is_put_on_the_broker_and_the_log_tells_what_was_sent_and_answered(
    running: LiveHub, admin: Client, nats: NatsRig
) -> None:
    make(admin, nats, "events")
    key = running.project()
    api = running.client("manage", "publish", "read", project=key)
    hook = {
        "target_url": "broker://events/events.{project}.{type}",
        "event": "*",
        "secret": "a-secret-of-mine",
    }
    made = api.post("/hooks", json=hook)
    assert made.status_code == 201, made.text
    event = publish(api, b'{"n": 1}').json()
    [delivery] = until(lambda: api.get("/deliveries", params={"state": "delivered"}).json())
    [attempt] = api.get(f"/deliveries/{delivery['id']}").json()["attempts"]
    subject = f"events.{key}.story.create"
    assert (attempt["request"]["method"], attempt["request"]["url"]) == (
        "PUBLISH",
        f"broker://events/{subject}",
    )
    assert attempt["response"]["body"].startswith("stream events, sequence ")
    assert PASSWORD not in str(attempt)

    kept = nats.at(lambda js: js.get_last_msg("events", subject))
    assert kept.data.decode() == attempt["request"]["body"]
    assert kept.headers["webhook-id"] == event["id"]
    assert kept.headers["x-hub-event"] == "story.create"
    assert kept.headers["content-type"] == "application/json"
    assert kept.headers["webhook-signature"].startswith("v1,")

    # A test of the hook goes the same way.
    ping = api.post(f"/hooks/{made.json()['id']}/ping").json()
    assert ping["success"], ping


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"target_url": "broker://none/a"}, "target_url", "no connection none"),
        ({"target_url": "broker://guarded/events.a"}, "target_url", "no connection guarded"),
        ({"target_url": "broker://checked"}, "target_url", "place is missing"),
        ({"target_url": "broker://checked/a b"}, "target_url", "no place on NATS"),
        ({"target_url": "broker://checked/a.{id}"}, "target_url", "cannot be filled in"),
        ({"format": "slack"}, "format", "cannot go to a broker"),
        ({"format": "email"}, "format", "cannot go to a broker"),
        ({"handshake": "rest-hooks"}, "handshake", "must be left out"),
    ],
)  # fmt: skip
def test_a_hook_that_could_not_be_sent_is_refused_when_it_is_saved(
    running: LiveHub, admin: Client, nats: NatsRig, fields: Json, field: str, words: str
) -> None:
    known = {one["name"] for one in admin.get("/connections").json()}
    if "checked" not in known:
        make(admin, nats, "checked")
        make(admin, nats, "guarded", projects=[running.project()])
    api = running.client("manage", project=running.project())
    answer = api.post("/hooks", json={"target_url": "broker://checked/events.a", "event": "*", **fields})
    assert answer.status_code == 422
    assert [(one["field"], words in one["message"]) for one in answer.json()["errors"]] == [(field, True)]


def test_what_is_sent_through_a_connection_that_is_gone_is_refused_and_not_counted(
    running: LiveHub, admin: Client, nats: NatsRig
) -> None:
    made = make(admin, nats, "leaving")
    api = running.client("manage", "publish", "read", project=running.project())
    hook = api.post("/hooks", json={"target_url": "broker://leaving/events.a", "event": "*"}).json()
    admin.delete(f"/connections/{made['id']}")
    publish(api)
    [attempt] = until(lambda: attempts(api))
    assert "there is no connection leaving" in attempt["reason"]
    assert api.get(f"/hooks/{hook['id']}").json()["state"] == "active"


def test_a_broker_that_goes_down_is_tried_once_for_all_its_hooks_and_told_once(
    running: LiveHub, admin: Client, tmp_path: Path
) -> None:
    own = NatsRig(tmp_path)
    own.start()
    try:
        made = make(admin, own, "falling")
        api = running.client("manage", "publish", "read", project=running.project())
        hooks = [
            api.post("/hooks", json={"target_url": f"broker://falling/events.{n}", "event": "*"}).json()["id"]
            for n in range(5)
        ]
        publish(api)
        until(lambda: len(api.get("/deliveries", params={"state": "delivered"}).json()) == 5)
        own.stop()
        publish(api)
        until(lambda: len(attempts(api)) >= 10)
        one = f"/connections/{made['id']}"
        assert "NATS" in until(lambda: admin.get(one).json()["last_error"])
        states = [api.get(f"/hooks/{hook}").json()["state"] for hook in hooks]
        assert states.count("failing") == 1

        own.server.start()
        until(lambda: len(api.get("/deliveries", params={"state": "delivered"}).json()) == 10)
        until(lambda: admin.get(one).json()["last_error"] is None)
    finally:
        own.stop()


def test_messages_of_a_consumer_become_events_and_are_acknowledged(
    running: LiveHub, admin: Client, nats: NatsRig
) -> None:
    make(admin, nats, "incoming")
    config = ConsumerConfig(durable_name="hub", ack_policy=AckPolicy.EXPLICIT, filter_subject="events.in.>")
    nats.at(lambda js: js.add_consumer("events", config))
    api = running.client("manage", "publish", "read", project=running.project())
    settings = {"connection": "incoming", "place": "events/hub", "type": "header:subject"}
    made = api.post("/sources", json={"kind": "broker", "settings": settings})
    assert made.status_code == 201, made.text

    nats.at(lambda js: js.publish("events.in.order.paid", b'{"n": 1}'))
    nats.at(lambda js: js.publish("events.in.order.paid", b"no json"))
    [event] = until(lambda: api.get("/events").json())
    assert (event["type"], event["data"]) == ("events.in.order.paid", {"n": 1})
    one = f"/sources/{made.json()['id']}"
    refusal = until(lambda: api.get(f"{one}/refusals").json())[0]
    assert (refusal["status"], refusal["body"]) == (422, "no json")
    until(lambda: nats.at(lambda js: js.consumer_info("events", "hub")).num_ack_pending == 0)
    assert api.delete(one).status_code == 200
