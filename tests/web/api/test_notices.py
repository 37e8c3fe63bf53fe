"""Notices over the API, and the events beside them."""

import json

from hub.store import notices
from tests.rigs.api import Client, LiveHub, publish
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def test_a_hook_that_is_gone_is_a_notice(api: Client, project: str, receiver: Receiver) -> None:
    receiver.answer = 410
    hook = api.post("/hooks", json={"target_url": receiver.url, "events": ["*"], "name": "Chat"}).json()
    assert api.get("/notices").json() == []
    publish(api)
    [one] = until(lambda: api.get("/notices").json())
    assert (one["kind"], one["subject"]) == ("gone", {"kind": "hook", "id": hook["id"], "name": "Chat"})
    assert one["closed_at"] is None
    api.delete(f"/hooks/{hook['id']}")
    assert api.get("/notices").json() == []
    [closed] = api.get("/notices", params={"state": "all"}).json()
    assert closed["closed_at"]
    assert api.get("/notices", params={"state": "all", "before": closed["id"]}).json() == []
    wrong = api.get("/notices", params={"before": "x"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["message"].startswith("must be a number")


def test_failing_and_working_again_are_events_for_whoever_asks(api: Client, receiver: Receiver) -> None:
    with Receiver(500) as failing:
        watching = {"target_url": receiver.url, "events": ["hook.failing", "hook.recovered"]}
        api.post("/hooks", json=watching)
        hook = api.post("/hooks", json={"target_url": failing.url, "events": ["*"]}).json()
        publish(api)
        [told] = receiver.wait_for(1)
        assert json.loads(told.body)["type"] == "hook.failing"
        assert json.loads(told.body)["data"] == {
            "id": hook["id"],
            "state": "failing",
            "reason": "answered 500",
        }
        failing.answer = 200
        api.post(f"/hooks/{hook['id']}/test")
        [_, told] = receiver.wait_for(2)
        assert json.loads(told.body)["type"] == "hook.recovered"
    assert api.get("/notices", params={"state": "all"}).json() == []


def test_another_projects_are_not_seen(live: LiveHub, api: Client) -> None:
    other = live.hub.database
    now = other.clock.now()
    other.write(lambda: notices.tell(other, "gone", "hook:x", 999_999, "x", "", now)).result()
    assert api.get("/notices").json() == []


def test_the_hubs_own_are_for_administrators_of_the_server(
    live: LiveHub, api: Client, admin: Client, project: str
) -> None:
    hub = live.hub.database
    now = hub.clock.now()
    hub.write(lambda: notices.tell(hub, "hub", "hub:network", None, "network", "", now)).result()
    mine = admin.get("/notices", params={"project": project}).json()
    assert [one["subject"]["kind"] for one in mine if one["kind"] == "hub"] == ["hub"]
    assert all(one["kind"] != "hub" for one in api.get("/notices").json())
