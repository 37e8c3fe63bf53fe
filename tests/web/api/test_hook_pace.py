"""The pace of a hook over the API: set, checked, shown, removed by null."""

import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from hub.timestamps import parse_iso
from tests.rigs.api import Client
from tests.rigs.log import deliveries, publish, settled, subscribe
from tests.rigs.receivers import Receiver

PACE: dict[str, Any] = {
    "rate_limit": {"count": 20, "per_s": 60},
    "digest": {"window_s": 60, "max": 50},
    "delay_s": 0.5,
    "ordering": "fifo",
    "fifo_on_failure": "hold",
    "retry_schedule_s": [1, 60.5],
}


def test_a_pace_is_set_shown_written_back_and_removed_by_null(api: Client, receiver: Receiver) -> None:
    made = subscribe(api, receiver.url, "*", **PACE)
    assert {name: made[name] for name in PACE} == PACE
    path = f"/hooks/{made['id']}"
    back = api.put(path, json=api.get(path).json())
    assert back.json()["updated_at"] == made["updated_at"], "what is written back as it is changes nothing"
    one = api.patch(path, json={"rate_limit": {"count": 1, "per_s": 2}}).json()
    assert {name: one[name] for name in PACE} == {**PACE, "rate_limit": {"count": 1, "per_s": 2}}
    removed = dict.fromkeys(PACE)
    plain = {**removed, "ordering": "none", "fifo_on_failure": "wait"}
    gone = api.patch(path, json=removed).json()
    assert {name: gone[name] for name in PACE} == plain
    assert {name: subscribe(api, receiver.url, "*", **removed)[name] for name in PACE} == plain


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"rate_limit": {"count": 0, "per_s": 0}}, ["rate_limit.count", "rate_limit.per_s"]),
        ({"rate_limit": {"count": 1}}, ["rate_limit.per_s"]),
        ({"rate_limit": {"count": 1, "per_s": 1, "burst": 2}}, ["rate_limit.burst"]),
        ({"rate_limit": 5}, ["rate_limit"]),
        ({"digest": {"window_s": 0, "max": 501}}, ["digest.window_s", "digest.max"]),
        ({"digest": {"window_s": 60}}, ["digest.max"]),
        ({"delay_s": -1, "name": "x" * 201}, ["name", "delay_s"]),
        ({"delay_s": "5"}, ["delay_s"]),
        ({"ordering": "lifo", "fifo_on_failure": "skip"}, ["ordering", "fifo_on_failure"]),
        ({"retry_schedule_s": [1, 90_000]}, ["retry_schedule_s[1]"]),
        ({"retry_schedule_s": [1, "a"]}, ["retry_schedule_s[1]"]),
    ],
)
def test_what_is_wrong_with_a_pace_is_named_by_its_path(
    api: Client, receiver: Receiver, given: dict[str, Any], fields: list[str]
) -> None:
    answer = api.post("/hooks", json={"target_url": receiver.url, "event": "*", **given})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == fields


def test_a_delayed_event_is_sent_when_its_time_has_come(api: Client, receiver: Receiver) -> None:
    subscribe(api, receiver.url, "story.create", delay_s=3600)
    publish(api, "story.create", {})
    [one] = deliveries(api)
    assert (one["state"], one["attempt_count"]) == ("waiting", 0)
    assert one["next_attempt_at"] > one["created_at"]
    soon = subscribe(api, receiver.url, "story.update", delay_s=0.4)
    publish(api, "story.update", {})
    [request] = receiver.wait_for(1)
    [two] = api.get(f"/hooks/{soon['id']}/deliveries").json()
    assert request.at >= parse_iso(two["created_at"]) + 0.4 - 0.001, "times are in whole milliseconds"


def test_events_that_gather_go_in_one_request_that_is_repeated_byte_by_byte(
    api: Client, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 503 if len(receiver.requests) < 2 else 200
    hook = subscribe(api, receiver.url, digest={"window_s": 86_400, "max": 3}, retry_schedule_s=[0.1, 0.1])
    events = [publish(api, "order.paid", {"n": n}) for n in range(3)]
    first, again = receiver.wait_for(2)[:2]
    rows = settled(api, 3)
    assert {row["state"] for row in rows} == {"delivered"}
    [batch_id] = {row["batch_id"] for row in rows}
    assert first.body == again.body
    told = json.loads(first.body)
    assert (told["id"], [one["id"] for one in told["events"]]) == (batch_id, events)
    assert [one["data"] for one in told["events"]] == [{"n": 0}, {"n": 1}, {"n": 2}]
    for one, attempt in ((first, "1"), (again, "2")):
        assert one.headers["webhook-id"] == one.headers["x-hub-delivery"] == batch_id
        assert one.headers["x-hub-attempt"] == attempt
        Webhook(hook["secret"]).verify(one.body, one.headers)

    assert len(deliveries(api, batch_id=batch_id)) == 3
    assert deliveries(api, batch_id="bat_1") == []
    kept = [api.get(f"/deliveries/{row['id']}").json()["attempts"] for row in rows[::-1]]
    assert [[one["outcome"] for one in attempts] for attempts in kept] == [["failure", "success"]] * 3
    assert [attempts[1]["request"]["body"] for attempts in kept] == [first.body.decode(), None, None]


def test_a_template_sees_all_events_of_a_batch_and_a_test_does_not_wait_for_one(
    api: Client, receiver: Receiver
) -> None:
    template = (
        '{"n": [{% for one in events %}{{ one.data.n }}{% if not loop.last %},{% endif %}{% endfor %}]}'
    )
    hook = subscribe(api, receiver.url, digest={"window_s": 60, "max": 3}, template=template)
    for n in range(3):
        publish(api, "order.paid", {"n": n})
    [one] = receiver.wait_for(1)
    assert json.loads(one.body) == {"n": [0, 1, 2]}
    assert api.post(f"/hooks/{hook['id']}/ping").json()["status"] == 200
    assert json.loads(receiver.requests[-1].body) == {"n": [2]}
