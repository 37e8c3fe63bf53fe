"""A hook is tried on an event before it is saved: whether it gets it, and what would be sent."""

import json
from typing import Any

import pytest

from hub.logs import MASK
from tests.rigs.api import Client
from tests.rigs.log import publish
from tests.rigs.receivers import Receiver


def test_a_preview_of_a_hook_says_whether_it_gets_an_event_and_what_would_be_sent(
    api: Client, receiver: Receiver
) -> None:
    event_id = publish(api, "a.b", {"state": 2})
    fields = {
        "target_url": receiver.url,
        "event": "*",
        "headers": {"X-Key": "s3cret-value"},
        "event_id": event_id,
    }
    said = api.post("/hooks/preview", json={**fields, "filter": "state exists\nstate = 3"}).json()
    assert (said["matches"], said["reason"]) == (
        False,
        "not sent: the filter's row state = 3 failed (found 2)",
    )
    assert said["failed"] == {"path": "filter.any[0].all[1]", "row": "state = 3", "found": "2"}

    said = api.post("/hooks/preview", json={**fields, "filter": "state = 2"}).json()
    assert (said["matches"], said["failed"], said["problem"]) == (True, None, None)
    shown = said["request"]
    assert (shown["method"], shown["url"]) == ("POST", receiver.url)
    assert (shown["headers"]["X-Key"], shown["headers"]["webhook-signature"]) == (MASK, MASK)
    assert json.loads(shown["body"])["id"] == event_id
    assert receiver.requests == []
    assert api.get("/hooks").json() == []

    other = api.post("/hooks/preview", json={**fields, "event": "c.d"}).json()
    assert other["reason"] == "it does not want a.b"


def test_a_preview_says_through_how_many_deliveries_of_a_hub_the_event_came(
    api: Client, receiver: Receiver
) -> None:
    made = api.post("/events", json={"type": "a.b", "data": {}}, headers={"x-hub-hops": "2"}).json()
    fields = {"target_url": receiver.url, "event": "*", "event_id": made["id"]}
    shown = api.post("/hooks/preview", json=fields).json()["request"]
    assert shown["headers"]["x-hub-hops"] == "3", "as what is sent says"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({}, "event_id"),
        ({"event_id": "evt_none"}, "event_id"),
        ({"event_id": "evt_none", "filter": "state"}, "filter.any[0].all[0].op"),
        ({"event_id": "evt_none", "target_url": "nowhere"}, "target_url"),
    ],
)
def test_a_preview_of_a_hook_checks_its_fields_as_saving_does(
    api: Client, receiver: Receiver, more: dict[str, Any], field: str
) -> None:
    answer = api.post("/hooks/preview", json={"target_url": receiver.url, "event": "*", **more})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field])
    assert api.get("/hooks").json() == []


def test_a_preview_shows_what_the_template_makes_of_the_event(api: Client, receiver: Receiver) -> None:
    event_id = publish(api, "a.b", {"state": 2})
    body = {"target_url": receiver.url, "event": "*", "event_id": event_id, "template": '{"n": {{ state }}}'}
    assert api.post("/hooks/preview", json=body).json()["request"]["body"] == '{"n": 2}'
