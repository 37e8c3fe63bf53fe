"""iceScrum's REST dialect as its clients use it (docs/connect/icescrum.md)."""

import hashlib
import hmac
import re

from hub.store import projects
from hub.store.models import Hook
from tests.rigs.api import SCOPES, Client, LiveHub
from tests.rigs.icescrum_client import STORY, IceScrumClient, hook, publish
from tests.rigs.ports import nowhere
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

KEYS = [
    "class",
    "id",
    "countErrors",
    "dateCreated",
    "dateLastRequest",
    "enabled",
    "eventMessageRendererClass",
    "events",
    "ignoreSsl",
    "lastError",
    "lastUpdated",
    "secret",
    "source",
    "url",
    "workspaceId",
    "workspaceType",
]
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STORY_SHA1 = "42c20f75acedd693ab0930bb6993b55009f35f8c"
"""Measured with a real iceScrum 7.55 and the secret `s3cret`."""


def test_it_serves_a_hooks_life_as_icescrum_does(ice: IceScrumClient, path: str) -> None:
    assert (ice.get(path).status_code, ice.get(path).json()) == (200, [])
    made = ice.post(path, json=hook())
    assert made.status_code == 201
    number = made.json()["id"]
    one = f"{path}/{number}"
    assert ice.get(one).json() == made.json()
    assert ice.get(path).json() == [made.json()]
    changed = ice.put(one, json={"hook": {"enabled": False}})
    assert (changed.status_code, changed.json()["enabled"]) == (200, False)
    posted = ice.post(one, json={"hook": {"enabled": True, "events": ["task.create", "task.delete"]}})
    assert (posted.status_code, posted.json()["enabled"]) == (200, True)
    assert sorted(posted.json()["events"]) == ["task.create", "task.delete"]
    assert posted.json()["id"] == number
    deleted = ice.delete(one)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "PUT", "POST", "DELETE"):
        gone = ice.request(method, one, json={"hook": {}} if method in ("PUT", "POST") else None)
        assert (gone.status_code, gone.content) == (404, b""), method
    assert ice.get(path).json() == []


def test_an_answer_has_icescrums_keys_in_its_order_with_its_types(
    ice: IceScrumClient, live: LiveHub, key: str, path: str
) -> None:
    body = ice.post(path, json=hook(ignoreSsl=True)).json()
    row = live.hub.database.read(lambda: projects.by_key(key))
    assert row is not None
    assert list(body) == KEYS
    assert body["class"] == "Hook"
    assert (body["workspaceId"], body["workspaceType"]) == (row.id, "project")
    assert type(body["id"]) is int
    assert (body["countErrors"], body["lastError"], body["dateLastRequest"]) == (0, None, None)
    assert DATE.fullmatch(body["dateCreated"])
    assert DATE.fullmatch(body["lastUpdated"])
    assert (body["enabled"], body["ignoreSsl"], body["eventMessageRendererClass"]) == (True, True, None)
    assert body["source"] == "resthook"


def test_a_hook_that_was_switched_off_for_its_failures_stays_so_when_written_back(
    ice: IceScrumClient, api: Client, live: LiveHub, path: str, receiver: Receiver
) -> None:
    """`enabled: false` in what was read must not become a person's switch: it would stop holding
    deliveries.
    """
    made = api.post("/hooks", json={"target_url": receiver.url, "events": ["*"]}).json()
    live.hub.database.write(
        lambda: Hook.update(state="auto_disabled", disabled_at=1.0).where(Hook.id == made["id"]).execute()
    ).result()
    read = ice.get(path).json()[0]
    assert read["enabled"] is False
    assert ice.put(f"{path}/{read['id']}", json={"hook": {**read, "ignoreSsl": True}}).status_code == 200
    assert api.get(f"/hooks/{made['id']}").json()["state"] == "auto_disabled"
    assert ice.put(f"{path}/{read['id']}", json={"hook": {"enabled": True}}).json()["enabled"] is True


def test_switching_on_again_clears_the_count(ice: IceScrumClient, live: LiveHub, path: str) -> None:
    number = ice.post(path, json=hook()).json()["id"]
    values = {
        "state": "auto_disabled",
        "disabled_at": 1.0,
        "consecutive_failures": 5,
        "last_error": "answered 500",
    }
    live.hub.database.write(lambda: Hook.update(values).where(Hook.number == number).execute()).result()
    read = ice.get(f"{path}/{number}").json()
    assert (read["enabled"], read["countErrors"], read["lastError"]) == (False, 5, "answered 500")
    on = ice.put(f"{path}/{number}", json={"hook": {"enabled": True}}).json()
    assert (on["enabled"], on["countErrors"], on["lastError"]) == (True, 0, None)


def test_its_delivery_is_icescrums_with_a_bare_event_and_the_right_signature(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    ice.post(path, json=hook(receiver.url, events=["story.create"], secret="s3cret"))
    assert api.get("/hooks").json()[0]["format"] == "icescrum"
    event = publish(api)
    sent = receiver.wait_for(1)[0]
    assert sent.body == STORY
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-icescrum-event"] == "story.create"
    assert sent.headers["x-icescrum-signature"] == STORY_SHA1
    assert sent.headers["x-icescrum-signature"] == hmac.new(b"s3cret", sent.body, hashlib.sha1).hexdigest()
    assert sent.headers["webhook-id"] == event["id"]
    assert "webhook-signature" in sent.headers


def test_a_hook_of_the_dialect_gets_its_format_in_an_open_project_too(
    live: LiveHub, receiver: Receiver
) -> None:
    key = live.project()
    token = live.token(*SCOPES, project=key)
    api = live.client_with(token)
    with IceScrumClient(live.url, token) as client:
        client.post(f"/ws/project/{key}/hook", json=hook(receiver.url, events=["order.paid"]))
    publish(api, "order.paid", b'{"n": 1.10}')
    sent = receiver.wait_for(1)[0]
    assert (sent.body, sent.headers["x-icescrum-event"]) == (b'{"n": 1.10}', "order.paid")
    assert "x-icescrum-signature" not in sent.headers


def test_a_change_is_one_delivery_whatever_events_a_hook_has(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    """iceScrum posts twice to a hook that has both `story.update` and `story.state`."""
    ice.post(
        path, json=hook(receiver.url, events=["story", "all", "story.update", "story.state", "story.state"])
    )
    assert publish(api, "story.state")["deliveries"] == 1
    publish(api, "task.create")
    codes = [sent.headers["x-icescrum-event"] for sent in receiver.wait_for(2)]
    assert sorted(codes) == ["story.state", "task.create"]
    assert [row["type"] for row in api.get("/deliveries").json()] == ["task.create", "story.state"]


def test_a_network_failure_is_counted_and_told(ice: IceScrumClient, api: Client, path: str) -> None:
    url = nowhere()
    number = ice.post(path, json=hook(url, events=["all"])).json()["id"]
    publish(api)
    counted = until(lambda: ice.get(f"{path}/{number}").json(), lambda shown: shown["countErrors"] == 1)
    assert "refused" in counted["lastError"].lower()
    assert counted["enabled"] is True


def test_after_a_410_the_hook_is_gone_for_its_client(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    receiver.answer = 410
    number = ice.post(path, json=hook(receiver.url)).json()["id"]
    publish(api)
    until(lambda: ice.get(path).json(), lambda shown: shown == [])
    for method in ("GET", "PUT", "DELETE"):
        answer = ice.request(
            method, f"{path}/{number}", json={"hook": {"enabled": True}} if method == "PUT" else None
        )
        assert (answer.status_code, answer.content) == (404, b"")


def test_a_switched_off_hook_gets_nothing(
    ice: IceScrumClient, api: Client, path: str, receiver: Receiver
) -> None:
    ice.post(path, json=hook(receiver.url, enabled=False))
    assert publish(api)["deliveries"] == 0


def test_the_list_is_whole_however_many_there_are(ice: IceScrumClient, path: str) -> None:
    numbers = [ice.post(path, json=hook()).json()["id"] for _ in range(205)]
    assert [one["id"] for one in ice.get(path).json()] == numbers[::-1]
    assert len(set(numbers)) == 205
