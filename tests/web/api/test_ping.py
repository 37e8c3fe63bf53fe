"""Tests of a hook by hand or by its app: once, never counted, and never at the expense of the
other calls.
"""

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pytest
import requests

from hub.operations.room import AT_ONCE_MAX
from hub.store import settings
from hub.store.models import Hook
from tests.rigs.api import Client, LiveHub, serving
from tests.rigs.receivers import Receiver, hang
from tests.rigs.waiting import DEADLINE_S

Json = dict[str, Any]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    with serving(tmp_path_factory.mktemp("hub")) as running:
        database = running.hub.database
        database.write(
            lambda: settings.change(
                {"failure_limit": 2, "retry_schedule_s": [600.0], "attempt_timeout_s": 300}
            )
        ).result()
        yield running


def subscribe(api: Client, receiver: Receiver) -> str:
    return str(api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()["id"])


def test_a_test_is_sent_once_signed_and_kept_in_the_log(api: Client, receiver: Receiver) -> None:
    hook_id = subscribe(api, receiver)
    answer = api.post(f"/hooks/{hook_id}/ping").json()
    assert (answer["success"], answer["status"], answer["hook_id"]) == (True, 200, hook_id)
    sent = receiver.wait_for(1)[0]
    assert sent.headers["webhook-id"] == answer["event_id"]
    assert "webhook-signature" in sent.headers
    shown = api.get(f"/deliveries/{answer['delivery_id']}").json()
    assert (shown["state"], shown["type"], shown["attempt_count"]) == ("delivered", "hook.ping", 1)
    assert api.get("/events").json() == []


def test_tests_that_fail_are_neither_counted_nor_retried(api: Client, receiver: Receiver) -> None:
    hook_id = subscribe(api, receiver)
    for status in (500, 404, 410, 302, 500):
        receiver.answer = status
        answer = api.post(f"/hooks/{hook_id}/ping").json()
        assert (answer["success"], answer["status"]) == (False, status)
    shown = api.get(f"/hooks/{hook_id}").json()
    assert (shown["state"], shown["consecutive_failures"]) == ("active", 0)
    assert {row["state"] for row in api.get("/deliveries").json()} == {"failed"}
    assert len(receiver.requests) == 5


@pytest.mark.parametrize(
    ("state", "after"), [("failing", "active"), ("disabled", "disabled"), ("auto_disabled", "auto_disabled")]
)
def test_a_test_that_succeeds_clears_failing_and_switches_nothing_on(
    api: Client, live: LiveHub, receiver: Receiver, state: str, after: str
) -> None:
    hook_id = subscribe(api, receiver)
    live.hub.database.write(
        lambda: Hook.update(state=state, consecutive_failures=1).where(Hook.id == hook_id).execute()
    ).result()
    assert api.post(f"/hooks/{hook_id}/ping").json()["success"] is True
    assert api.get(f"/hooks/{hook_id}").json()["state"] == after


@pytest.mark.parametrize("what", ["ping", "handshake"])
def test_targets_that_hang_leave_threads_for_the_other_calls(
    api: Client, live: LiveHub, project: str, receiver: Receiver, what: str
) -> None:
    """One app's token and a target that never answers must not stop the API, nor the publishers whose tokens
    it looks up.
    """
    receiver.answer = hang()
    hook_id = subscribe(api, receiver)
    most = AT_ONCE_MAX
    token = live.token("subscribe", project=project)
    answers: SimpleQueue[requests.Response] = SimpleQueue()

    def call() -> None:
        with Client(live.url, token) as client:
            if what == "ping":
                answers.put(client.post(f"/hooks/{hook_id}/ping"))
            else:
                answers.put(
                    client.post(
                        "/hooks", json={"target_url": receiver.url, "event": "*", "handshake": "cloudevents"}
                    )
                )

    callers = [threading.Thread(target=call) for _ in range(40)]
    for caller in callers:
        caller.start()
    receiver.wait_for(most)
    assert api.post("/events", json={"type": "a.b", "data": {}}).status_code == 202
    assert api.get("/hooks").status_code == 200
    for _ in range(40 - most):
        refused = answers.get(timeout=DEADLINE_S)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    receiver.drop_connections()
    for caller in callers:
        caller.join(DEADLINE_S)
    assert answers.qsize() == most
    receiver.answer = 200
    assert (
        api.post(f"/hooks/{subscribe(api, receiver)}/ping").json()["success"] is True
    )  # there is room again
