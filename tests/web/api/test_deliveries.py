"""The log of deliveries: listed, filtered, shown with every attempt."""

import base64
import json
import time

import pytest

from hub.store.models import Attempt
from hub.timestamps import parse_iso
from tests.rigs.api import Client, LiveHub
from tests.rigs.log import deliveries, publish, settled, subscribe
from tests.rigs.ports import nowhere
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def test_a_delivery_is_listed_and_shown_with_its_request_and_its_response(
    api: Client, receiver: Receiver
) -> None:
    receiver.answer = (201, {"X-Answer": "yes", "Content-Type": "text/plain"}, b"thank you")
    hook = subscribe(api, receiver.url, headers={"X-Key": "hidden value"}, secret="s3cret")
    began = time.monotonic()
    event_id = publish(api, data={"a": 1})
    listed = settled(api)[0]
    assert (listed["hook_id"], listed["event_id"], listed["type"]) == (hook["id"], event_id, "order.paid")
    assert (listed["state"], listed["attempt_count"], listed["next_attempt_at"], listed["reason"]) == (
        "delivered",
        1,
        None,
        None,
    )
    shown = api.get(f"/deliveries/{listed['id']}").json()
    assert {key: shown[key] for key in listed} == listed
    attempt = shown["attempts"][0]
    sent = receiver.requests[0]
    assert (attempt["number"], attempt["outcome"], attempt["phase"], attempt["peer"]) == (
        1,
        "success",
        "body",
        "127.0.0.1",
    )
    assert attempt["was_sent"] is True
    assert 0 < attempt["duration_ms"] < 1000 * (time.monotonic() - began)
    assert attempt["request"]["url"] == receiver.url
    assert attempt["request"]["body"].encode() == sent.body
    told = {name.lower(): value for name, value in attempt["request"]["headers"].items()}
    assert told["x-key"] == "********"
    for name in (
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-hub-attempt",
        "x-hub-delivery",
        "content-type",
    ):
        assert told[name] == sent.headers[name], name
    answer = attempt["response"]
    assert (answer["status"], answer["body"], answer["body_base64"]) == (201, "thank you", None)
    assert ["X-Answer", "yes"] in answer["headers"]
    assert "hidden value" not in str(shown)
    assert "s3cret" not in str(shown)


def test_a_delivery_of_a_format_that_is_gone_is_still_shown(
    api: Client, live: LiveHub, receiver: Receiver
) -> None:
    subscribe(api, receiver.url)
    publish(api)
    row = settled(api)[0]
    gone = Attempt.update(format="taken_out").where(Attempt.delivery_id == row["id"])
    live.hub.database.write(gone.execute).result()
    shown = api.get(f"/deliveries/{row['id']}")
    assert shown.status_code == 200
    assert shown.json()["attempts"][0]["request"]["body"].encode() == receiver.requests[0].body


def test_each_attempt_is_kept_with_what_came_of_it(api: Client, receiver: Receiver) -> None:
    answers = iter([500, (503, {}, b"\xff\xfe not text \x00"), 200])
    receiver.answer = lambda request: next(answers)
    hook = subscribe(api, receiver.url, retry_schedule_s=[3600] * 3)
    publish(api)
    first = until(lambda: deliveries(api), lambda rows: rows[0]["state"] == "retrying")[0]
    assert parse_iso(first["next_attempt_at"]) > time.time()
    assert first["reason"] == "answered 500"
    for n in (2, 3):
        assert api.post(f"/deliveries/{first['id']}/retry").status_code == 202
        # The open breaker of a hook that fails again and again would be in the way; a person's switch closes
        # it.
        api.post(f"/hooks/{hook['id']}/disable")
        api.post(f"/hooks/{hook['id']}/enable")
        until(
            lambda n=n: deliveries(api)[0],
            lambda row, n=n: row["attempt_count"] == n and row["state"] not in ("waiting", "sending"),
        )
    shown = api.get(f"/deliveries/{first['id']}").json()
    assert shown["state"] == "delivered"
    assert [(a["number"], a["outcome"], a["response"]["status"]) for a in shown["attempts"]] == [
        (1, "failure", 500),
        (2, "failure", 503),
        (3, "success", 200),
    ]
    odd = shown["attempts"][1]["response"]
    assert base64.b64decode(odd["body_base64"]) == b"\xff\xfe not text \x00"
    assert [request.headers["x-hub-attempt"] for request in receiver.requests] == ["1", "2", "3"]
    assert {request.headers["x-hub-delivery"] for request in receiver.requests} == {first["id"]}


def test_of_a_large_event_that_was_sent_often_the_last_bodies_are_shown(
    api: Client, receiver: Receiver
) -> None:
    subscribe(api, receiver.url)
    data = {"text": "x" * 900_000}
    publish(api, data=data)
    delivery = settled(api)[0]["id"]
    for n in range(2, 6):
        assert api.post(f"/deliveries/{delivery}/retry").status_code == 202
        until(
            lambda: deliveries(api)[0],
            lambda row, n=n: (row["state"], row["attempt_count"]) == ("delivered", n),
        )
    shown = api.get(f"/deliveries/{delivery}")
    bodies = [attempt["request"]["body"] for attempt in shown.json()["attempts"]]
    assert [body is not None for body in bodies] == [False, False, True, True, True]
    assert len(shown.content) < 3_000_000
    assert json.loads(bodies[-1])["data"] == data


def test_an_attempt_that_got_no_answer_says_how_far_it_came(api: Client) -> None:
    url = nowhere()
    subscribe(api, url)
    publish(api)
    row = until(lambda: deliveries(api), lambda rows: rows[0]["state"] == "retrying")[0]
    attempt = api.get(f"/deliveries/{row['id']}").json()["attempts"][0]
    assert (attempt["outcome"], attempt["phase"], attempt["was_sent"], attempt["response"]) == (
        "failure",
        "connect",
        False,
        None,
    )
    assert "refused" in attempt["reason"].lower()


def test_a_response_is_kept_up_to_eight_kibibytes(api: Client, receiver: Receiver) -> None:
    receiver.answer = (200, {}, b"x" * 20_000)
    subscribe(api, receiver.url)
    publish(api)
    row = settled(api)[0]
    body = api.get(f"/deliveries/{row['id']}").json()["attempts"][0]["response"]["body"]
    assert body == "x" * 8192


def test_it_filters_by_the_state_that_is_shown(api: Client, live: LiveHub, receiver: Receiver) -> None:
    """What is held or cancelled stands in the hook, not in the delivery; the list answers by what people
    see.
    """
    with Receiver(500) as failing:
        subscribe(api, receiver.url, "good.*")
        retried, held, cancelled = (
            subscribe(api, failing.url, f"{code}.*", retry_schedule_s=[3600])["id"]
            for code in ("retried", "held", "cancelled")
        )
        for code in ("good.a", "retried.a", "held.a", "cancelled.a"):
            publish(api, code)
        settled(api, 4)
    api.post(f"/hooks/{held}/disable")
    api.delete(f"/hooks/{cancelled}")
    wanted = {"delivered": "good.a", "retrying": "retried.a", "held": "held.a", "cancelled": "cancelled.a"}
    for state in ("waiting", "retrying", "held", "sending", "delivered", "failed", "refused", "cancelled"):
        rows = deliveries(api, state=state)
        assert [row["type"] for row in rows] == ([wanted[state]] if state in wanted else []), state
        assert {row["state"] for row in rows} <= {state}
    assert [row["type"] for row in deliveries(api, type="held.a")] == ["held.a"]
    assert deliveries(api, type="held.a", state="delivered") == []
    of_hook = api.get(f"/hooks/{retried}/deliveries").json()
    assert [(row["hook_id"], row["next_attempt_at"] is not None) for row in of_hook] == [(retried, True)]
    assert api.get("/deliveries", params={"state": "nonsense"}).status_code == 422


@pytest.mark.parametrize("code", ["", "a,b", "Story", "story.*", "a" * 129])
def test_a_type_that_is_none_is_refused_instead_of_finding_nothing(
    api: Client, receiver: Receiver, code: str
) -> None:
    hook, event_id = subscribe(api, receiver.url)["id"], publish(api)
    for path in ("/deliveries", f"/hooks/{hook}/deliveries", f"/events/{event_id}/deliveries"):
        answer = api.get(path, params={"type": code})
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["type"])
        assert api.get(path, params={"type": "hook.ping"}).json() == []


def test_an_events_deliveries_are_one_for_each_hook(api: Client, receiver: Receiver) -> None:
    hooks = {subscribe(api, receiver.url)["id"] for _ in range(3)}
    publish(api, "other.event")
    event_id = publish(api)
    rows = api.get(f"/events/{event_id}/deliveries").json()
    assert {row["hook_id"] for row in rows} == hooks
    assert {row["event_id"] for row in rows} == {event_id}
    assert api.get("/events/evt_unknown/deliveries").status_code == 404


@pytest.mark.parametrize("path", ["/deliveries", "/hooks/{hook}/deliveries", "/events", "/hooks"])
def test_lists_are_paged_newest_first_with_a_link(
    api: Client, live: LiveHub, receiver: Receiver, path: str
) -> None:
    hook = [subscribe(api, receiver.url) for _ in range(7)][-1]
    for n in range(7):
        publish(api, f"paged.e{n}")
    whole = api.get(path.format(hook=hook["id"]), params={"limit": 200})
    ids = [row["id"] for row in whole.json()]
    assert len(ids) >= 7
    assert ids == sorted(ids, reverse=True)
    assert "next" not in whole.links
    for limit in (1, 3, len(ids)):
        answer = api.get(path.format(hook=hook["id"]), params={"limit": limit})
        seen = [row["id"] for row in answer.json()]
        while "next" in answer.links:
            assert answer.links["next"]["url"].startswith(api.url)
            answer = api.get(answer.links["next"]["url"])
            seen += [row["id"] for row in answer.json()]
        assert seen == ids


def test_the_next_page_keeps_the_filter(api: Client, receiver: Receiver) -> None:
    subscribe(api, receiver.url)
    for n in range(6):
        publish(api, "kept.yes" if n % 2 else "kept.no")
    answer = api.get("/deliveries", params={"type": "kept.yes", "limit": 2})
    types = [row["type"] for row in answer.json()] + [
        row["type"] for row in api.get(answer.links["next"]["url"]).json()
    ]
    assert types == ["kept.yes"] * 3


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "", "9" * 30, "١"])
def test_a_limit_out_of_range_is_refused(api: Client, limit: str) -> None:
    assert api.get("/deliveries", params={"limit": limit}).status_code == 422
