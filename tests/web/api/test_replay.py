"""What a hook missed is sent again, a span at a time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.store.models import Delivery
from hub.timestamps import parse_iso
from tests.rigs.api import Client, LiveHub
from tests.rigs.log import Json, deliveries, publish, replay, settled, subscribe
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def test_a_replay_sends_what_the_hook_wants_of_a_span_and_a_dry_run_only_counts(
    api: Client, receiver: Receiver
) -> None:
    hook = subscribe(api, receiver.url, "order.*")
    published = [publish(api, code) for code in ("order.paid", "order.sent", "other.event")]
    settled(api, 2)
    assert replay(api, hook, dry_run=True) == {"count": 2, "dry_run": True}
    assert [row["attempt_count"] for row in deliveries(api)] == [1, 1]
    assert replay(api, hook) == {"count": 2, "dry_run": False}
    again = receiver.wait_for(4)[2:]
    assert {request.headers["webhook-id"] for request in again} == set(published[:2])
    rows = settled(api, 2)
    assert len(rows) == 2  # the same deliveries, once more
    assert until(lambda: [row["attempt_count"] for row in deliveries(api)], lambda counts: counts == [2, 2])


def test_a_replay_brings_events_that_were_never_delivered_to_this_hook(
    api: Client, receiver: Receiver
) -> None:
    before = [publish(api, code) for code in ("order.paid", "order.sent", "other.event")]
    hook = subscribe(api, receiver.url, "order.*")
    assert deliveries(api) == []
    assert replay(api, hook, dry_run=True)["count"] == 2
    assert deliveries(api) == []
    assert replay(api, hook)["count"] == 2
    got = receiver.wait_for(2)
    assert {request.headers["webhook-id"] for request in got} == set(before[:2])
    assert [row["state"] for row in settled(api, 2)] == ["delivered", "delivered"]


def test_a_replay_never_repeats_a_test_or_an_open_delivery(api: Client, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url, "*")
    assert api.post(f"/hooks/{hook['id']}/ping").json()["success"] is True
    receiver.answer = 500
    publish(api)
    until(lambda: deliveries(api, state="retrying"), lambda rows: len(rows) == 1)
    assert replay(api, hook)["count"] == 0
    assert len(deliveries(api)) == 2


def test_a_replay_takes_a_span_a_type_and_a_state(api: Client, live: LiveHub, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    ids = {code: publish(api, code) for code in ("a.first", "b.second", "c.third")}
    settled(api, 3)
    at = {
        code: parse_iso(next(row for row in api.get("/events").json() if row["id"] == ids[code])["timestamp"])
        for code in ids
    }
    assert replay(api, hook, since=iso(at["b.second"] + 3600), dry_run=True)["count"] == 0
    assert replay(api, hook, until=iso(at["a.first"] - 3600), dry_run=True)["count"] == 0
    assert (
        replay(api, hook, since=iso(at["a.first"] - 60), until=iso(at["c.third"] + 60), dry_run=True)["count"]
        == 3
    )
    assert replay(api, hook, type="b.second", dry_run=True)["count"] == 1
    failed = Delivery.update(state="failed").where(Delivery.event_id == ids["c.third"])
    live.hub.database.write(failed.execute).result()
    assert replay(api, hook, state="failed", dry_run=True)["count"] == 1
    assert replay(api, hook, state="delivered", dry_run=True)["count"] == 2
    assert replay(api, hook, state="refused", dry_run=True)["count"] == 0
    assert replay(api, hook, state="failed", type="c.third")["count"] == 1
    assert receiver.wait_for(4)[3].headers["webhook-id"] == ids["c.third"]


def test_a_replay_of_one_state_leaves_out_what_was_never_delivered(api: Client, receiver: Receiver) -> None:
    publish(api)
    hook = subscribe(api, receiver.url)
    assert replay(api, hook, state="failed", dry_run=True)["count"] == 0
    assert replay(api, hook, dry_run=True)["count"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "9" * 40}, "since"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"since": "2026-01-01T00:00:00Z", "until": "never"}, "until"),
        ({"since": "2026-01-01T00:00:00Z", "state": "held"}, "state"),
        ({"since": "2026-01-01T00:00:00Z", "dry_run": "yes"}, "dry_run"),
        ({"since": 5}, "since"),
        ({"since": "2026-01-01T00:00:00Z", "type": "b.*"}, "type"),
        ({"since": "2026-01-01T00:00:00Z", "type": ""}, "type"),
        ({"since": "2026-01-01T00:00:00Z", "type": "Order.paid"}, "type"),
        ({"since": "2026-01-01T00:00:00Z", "dryrun": True}, "dryrun"),
    ],
)
def test_a_replay_that_is_not_understood_names_the_field(
    api: Client, receiver: Receiver, body: Json, field: str
) -> None:
    hook = subscribe(api, receiver.url)
    answer = api.post(f"/hooks/{hook['id']}/replay", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_span_may_be_written_with_any_offset(api: Client, receiver: Receiver) -> None:
    publish(api)
    hook = subscribe(api, receiver.url)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    ago = datetime.now(UTC) - timedelta(minutes=1)
    for zone in (timedelta(hours=5, minutes=30), timedelta(hours=-8)):
        span = {
            "since": ago.astimezone(timezone(zone)).isoformat(),
            "until": soon.astimezone(timezone(zone)).isoformat(),
        }
        assert replay(api, hook, dry_run=True, **span)["count"] == 1
    assert (
        replay(api, hook, dry_run=True, since=ago.replace(tzinfo=None).isoformat())["count"] == 1
    )  # without one it is UTC
