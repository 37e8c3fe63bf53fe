"""Which hooks an event would reach, and why not the others."""

from hub.store.models import Hook
from tests.rigs.api import Client, LiveHub
from tests.rigs.log import deliveries, publish, subscribe
from tests.rigs.receivers import Receiver


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
