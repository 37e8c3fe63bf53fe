"""Reverse unsubscribe: an app that asks for it is told, once, when somebody else ends its hook; and nothing
hangs on the telling.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from hub.operations import unsubscribe
from hub.rules.access import Requester
from hub.store import projects, settings
from tests.rigs.api import Client, LiveHub, serving
from tests.rigs.ports import nowhere
from tests.rigs.receivers import Answer, Received, Receiver, Reply, close_silently, hang, reset
from tests.rigs.requesters import ADMIN
from tests.rigs.waiting import until

Json = dict[str, Any]
EVENT = {"type": "order.paid", "data": {"n": 1}}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    with serving(tmp_path_factory.mktemp("hub")) as running:
        database = running.hub.database
        database.write(
            lambda: settings.change({"failure_limit": 2, "retry_schedule_s": [0.0, 0.05]})
        ).result()
        yield running


@pytest.fixture
def key(live: LiveHub) -> str:
    return live.project()


@pytest.fixture
def manager(live: LiveHub, key: str) -> Client:
    return live.client("manage", "read", "publish", project=key)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def make(live: LiveHub, key: str, url: str, app: str = "zapier") -> tuple[Client, str]:
    client = live.client("subscribe", project=key, app=app)
    made = client.post("/hooks", json={"target_url": url, "event": "*"})
    assert made.status_code == 201, made.text
    return client, made.json()["id"]


def told(receiver: Receiver) -> list[Received]:
    return [request for request in receiver.requests if request.method == "DELETE"]


def nothing_is_told(live: LiveHub, key: str, receiver: Receiver) -> bool:
    """A hook made and ended after it has been told: the queue is first in, first out, so nothing came
    before.
    """
    with Receiver() as marker:
        for _ in range(4):  # more than there are threads to tell
            _, hook_id = make(live, key, marker.url)
            live.client("manage", project=key).delete(f"/hooks/{hook_id}")
        marker.wait_for(4)
    return told(receiver) == []


def fails_events(request: Received) -> Reply:
    return 200 if request.method == "DELETE" else 500


def test_a_zap_is_told_when_a_manager_deletes_its_hook(
    live: LiveHub, key: str, manager: Client, receiver: Receiver
) -> None:
    _, hook_id = make(live, key, receiver.url)
    assert manager.delete(f"/hooks/{hook_id}").status_code == 200
    request = receiver.wait_for(1)[0]
    assert (request.method, request.path, request.body) == ("DELETE", "/hook", b"")
    assert request.headers["user-agent"].startswith("hookhub/")
    assert manager.delete(f"/hooks/{hook_id}").status_code == 404
    _, another = make(live, key, receiver.url)
    manager.delete(f"/hooks/{another}")
    assert len(receiver.wait_for(2)) == 2  # the second is the other hook's


def test_a_zap_is_told_when_a_manager_deletes_its_hook_by_hand(
    live: LiveHub, key: str, receiver: Receiver
) -> None:
    _, hook_id = make(live, key, receiver.url)
    row = live.hub.database.read(lambda: projects.by_key(key))
    assert row is not None
    by_hand = (Requester("ann", frozenset({"manage"}), is_person=True), row)
    live.hub.services.subscriptions.delete(*by_hand, hook_id)
    assert receiver.wait_for(1)[0].method == "DELETE"


def test_a_zap_is_told_once_when_its_hook_is_switched_off_for_failures(
    live: LiveHub, key: str, manager: Client, receiver: Receiver
) -> None:
    receiver.answer = fails_events
    _, hook_id = make(live, key, receiver.url)
    manager.post("/events", json=EVENT)
    until(lambda: manager.get(f"/hooks/{hook_id}").json()["state"], lambda state: state == "auto_disabled")
    until(lambda: told(receiver), lambda found: len(found) == 1)
    manager.delete(f"/hooks/{hook_id}")  # the app knows already
    with Receiver() as marker:
        for _ in range(4):
            _, other = make(live, key, marker.url)
            manager.delete(f"/hooks/{other}")
        marker.wait_for(4)
    assert len(told(receiver)) == 1


def test_a_zap_that_was_switched_on_again_is_told_of_its_next_end(
    live: LiveHub, key: str, manager: Client, receiver: Receiver
) -> None:
    receiver.answer = fails_events
    _, hook_id = make(live, key, receiver.url)
    manager.post("/events", json=EVENT)
    until(lambda: told(receiver), lambda found: len(found) == 1)
    receiver.answer = 200
    assert manager.post(f"/hooks/{hook_id}/enable").status_code == 200
    assert manager.delete(f"/hooks/{hook_id}").status_code == 200
    until(lambda: told(receiver), lambda found: len(found) == 2)


def test_zaps_are_told_when_their_project_is_deleted(live: LiveHub, key: str, receiver: Receiver) -> None:
    make(live, key, f"{receiver.url}/one")
    make(live, key, f"{receiver.url}/two")
    own, ended = make(live, key, f"{receiver.url}/ended")
    own.delete(f"/hooks/{ended}")
    live.hub.services.projects.delete(ADMIN, key)
    until(
        lambda: sorted(one.path for one in told(receiver)), lambda paths: paths == ["/hook/one", "/hook/two"]
    )


def test_an_app_that_ends_its_own_hook_is_not_told(live: LiveHub, key: str, receiver: Receiver) -> None:
    client, hook_id = make(live, key, receiver.url)
    assert client.delete(f"/hooks/{hook_id}").status_code == 200
    assert nothing_is_told(live, key, receiver)


def test_an_app_that_asked_for_no_more_with_410_is_not_told(
    live: LiveHub, key: str, manager: Client, receiver: Receiver
) -> None:
    receiver.answer = 410
    _, hook_id = make(live, key, receiver.url)
    manager.post("/events", json=EVENT)
    until(lambda: manager.get(f"/hooks/{hook_id}").json()["state"], lambda state: state == "gone")
    assert manager.delete(f"/hooks/{hook_id}").status_code == 200
    assert nothing_is_told(live, key, receiver)


def test_apps_that_do_not_ask_for_it_are_not_told(
    live: LiveHub, key: str, manager: Client, receiver: Receiver
) -> None:
    _, hook_id = make(live, key, receiver.url, app="n8n")
    assert manager.delete(f"/hooks/{hook_id}").status_code == 200
    receiver.answer = fails_events
    _, failing = make(live, key, receiver.url, app="n8n")
    manager.post("/events", json=EVENT)
    until(lambda: manager.get(f"/hooks/{failing}").json()["state"], lambda state: state == "auto_disabled")
    assert nothing_is_told(live, key, receiver)


def test_targets_of_api_hooks_and_of_hooks_taken_over_are_not_told(
    live: LiveHub, key: str, manager: Client, receiver: Receiver
) -> None:
    own = manager.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()["id"]
    _, zaps = make(live, key, receiver.url)
    manager.post(f"/hooks/{zaps}/take-over")
    for hook_id in (own, zaps):
        assert manager.delete(f"/hooks/{hook_id}").status_code == 200
    assert nothing_is_told(live, key, receiver)


def test_switching_off_by_hand_tells_nobody(
    live: LiveHub, key: str, manager: Client, receiver: Receiver
) -> None:
    _, hook_id = make(live, key, receiver.url)
    manager.post(f"/hooks/{hook_id}/disable")
    assert nothing_is_told(live, key, receiver)


@pytest.mark.parametrize(
    "answer",
    [500, 404, 302, close_silently(), reset(), hang()],
    ids=["500", "404", "302", "closed", "reset", "hang"],
)
def test_a_target_that_fails_the_telling_harms_nothing(
    live: LiveHub,
    key: str,
    manager: Client,
    receiver: Receiver,
    answer: Answer,
) -> None:
    receiver.answer = answer
    _, hook_id = make(live, key, receiver.url)
    began = time.monotonic()
    assert manager.delete(f"/hooks/{hook_id}").status_code == 200
    assert time.monotonic() - began < unsubscribe.TIMEOUT_S
    receiver.wait_for(1)
    with Receiver() as marker:
        for _ in range(4):
            _, other = make(live, key, marker.url)
            manager.delete(f"/hooks/{other}")
        marker.wait_for(4)
    assert len(told(receiver)) == 1  # never repeated
    assert manager.get("/deliveries").json() == []  # and no delivery


def test_a_target_that_refuses_the_connection_harms_nothing(live: LiveHub, key: str, manager: Client) -> None:
    url = nowhere()
    _, hook_id = make(live, key, url)
    assert manager.delete(f"/hooks/{hook_id}").status_code == 200
    with Receiver() as marker:
        assert nothing_is_told(live, key, marker)


def test_a_hook_can_be_deleted_while_the_hub_stops(live: LiveHub) -> None:
    """Then nobody is told; the deletion stands."""
    teller = unsubscribe.ReverseUnsubscribe(live.hub.database, live.hub.services.outbound)
    teller.close()
    teller.hook_ended("hook_1")
