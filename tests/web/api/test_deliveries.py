"""The log of deliveries, retry, replay and preview; and a rotated secret, whose old one signs for as long as
the overlap lasts.
"""

import base64
import json
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from hub.errors import Refusal
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import projects
from hub.store.models import Attempt, Delivery, Hook
from hub.timestamps import parse_iso
from hub.web.problems import problem_of
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Received, Receiver
from tests.rigs.waiting import until

Json = dict[str, Any]


def subscribe(api: Client, url: str, event: str = "*", **fields: Any) -> Json:
    answer = api.post("/hooks", json={"target_url": url, "event": event, **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def publish(api: Client, code: str = "order.paid", data: Json | None = None) -> str:
    answer = api.post("/events", json={"type": code, "data": data or {"n": 1}})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def deliveries(api: Client, **query: Any) -> list[Json]:
    answer = api.get("/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


def settled(api: Client, count: int = 1) -> list[Json]:
    """The project's deliveries, once there are so many and none of them is waiting."""
    found: list[Json] = until(
        lambda: deliveries(api, limit=200),
        lambda rows: len(rows) >= count and all(row["state"] not in ("waiting", "sending") for row in rows),
    )
    return found


def test_a_delivery_is_listed_and_shown_with_its_request_and_its_response(
    api: Client, receiver: Receiver
) -> None:
    receiver.answer = (201, {"X-Answer": "yes", "Content-Type": "text/plain"}, b"thank you")
    hook = subscribe(api, receiver.url, headers={"X-Key": "hidden value"}, secret="s3cret")
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
    assert 0 < attempt["duration_ms"] < 5000
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
    hook = subscribe(api, receiver.url)
    publish(api)
    first = until(lambda: deliveries(api), lambda rows: rows[0]["state"] == "retrying")[0]
    assert parse_iso(first["next_attempt_at"]) > time.time()
    assert first["reason"] == "answered 500"
    for n in (2, 3):
        assert api.post(f"/deliveries/{first['id']}/retry").status_code == 202
        # The open breaker of a hook that fails again and again would be in the way; a person's switch closes it.
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
    with Receiver() as closed:
        url = closed.url
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
        retried = subscribe(api, failing.url, "retried.*")["id"]
        held = subscribe(api, failing.url, "held.*")["id"]
        cancelled = subscribe(api, failing.url, "cancelled.*")["id"]
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


def test_a_retry_is_one_more_attempt_of_the_same_delivery(api: Client, receiver: Receiver) -> None:
    subscribe(api, receiver.url)
    event_id = publish(api)
    row = settled(api)[0]
    answer = api.post(f"/deliveries/{row['id']}/retry")
    assert (answer.status_code, answer.json()["id"]) == (202, row["id"])
    first, second = receiver.wait_for(2)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == event_id
    assert [one.headers["x-hub-attempt"] for one in (first, second)] == ["1", "2"]
    after = until(
        lambda: deliveries(api),
        lambda rows: rows[0]["state"] == "delivered" and rows[0]["attempt_count"] == 2,
    )
    assert [one["id"] for one in after] == [row["id"]]
    assert [a["number"] for a in api.get(f"/deliveries/{row['id']}").json()["attempts"]] == [1, 2]


def test_a_retry_needs_its_scope_and_a_delivery(api: Client, live: LiveHub, project: str) -> None:
    assert api.post("/deliveries/dlv_unknown/retry").status_code == 404
    assert (
        live.client("read", "subscribe", project=project).post("/deliveries/dlv_unknown/retry").status_code
        == 403
    )


def test_a_delivery_that_is_under_way_is_not_started_twice(
    api: Client, live: LiveHub, receiver: Receiver
) -> None:
    subscribe(api, receiver.url)
    publish(api)
    row = settled(api)[0]
    under_way = Delivery.update(state="sending", owner="x/1/y", lease_until=time.time() + 60).where(
        Delivery.id == row["id"]
    )
    live.hub.database.write(under_way.execute).result()
    assert api.post(f"/deliveries/{row['id']}/retry").status_code == 409
    done = Delivery.update(state="delivered", owner=None, lease_until=None).where(Delivery.id == row["id"])
    live.hub.database.write(done.execute).result()


@pytest.mark.parametrize("how", ["retry", "replay"])
def test_nothing_is_sent_again_for_a_subscription_that_is_over(
    api: Client, receiver: Receiver, how: str
) -> None:
    receiver.answer = 410
    hook = subscribe(api, receiver.url)
    publish(api)
    until(lambda: api.get(f"/hooks/{hook['id']}").json()["state"], lambda state: state == "gone")
    row = deliveries(api)[0]
    if how == "retry":
        answer = api.post(f"/deliveries/{row['id']}/retry")
    else:
        answer = api.post(f"/hooks/{hook['id']}/replay", json={"since": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 409
    assert "over" in answer.json()["detail"]
    assert deliveries(api)[0]["attempt_count"] == 1


def test_a_deleted_hooks_deliveries_can_be_read_and_not_sent(api: Client, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    publish(api)
    row = settled(api)[0]
    api.delete(f"/hooks/{hook['id']}")
    assert api.get(f"/deliveries/{row['id']}").json()["state"] == "delivered"
    assert api.post(f"/deliveries/{row['id']}/retry").status_code == 404
    assert api.post(f"/hooks/{hook['id']}/replay", json={"since": "2020-01-01T00:00:00Z"}).status_code == 404
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("how", ["retry", "replay"])
def test_nothing_is_sent_again_to_a_hook_that_is_off(api: Client, receiver: Receiver, how: str) -> None:
    """It would wait for its hook, and be given up at last although it had been delivered."""
    hook = subscribe(api, receiver.url)
    publish(api)
    row = settled(api)[0]
    call = f"/deliveries/{row['id']}/retry" if how == "retry" else f"/hooks/{hook['id']}/replay"
    body = None if how == "retry" else {"since": "2020-01-01T00:00:00Z"}
    api.post(f"/hooks/{hook['id']}/disable")
    refused = api.post(call, json=body)
    assert (refused.status_code, refused.json()["title"]) == (409, "Switched off")
    assert deliveries(api) == [row]
    api.post(f"/hooks/{hook['id']}/enable")
    assert api.post(call, json=body).status_code == 202
    receiver.wait_for(2)


def test_a_delivered_delivery_stays_delivered_whatever_comes_of_another_attempt(
    api: Client, receiver: Receiver
) -> None:
    hook = subscribe(api, receiver.url)
    publish(api)
    row = settled(api)[0]
    receiver.answer = 500
    assert api.post(f"/deliveries/{row['id']}/retry").status_code == 202
    receiver.wait_for(2)
    after = until(lambda: deliveries(api)[0], lambda row: row["reason"] is not None)
    assert (after["state"], after["finished_at"]) == ("delivered", row["finished_at"])
    assert [one["id"] for one in deliveries(api, state="delivered")] == [row["id"]]
    assert deliveries(api, state="retrying") == []
    assert replay(api, hook, dry_run=True)["count"] == 0, "it is to be tried again anyway"


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def replay(api: Client, hook: Json, **body: Any) -> Json:
    answer = api.post(f"/hooks/{hook['id']}/replay", json={"since": "2020-01-01T00:00:00Z", **body})
    assert answer.status_code == 202, answer.text
    found: Json = answer.json()
    return found


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


def test_a_preview_says_who_would_get_an_event_and_why_the_others_would_not(
    api: Client, live: LiveHub, receiver: Receiver
) -> None:
    exact, prefix, everything = (
        subscribe(api, receiver.url, event)["id"] for event in ("order.paid", "order.*", "*")
    )
    other = subscribe(api, receiver.url, "story.create")["id"]
    off = subscribe(api, receiver.url, "*")["id"]
    api.post(f"/hooks/{off}/disable")
    broken = subscribe(api, receiver.url, "*")["id"]
    live.hub.database.write(
        lambda: Hook.update(state="auto_disabled").where(Hook.id == broken).execute()
    ).result()
    deleted = subscribe(api, receiver.url, "*")["id"]
    api.delete(f"/hooks/{deleted}")
    events = api.get("/events").json()
    answer = api.post("/events/preview", json={"type": "order.paid", "data": {"n": 1}}).json()
    assert set(answer["matched"]) == {exact, prefix, everything, broken}
    reasons = {one["id"]: one["reason"] for one in answer["not_matched"]}
    assert set(reasons) == {other, off}
    assert "story.create" in reasons[other]
    assert "switched off by token test" in reasons[off]
    assert api.get("/events").json() == events
    assert deliveries(api) == []
    assert receiver.requests == []


def test_a_preview_agrees_with_what_publishing_does(api: Client, receiver: Receiver) -> None:
    for event in ("*", "hook.disabled", "order.*", "order.paid", "x.*"):
        subscribe(api, receiver.url, event)
    for code in ("order.paid", "order.paid.twice", "orders", "x.y"):
        matched = api.post("/events/preview", json={"type": code}).json()["matched"]
        rows = api.get(f"/events/{publish(api, code)}/deliveries").json()
        assert {row["hook_id"] for row in rows} == set(matched), code


def test_a_preview_of_an_unknown_type_is_refused(api: Client, live: LiveHub) -> None:
    assert api.post("/events/preview", json={"type": "Not A Type"}).status_code == 422
    ice = live.client(project=live.project("icescrum"))
    answer = ice.post("/events/preview", json={"type": "story.crate"})
    assert answer.status_code == 422
    assert "story.create" in answer.json()["detail"]


def verified(request: Received, secret: str) -> bool:
    """As receivers check it, with the library of Standard Webhooks."""
    try:
        Webhook(secret).verify(request.body, request.headers)
    except WebhookVerificationError:
        return False
    return True


def rotate(api: Client, hook: Json, **body: Any) -> Json:
    answer = api.post(f"/hooks/{hook['id']}/rotate-secret", json=body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_during_a_rotation_both_secrets_sign(api: Client, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    rotated = rotate(api, hook, overlap_hours=1)
    assert rotated["secret"] != hook["secret"]
    third = rotate(api, hook, overlap_hours=1)
    publish(api)
    sent = receiver.wait_for(1)[0]
    assert all(verified(sent, secret) for secret in (third["secret"], rotated["secret"], hook["secret"]))
    assert len(sent.headers["webhook-signature"].split(" ")) == 3
    assert not verified(sent, "whsec_" + base64.b64encode(b"x" * 32).decode())
    assert third["secret"] not in api.get(f"/hooks/{hook['id']}").text


def test_without_an_overlap_only_the_new_secret_signs(api: Client, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    publish(api)
    assert verified(receiver.wait_for(1)[0], hook["secret"])
    rotated = rotate(api, hook, overlap_hours=0)
    publish(api)
    sent = receiver.wait_for(2)[1]
    assert verified(sent, rotated["secret"])
    assert not verified(sent, hook["secret"])


def test_after_the_overlap_only_the_new_secret_signs(api: Client, live: LiveHub, receiver: Receiver) -> None:
    hook = subscribe(api, receiver.url)
    rotated = rotate(api, hook)  # a day
    clock = live.hub.database.clock
    for passed_s, is_over in ((23.9 * 3600, False), (0.2 * 3600, True)):
        clock.sync(clock.now() + passed_s)
        count = len(receiver.requests)
        assert api.post(f"/hooks/{hook['id']}/ping").json()["success"] is True
        sent = receiver.wait_for(count + 1)[count]
        assert verified(sent, rotated["secret"])
        assert verified(sent, hook["secret"]) is not is_over
    clock.sync(clock.now() - 24.1 * 3600)  # the hub is shared


def test_a_rotation_takes_the_callers_secret(api: Client, receiver: Receiver) -> None:
    own = "whsec_" + base64.b64encode(b"k" * 32).decode()
    hook = subscribe(api, receiver.url)
    assert rotate(api, hook, secret=own, overlap_hours=0)["secret"] == own
    publish(api)
    assert verified(receiver.wait_for(1)[0], own)


@pytest.mark.parametrize(
    "body",
    [
        {"overlap_hours": -1},
        {"overlap_hours": 169},
        {"overlap_hours": "soon"},
        {"secret": ""},
        {"secret": "whsec_!"},
        {"x": 1},
    ],
)
def test_a_rotation_that_cannot_be_changes_nothing(api: Client, receiver: Receiver, body: Json) -> None:
    hook = subscribe(api, receiver.url)
    assert api.post(f"/hooks/{hook['id']}/rotate-secret", json=body).status_code == 422
    publish(api)
    assert verified(receiver.wait_for(1)[0], hook["secret"])


def test_a_secret_that_is_no_key_is_refused_by_hand_too(
    live: LiveHub, project: str, api: Client, receiver: Receiver
) -> None:
    hook = subscribe(api, receiver.url, manual_edit=True)
    row = live.hub.database.read(lambda: projects.by_key(project))
    assert row is not None
    by_hand = (Requester("ann", frozenset({"manage"}), is_person=True), row)
    subscriptions = live.hub.services.subscriptions
    for secret in ("whsec_!", "", "x" * 257, "a\0b"):
        for change in (
            lambda secret=secret: subscriptions.rotate_secret(*by_hand, hook["id"], secret, 0),
            lambda secret=secret: subscriptions.update(*by_hand, hook["id"], HookChange(secret=secret)),
            lambda secret=secret: subscriptions.create(
                *by_hand, HookChange(target_url=receiver.url, events=("*",), secret=secret)
            ),
        ):
            with pytest.raises(Refusal) as refused:
                change()
            assert (problem_of(refused.value).status, refused.value.errors[0][0]) == (422, "secret")


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
