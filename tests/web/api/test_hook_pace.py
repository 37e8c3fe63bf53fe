"""The pace of a hook over the API: set, checked, shown, removed by null."""

from typing import Any

import pytest

from tests.rigs.api import Client
from tests.rigs.log import deliveries, publish, subscribe
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

PACE: dict[str, Any] = {
    "rate_limit": {"count": 20, "per_s": 60},
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
    subscribe(api, receiver.url, "*", delay_s=0.4)
    publish(api, "story.create", {})
    [one] = deliveries(api)
    assert (one["state"], one["attempt_count"]) == ("waiting", 0)
    assert one["next_attempt_at"] > one["created_at"]
    until(lambda: receiver.requests)
