"""Events for later: accepted now, due at a time, withdrawn before."""

import json
from typing import Any

import pytest

from hub.timestamps import iso
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver

DAY = 86_400.0


def publish(api: Client, deliver_at: Any, **more: Any) -> Any:
    return api.post("/events", json={"type": "order.due", "data": {"n": 1}, "deliver_at": deliver_at, **more})


@pytest.fixture
def now(live: LiveHub) -> float:
    return live.hub.database.clock.now()


def test_it_is_accepted_with_its_time_and_sent_to_nobody_yet(
    api: Client, receiver: Receiver, now: float
) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*"})
    accepted = publish(api, iso(now + DAY), id="mine")

    assert accepted.status_code == 202
    assert (accepted.json()["deliveries"], accepted.json()["deliver_at"]) == (None, iso(now + DAY))
    assert api.get(f"/events/{accepted.json()['id']}/deliveries").json() == []
    assert api.get(f"/events/{accepted.json()['id']}").json()["deliver_at"] == iso(now + DAY)
    assert api.get("/events").json()[0]["deliver_at"] == iso(now + DAY)
    again = publish(api, iso(now + DAY), id="mine").json()
    assert (again["duplicate"], again["deliveries"], again["deliver_at"]) == (True, None, iso(now + DAY))


def test_a_time_that_has_gone_by_means_at_once(api: Client, receiver: Receiver, now: float) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*"})

    accepted = publish(api, iso(now - 60)).json()

    assert (accepted["deliveries"], accepted["deliver_at"]) == (1, None)
    [request] = receiver.wait_for(1)
    assert json.loads(request.body)["id"] == accepted["id"]
    assert "deliver_at" not in api.get(f"/events/{accepted['id']}").json()


def test_when_its_time_has_come_it_is_sent(
    live: LiveHub, api: Client, receiver: Receiver, now: float
) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*"})
    accepted = publish(api, iso(now + 0.2)).json()

    [request] = receiver.wait_for(1)

    assert json.loads(request.body)["id"] == accepted["id"]
    assert api.delete(f"/events/{accepted['id']}").status_code == 409


@pytest.mark.parametrize("wrong", ["tomorrow", 5, "", {"a": 1}])
def test_what_is_no_time_is_refused(api: Client, wrong: Any) -> None:
    refused = publish(api, wrong)

    assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (422, ["deliver_at"])


def test_thirty_days_are_the_most_and_of_many_the_wrong_one_is_named(api: Client, now: float) -> None:
    event = {"type": "a.b", "data": {}}
    refused = api.post("/events", json=[event, event | {"deliver_at": iso(now + 31 * DAY)}])

    assert [one["field"] for one in refused.json()["errors"]] == ["[1].deliver_at"]
    assert publish(api, iso(now + 29 * DAY)).status_code == 202


def test_before_its_time_it_can_be_withdrawn(api: Client, live: LiveHub, project: str, now: float) -> None:
    event = publish(api, iso(now + DAY)).json()["id"]
    publisher = live.client("publish", project=project)

    assert live.client("read", project=project).delete(f"/events/{event}").status_code == 403
    assert publisher.delete(f"/events/{event}").json() == {"id": event, "deleted": True}
    assert api.get(f"/events/{event}").status_code == 404
    assert publisher.delete(f"/events/{event}").status_code == 404
