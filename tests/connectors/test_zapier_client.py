"""Zapier's own requests, byte for byte as its sources have them, against a running hub."""

import json
from typing import Any

import pytest

from tests.rigs.api import Client, LiveHub
from tests.rigs.app_clients import Json, Wire, publish, state_of
from tests.rigs.receivers import Received, Receiver, Reply
from tests.rigs.waiting import until

# Zapier

ZAPIER = {"User-Agent": "Zapier", "Accept": "*/*", "Content-Type": "application/json; charset=utf-8"}
TARGET_KEYS = ("target_url", "hookUrl", "url", "target", "callback_url", "notification_url")


class CatchHook:
    """hooks.zapier.com for one Zap: takes events while it is on, answers 410 when it is off, and is paused by
    a DELETE.
    """

    def __init__(self) -> None:
        self.is_on = True
        self.runs: list[Json] = []

    def __call__(self, request: Received) -> Reply:
        if request.method == "DELETE":
            self.is_on = False
            return 200
        if not self.is_on:
            return 410
        body = json.loads(request.body)
        assert isinstance(body, dict), "an array would run the Zap once for each element"
        self.runs.append(body)
        return (
            200,
            {"Content-Type": "application/json"},
            b'{"attempt": "0199", "id": "0199", "request_id": "0199", "status": "success"}',
        )


@pytest.fixture
def zapier(live: LiveHub, key: str) -> Wire:
    return Wire(live, live.token("subscribe", project=key, app="zapier", name="My Zaps"), ZAPIER)


def check_results(results: Any) -> None:
    """Zapier's core: an array of objects, each with an `id`, which are unique primitives."""
    assert isinstance(results, list)
    assert all(isinstance(one, dict) for one in results)
    ids = [one["id"] for one in results]
    assert all(isinstance(one, str | int) for one in ids)
    assert len(set(ids)) == len(ids)


def test_zapier_tests_its_key_and_labels_the_connection(zapier: Wire, live: LiveHub, key: str) -> None:
    answer = zapier("GET", "/api/v1/me")
    assert answer.status == 200
    assert answer.json()["name"] == "My Zaps"
    assert answer.json()["id"]
    wrong = Wire(live, "wrong", ZAPIER)("GET", "/api/v1/me")
    assert wrong.status == 401
    assert len(wrong.json()["detail"]) < 250
    by_key = Wire(live, live.token("subscribe", project=key, app="zapier"), ZAPIER, auth="X-API-Key")
    assert by_key("GET", "/api/v1/me").status == 200


def test_zapiers_dropdown_turns_pages_from_zero_until_one_is_empty(
    zapier: Wire, manager: Client, live: LiveHub
) -> None:
    choices: list[Json] = []
    for page in range(10):
        found = zapier("GET", f"/api/v1/event-types?page={page}").json()
        check_results(found)
        if not found:
            break
        choices += found
    assert {"story.create", "task.state", "hook.disabled"} <= {choice["id"] for choice in choices}
    assert all(choice["name"] for choice in choices)

    many = live.project()
    declarer = live.client("manage", project=many)
    for n in range(105):
        assert declarer.post("/event-types", json={"id": f"kind.n{n}"}).status_code == 201
    pages = Wire(live, live.token("subscribe", project=many, app="zapier"), ZAPIER)
    sizes = [len(pages("GET", f"/api/v1/event-types?page={page}").json()) for page in range(3)]
    assert sizes == [100, 10, 0]
    codes = [
        one["id"] for page in range(2) for one in pages("GET", f"/api/v1/event-types?page={page}").json()
    ]
    assert len(set(codes)) == 110


@pytest.mark.parametrize("name", TARGET_KEYS)
def test_a_zap_lives_from_on_to_off(zapier: Wire, manager: Client, name: str) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        subscribed = zapier(
            "POST", "/api/v1/hooks", json.dumps({name: target.url, "event": "story.create"}).encode()
        )
        assert subscribed.status == 201
        data = subscribed.json()  # the whole answer is kept as subscribeData
        assert isinstance(data["id"], str)
        assert subscribed.headers["location"].endswith(f"/api/v1/hooks/{data['id']}")
        assert (data["target_url"], data["events"]) == (target.url, ["story.create"])
        assert "expiration_date" not in data
        event_id = publish(manager)
        publish(manager, "story.delete")
        target.wait_for(1)
        until(
            lambda: manager.get("/deliveries").json(), lambda rows: rows and rows[0]["state"] == "delivered"
        )
        unsubscribed = zapier("DELETE", f"/api/v1/hooks/{data['id']}")
        assert (unsubscribed.status, unsubscribed.json()) == (200, {"id": data["id"], "deleted": True})
        again = zapier("DELETE", f"/api/v1/hooks/{data['id']}")
        assert again.status == 404
        publish(manager)
        assert [run["id"] for run in catch.runs] == [event_id]
        assert catch.runs[0]["data"] == {"id": 23, "name": "Hébergement"}
        assert [request.method for request in target.requests] == [
            "POST"
        ]  # it ended this itself: no reverse unsubscribe


def test_zapiers_form_builder_sends_the_address_twice_and_a_body_with_its_delete(
    zapier: Wire, manager: Client
) -> None:
    """Form mode repeats the target as `subscription_url` and parses every answer as JSON."""
    with Receiver(CatchHook()) as target:
        body = {"target_url": target.url, "event": "story.create", "subscription_url": target.url}
        subscribed = zapier("POST", "/api/v1/hooks", json.dumps(body).encode())
        assert subscribed.status == 201
        gone = zapier("DELETE", f"/api/v1/hooks/{subscribed.json()['id']}", json.dumps(body).encode())
        assert (gone.status, gone.json()["deleted"]) == (200, True)


def test_zapier_is_told_what_is_wrong_in_its_first_250_characters(zapier: Wire) -> None:
    for body in (
        {"target_url": "https://hooks.example.com/1"},
        {"event": "story.create"},
        {"target_url": 5, "event": "story.create"},
    ):
        answer = zapier("POST", "/api/v1/hooks", json.dumps(body).encode())
        assert answer.status == 422
        assert answer.json()["detail"][:250].strip()
        assert answer.json()["errors"]
    assert zapier("POST", "/api/v1/hooks", b"{").status == 400


def test_zapiers_samples_are_newest_first_with_the_shape_of_the_live_hook(
    zapier: Wire, manager: Client
) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        made = zapier(
            "POST", "/api/v1/hooks", json.dumps({"target_url": target.url, "event": "story.update"}).encode()
        ).json()
        examples = zapier("GET", f"/api/v1/hooks/{made['id']}/samples?limit=3").json()
        check_results(examples)
        assert examples  # before anything has happened there is something to map
        ids = [publish(manager, "story.update", id=n) for n in range(5)]
        target.wait_for(5)
        samples = zapier("GET", f"/api/v1/hooks/{made['id']}/samples?limit=3").json()
        check_results(samples)
        assert [one["id"] for one in samples] == ids[:1:-1]
        listed = zapier("GET", "/api/v1/events?type=story.update&limit=3").json()
        assert listed == samples
        until(lambda: len(catch.runs), lambda count: count == 5)
        live_by_id = {run["id"]: run for run in catch.runs}
        assert samples == [live_by_id[one["id"]] for one in samples]
        for one in (*samples, *examples):
            assert set(one) <= set(catch.runs[0])
            assert one["timestamp"].endswith("Z")


def test_a_zap_that_is_off_answers_410_and_its_hook_is_over_at_once(zapier: Wire, manager: Client) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        made = zapier(
            "POST", "/api/v1/hooks", json.dumps({"hookUrl": target.url, "event": "story.create"}).encode()
        ).json()
        catch.is_on = False
        publish(manager)
        until(lambda: state_of(manager, made["id"]), lambda state: state == "gone")
        assert zapier("GET", "/api/v1/hooks").json() == []
        publish(manager)
        assert len(manager.get("/deliveries").json()) == 1
        assert len(target.requests) == 1  # nothing more, no DELETE either
        assert zapier("DELETE", f"/api/v1/hooks/{made['id']}").status == 200  # the Zap is deleted later


def test_a_zap_is_paused_when_a_manager_ends_its_hook(zapier: Wire, manager: Client) -> None:
    catch = CatchHook()
    with Receiver(catch) as target:
        made = zapier(
            "POST", "/api/v1/hooks", json.dumps({"hookUrl": target.url, "event": "story.create"}).encode()
        ).json()
        assert manager.delete(f"/hooks/{made['id']}").status_code == 200
        target.wait_for(1)
        until(lambda: catch.is_on, lambda is_on: not is_on)


def test_two_zaps_on_one_event_are_two_hooks(zapier: Wire, manager: Client) -> None:
    with Receiver(CatchHook()) as one, Receiver(CatchHook()) as two:
        ids = {
            zapier(
                "POST", "/api/v1/hooks", json.dumps({"url": target.url, "event": "story.create"}).encode()
            ).json()["id"]
            for target in (one, two)
        }
        assert len(ids) == 2
        publish(manager)
        assert one.wait_for(1)[0].body == two.wait_for(1)[0].body
