"""One more attempt of a delivery, by hand."""

import time

import pytest

from hub.store.models import Delivery
from tests.rigs.api import Client, LiveHub
from tests.rigs.log import deliveries, publish, replay, settled, subscribe
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


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
