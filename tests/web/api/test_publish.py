"""Publishing: what is taken, what is answered, and that not one byte of `data` changes on
the way.
"""

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hub.rules.settings import Settings
from hub.web.api.publish import NDJSON
from tests.rigs.api import JSON_TYPE, Client, LiveHub, publish
from tests.rigs.receivers import Receiver

LINES = {"Content-Type": "application/x-ndjson"}
ODD_DATA = (
    b'{ "price" :1.10,"big":123456789012345678901234567890, "e":1E+2,"z":-0.0 ,"name":"H\xc3\xa9bergement \xf0\x9f\x9a\x86",'
    b'"esc":"\\u00e9\\/\\u0000\\ud83d\\ude86","b":1,"a":[ ],\t"empty":{}\n}'
)


def test_one_event_is_answered_with_its_receipt(api: Client, receiver: Receiver) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "story.*"})
    answer = api.post(
        "/events",
        json={"type": "story.create", "data": {"id": 1}, "occurred_at": "2026-11-23T21:04:06.5+01:00"},
    )
    assert answer.status_code == 202
    receipt = answer.json()
    assert receipt.pop("id").startswith("evt_")
    assert receipt == {
        "type": "story.create",
        "timestamp": "2026-11-23T20:04:06.500Z",
        "deliveries": 1,
        "duplicate": False,
        "deliver_at": None,
    }


def test_many_events_are_answered_in_their_order(api: Client) -> None:
    answer = api.post("/events", json=[{"type": f"a.n{n}", "data": {"n": n}} for n in range(1000)])
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1000
    assert [one["type"] for one in answer.json()["events"]] == [f"a.n{n}" for n in range(1000)]
    newest = api.get("/events", params={"limit": 3}).json()
    assert [one["data"]["n"] for one in newest] == [999, 998, 997]
    assert newest[0]["id"] == answer.json()["events"][-1]["id"]


def test_an_array_of_one_is_answered_as_an_array(api: Client) -> None:
    assert api.post("/events", json=[{"type": "a", "data": {}}]).json()["accepted"] == 1


@pytest.mark.parametrize("content_type", NDJSON)
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n\r\n"])
def test_lines_are_events(api: Client, content_type: str, end: bytes) -> None:
    body = b'{"type":"a","data":{"n":1}}\n\n{"type":"b","data":{"n":2}}' + end
    answer = api.post("/events", data=body, headers={"Content-Type": content_type})
    assert answer.status_code == 202
    assert [one["type"] for one in answer.json()["events"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "headers", "fields"),
    [
        (
            b'[{"type":"a","data":{}},{"type":"B","data":[]},{"data":{}}]',
            JSON_TYPE,
            {"[1].type", "[1].data", "[2].type"},
        ),
        (b'{"type":"a","data":{}}\n{"type":"a"}\n', LINES, {"[1].data"}),
        (b'{"type":"a","data":{}}\nnope\n', LINES, {"[1]"}),
        (b"[]", JSON_TYPE, {"body"}),
        (b"\n", LINES, {"body"}),
        (b'{"type":"a","data":{},"id":""}', JSON_TYPE, {"id"}),
        (b'{"type":"a","data":{},"id":7}', JSON_TYPE, {"id"}),
        (b'{"type":"a","data":{},"occurred_at":"yesterday"}', JSON_TYPE, {"occurred_at"}),
        (b'{"type":"a","data":{},"occurred_at":1}', JSON_TYPE, {"occurred_at"}),
        (b'{"type":"a","data":{},"payload":{}}', JSON_TYPE, {"payload"}),
        (b'{"type":"hook.disabled","data":{}}', JSON_TYPE, {"type"}),
        (b'{"type":"hook.ping","data":{}}', JSON_TYPE, {"type"}),
        (b'{"type":"a","data":{"x":1,"x":2}}', JSON_TYPE, {"data"}),
        (b'{"type":"a","data":null}', JSON_TYPE, {"data"}),
        (b'{"type":"' + b"a" * 129 + b'","data":{}}', JSON_TYPE, {"type"}),
    ],
)
def test_all_or_nothing_is_taken_and_each_wrong_field_is_named(
    api: Client, body: bytes, headers: dict[str, str], fields: set[str]
) -> None:
    answer = api.post("/events", data=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert {error["field"] for error in answer.json()["errors"]} == fields
    assert api.get("/events").json() == []


def test_a_thousand_and_one_events_are_too_many(api: Client) -> None:
    answer = api.post("/events", json=[{"type": "a", "data": {}}] * 1001)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")


def test_a_repeated_key_answers_the_first_event_and_sends_nothing(api: Client, receiver: Receiver) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*"})
    first = api.post("/events", json={"type": "a", "data": {"n": 1}, "id": "mine"}).json()
    again = api.post("/events", json={"type": "a", "data": {"n": 2}, "id": "mine"})
    assert again.status_code == 202
    assert again.json() == {**first, "duplicate": True}
    api.post("/events", json={"type": "a", "data": {"n": 3}})
    assert sorted(json.loads(request.body)["data"]["n"] for request in receiver.wait_for(2)) == [1, 3]
    assert len(api.get("/events").json()) == 2


def test_a_key_may_come_in_the_header(api: Client) -> None:
    first = publish(api, **{"Idempotency-Key": "from the header"}).json()
    assert publish(api, **{"Idempotency-Key": "from the header"}).json() == {**first, "duplicate": True}
    same = {"type": "story.create", "data": {}, "id": "from the header"}
    assert (
        api.post("/events", json=same, headers={"Idempotency-Key": "from the header"}).json()["id"]
        == first["id"]
    )


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"type": "a", "data": {}, "id": "one"}, "two"),
        ({"type": "a", "data": {}}, ""),
        ({"type": "a", "data": {}}, "k" * 513),
        ([{"type": "a", "data": {}}], "k"),
    ],
)
def test_a_header_key_that_does_not_fit_is_named(api: Client, body: Any, key: str) -> None:
    answer = api.post("/events", json=body, headers={"Idempotency-Key": key})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (
        422,
        ["Idempotency-Key"],
    )


def test_while_the_hub_is_behind_what_is_committed_is_answered_a_little_later(live: LiveHub) -> None:
    dispatcher = live.hub.services.dispatcher
    assert dispatcher is not None
    api = live.client(project=live.project())
    for pause_s in (0.0, 0.5):
        dispatcher.back_pressure.pause_s = pause_s
        began = time.monotonic()
        assert api.post("/events", json={"type": "a.b", "data": {}}).status_code == 202
        assert time.monotonic() - began >= 0.8 * pause_s
    dispatcher.back_pressure.pause_s = 0.0  # the hub is shared


def test_a_key_is_known_in_its_own_project_only(live: LiveHub) -> None:
    one, two = (live.client(project=live.project()) for _ in range(2))
    assert one.post("/events", json={"type": "a", "data": {}, "id": "k"}).json()["duplicate"] is False
    assert two.post("/events", json={"type": "a", "data": {}, "id": "k"}).json()["duplicate"] is False


def test_a_key_twice_in_one_request_is_one_event(api: Client) -> None:
    first, second = api.post("/events", json=[{"type": "a", "data": {}, "id": "k"}] * 2).json()["events"]
    assert (first["id"], first["duplicate"], second["duplicate"]) == (second["id"], False, True)
    assert len(api.get("/events").json()) == 1


@pytest.mark.parametrize("form", ["standard", "icescrum", "github", "cloudevents"])
def test_the_bytes_of_data_are_kept_and_sent_as_they_came(api: Client, receiver: Receiver, form: str) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*", "format": form})
    event_id = publish(api, ODD_DATA).json()["id"]
    assert ODD_DATA in receiver.wait_for(1)[0].body
    assert ODD_DATA in api.get("/events").content
    one = api.get(f"/events/{event_id}").content
    assert one.endswith(b',"data":' + ODD_DATA + b"}")


@pytest.fixture
def small(live: LiveHub) -> Iterator[None]:
    """While it is there, an event may have 1,024 bytes."""
    admin = live.client("admin", project=None)
    before = admin.get("/settings").json()["max_event_bytes"]
    admin.patch("/settings", json={"max_event_bytes": 1024})
    yield
    admin.patch("/settings", json={"max_event_bytes": before})


@pytest.mark.parametrize(("more", "status"), [(0, 202), (1, 413)])
def test_an_event_may_be_as_large_as_the_setting_says(
    api: Client, small: None, more: int, status: int
) -> None:
    data = b'{"a":"' + b"x" * (1024 - 8 + more) + b'"}'
    answer = publish(api, data)
    assert answer.status_code == status
    if status == 413:
        assert answer.json()["errors"][0]["field"] == "data"
        many = b'[{"type":"a","data":{}},{"type":"a","data":' + data + b"}]"
        assert api.post("/events", data=many, headers=JSON_TYPE).json()["errors"][0]["field"] == "[1].data"
        assert api.get("/events").json() == []


def test_a_body_beyond_all_bounds_is_413_and_the_hub_goes_on(api: Client) -> None:
    answer = api.post("/events", data=b" " * (Settings().max_request_bytes + 1), headers=JSON_TYPE)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (413, "body")
    assert publish(api).status_code == 202


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/cloudevents+json", "application/x-www-form-urlencoded", "text/json"],
)
def test_another_content_type_is_415(api: Client, content_type: str) -> None:
    assert (
        api.post(
            "/events", data=b'{"type":"a","data":{}}', headers={"Content-Type": content_type}
        ).status_code
        == 415
    )


def test_a_compressed_body_is_refused_by_its_coding(api: Client) -> None:
    body = gzip.compress(b'{"type":"a","data":{}}')
    for path in ("/events", "/hooks", "/events/preview"):
        answer = api.post(path, data=body, headers={**JSON_TYPE, "Content-Encoding": "gzip"})
        assert answer.status_code == 415
        assert answer.json()["errors"][0]["field"] == "Content-Encoding"
        assert "gzip" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("event_type", "type"),
        ("name", "type"),
        ("payload", "data"),
        ("idempotency_key", "id"),
        ("timestamp", "occurred_at"),
    ],
)
def test_a_field_by_another_hubs_name_is_told_its_own(api: Client, name: str, ours: str) -> None:
    answer = api.post("/events", json={"type": "a", "data": {}, name: "x"})
    assert [error["field"] for error in answer.json()["errors"]] == [name]
    assert f"call it {ours}" in answer.json()["errors"][0]["message"]


def test_a_byte_order_mark_is_called_so(api: Client) -> None:
    for headers in (JSON_TYPE, LINES):
        answer = api.post("/events", data=b'\xef\xbb\xbf{"type":"a","data":{}}', headers=headers)
        assert answer.status_code == 400
        assert "byte order mark" in answer.json()["errors"][0]["message"]


def test_more_events_than_may_be_are_not_even_counted(api: Client) -> None:
    for body, headers in ((b"[" + b"1," * 2_000_000 + b"1]", JSON_TYPE), (b"1\n" * 2_000_000, LINES)):
        answer = api.post("/events", data=body, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["message"].endswith(
            "1 to 1000 events in one request, here are more"
        )


def test_a_large_array_is_taken_whole(api: Client) -> None:
    data = json.dumps({"rows": [{"id": n, "name": f"row {n}"} for n in range(2500)]}).encode()
    item = b'{"type":"a","data":' + data + b"}"
    answer = api.post("/events", data=b"[" + b",".join([item] * 50) + b"]", headers=JSON_TYPE)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 50)
    assert data in api.get("/events", params={"limit": 1}).content


def test_an_archived_project_takes_no_events_but_shows_them(live: LiveHub, api: Client, project: str) -> None:
    publish(api)
    admin = live.client("admin", project=None)
    assert admin.patch(f"/projects/{project}", json={"archived": True}).status_code == 200
    refused = publish(api)
    assert (refused.status_code, refused.json()["title"]) == (403, "Archived")
    assert api.post("/event-types", json={"id": "a"}).status_code == 403
    assert len(api.get("/events").json()) == 1
    admin.patch(f"/projects/{project}", json={"archived": False})
    assert publish(api).status_code == 202
