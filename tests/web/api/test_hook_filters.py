"""Filters of hooks through the API: set as an object or as text, shown as an object, and asked in previews."""

from typing import Any

import jsonschema
import pytest

from hub.web.api.hook_filters import EXAMPLE, OBJECT, TEXT_EXAMPLE
from tests.rigs.api import Client, LiveHub
from tests.rigs.log import deliveries, publish, subscribe
from tests.rigs.receivers import Receiver

STATE_3 = {"any": [{"all": [{"field": "state", "op": "=", "value": 3}]}]}


def test_a_filter_is_set_as_text_or_object_shown_as_object_and_removed_by_null(
    api: Client, live: LiveHub, receiver: Receiver
) -> None:
    made = subscribe(api, receiver.url, "*", filter="state = 3")
    assert made["filter"] == STATE_3
    changed = api.patch(f"/hooks/{made['id']}", json={"filter": "a exists\nor\nstate = 3"}).json()
    assert changed["filter"] == {"any": [{"all": [{"field": "a", "op": "exists"}]}, *STATE_3["any"]]}
    assert api.get(f"/hooks/{made['id']}").json()["filter"] == changed["filter"]
    back = api.put(f"/hooks/{made['id']}", json=api.get(f"/hooks/{made['id']}").json())
    assert back.json()["updated_at"] == changed["updated_at"], "what is written back as it is changes nothing"
    assert api.patch(f"/hooks/{made['id']}", json={"filter": None}).json()["filter"] is None
    assert subscribe(api, receiver.url, "*")["filter"] is None
    assert subscribe(api, receiver.url, "*", filter=None)["filter"] is None


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("state == 3", "filter.any[0].all[0].op"),
        (7, "filter"),
        ("", "filter"),
        ({"any": [{"all": [{"field": "a", "op": "exists"}, {"field": "a", "op": "~"}]}]}, "filter.any[0].all[1].op"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_filter_is_named_by_its_path_beside_other_errors(
    api: Client, receiver: Receiver, given: object, path: str
) -> None:
    for more in ({}, {"name": "x" * 201}, {"enabled": "yes"}):
        body: dict[str, Any] = {"target_url": receiver.url, "events": ["*"], "filter": given, **more}
        answer = api.post("/hooks", json=body)
        assert answer.status_code == 422
        assert {path, *more} == {error["field"] for error in answer.json()["errors"]}


def test_an_event_goes_where_the_filter_lets_it_and_previews_say_the_same(
    api: Client, receiver: Receiver
) -> None:
    three = subscribe(api, receiver.url, "*", filter="state = 3\nname exists")["id"]
    subscribe(api, receiver.url, "*")
    event_id = publish(api, "a.b", {"state": 2})
    assert three not in {row["hook_id"] for row in deliveries(api)}
    said = api.post("/events/preview", json={"type": "a.b", "data": {"state": 2}}).json()
    assert said["not_matched"] == [
        {"id": three, "reason": "not sent: the filter's row state = 3 failed (found 2)"}
    ]
    matched = api.post("/events/preview", json={"type": "a.b", "data": {"state": 3, "name": ""}}).json()
    assert three in matched["matched"]
    assert api.get(f"/events/{event_id}").status_code == 200


def test_samples_are_of_events_that_the_filter_lets_through(api: Client, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url, "*", filter="state = 3")
    ids = [publish(api, "a.b", {"state": state}) for state in (3, 2, 3, 1)]
    found = api.get(f"/hooks/{hook['id']}/samples", params={"limit": 5}).json()
    assert [one["id"] for one in found] == [ids[2], ids[0]]


def test_an_app_may_filter_its_own_hooks_and_a_manager_not_those_of_the_app(
    live: LiveHub, receiver: Receiver
) -> None:
    key = live.project()
    app = live.client("subscribe", "publish", project=key, app="n8n")
    made = subscribe(app, receiver.url, "*", filter="state = 3")
    assert made["filter"] == STATE_3
    refused = live.client("manage", "read", project=key).patch(f"/hooks/{made['id']}", json={"filter": None})
    assert refused.status_code == 409


def test_the_audit_trail_shows_a_filter_as_text(api: Client, live: LiveHub, receiver: Receiver) -> None:
    made = subscribe(api, receiver.url, "*", filter="state = 3")
    api.patch(f"/hooks/{made['id']}", json={"filter": "state = 4"})
    rows = live.client("admin", project=None).get("/audit", params={"object": made["id"]}).json()
    changed = next(one for one in rows if one["action"] == "hook.changed")
    assert changed["fields"]["filter"] == ["state = 3", "state = 4"]


HOOK = {"target_url": "http://127.0.0.1:9009/", "event": "story.*"}


def row(op: str, field: str = "state", **value: Any) -> dict[str, Any]:
    return {"any": [{"all": [{"field": field, "op": op, **value}]}]}


FITTING = [
    EXAMPLE,
    row("!=", value=None),
    row("<", value="2026"),
    row("in", value=[1, "a", None]),
    row("like", value="a*"),
    row("exists", field='"a b".c'),
    row("=", field="@type", value="story.create"),
]
WRONG = [
    {},
    {"any": []},
    {"any": [{"all": []}]},
    row("regex", value="a"),
    row(">", value=True),
    row("in", value=[]),
    row("contains", value=""),
    row("exists", value=1),
    row("=", field="a..b", value=1),
    row("=", field="@owner", value=1),
    {**EXAMPLE, "all": []},
]


@pytest.mark.parametrize("given", FITTING, ids=repr)
def test_what_fits_the_schema_is_taken_and_shown_again(api: Client, given: dict[str, Any]) -> None:
    jsonschema.validate(given, OBJECT)
    made = api.post("/hooks", json={**HOOK, "filter": given})
    assert made.status_code == 201, made.text
    jsonschema.validate(made.json()["filter"], OBJECT)


@pytest.mark.parametrize("given", WRONG, ids=repr)
def test_what_does_not_fit_is_refused_at_the_filter(api: Client, given: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(given, OBJECT)
    refused = api.post("/hooks", json={**HOOK, "filter": given})
    assert refused.status_code == 422
    assert all(error["field"].startswith("filter") for error in refused.json()["errors"])


def test_a_filter_may_be_written_as_text_and_is_shown_as_an_object(api: Client) -> None:
    made = api.post("/hooks", json={**HOOK, "filter": TEXT_EXAMPLE}).json()
    jsonschema.validate(made["filter"], OBJECT)
    assert made["filter"]["any"][0]["all"][0] == {"field": "state", "op": "=", "value": 3}
    assert api.post("/hooks", json=HOOK).json()["filter"] is None
