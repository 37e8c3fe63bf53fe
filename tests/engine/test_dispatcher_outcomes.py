"""What becomes of a delivery and its hook by what came back (docs/delivery.md), end to end: a whole hub, real
receivers, both engines.
"""

import itertools
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hub.store import audit, redelivery
from tests.rigs.engine import Engine
from tests.rigs.receivers import Received, Receiver, close_silently, held_back, reset
from tests.rigs.waiting import DEADLINE_S, until

Make = Callable[..., Engine]


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_2xx_delivers(engine: Make, status: int) -> None:
    hub = engine()
    with Receiver(status) as receiver:
        hook = hub.hook(receiver.url)
        [receipt] = hub.publish(data=b'{ "a": 1.10 }')
        hub.settled(hook)
    assert receipt.deliveries == 1
    [request] = receiver.requests
    assert b'"data":{ "a": 1.10 }' in request.body.replace(b'"data": {', b'"data":{')
    assert request.headers["webhook-id"] == receipt.id
    assert request.headers["x-hub-attempt"] == "1"
    [attempt] = hub.attempts(hook)
    assert (attempt.kind, attempt.status, attempt.was_sent) == ("success", status, True)
    assert hub.row(hook).last_success_at == pytest.approx(hub.database.clock.now(), abs=20)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (302, 302),
        (404, 404),
        (500, 500),
        (503, 503),
        (close_silently(), None),
        (reset(), None),
    ],
    ids=["302", "404", "500", "503", "closed", "reset"],
)
def test_everything_else_fails_and_is_tried_again_with_the_same_ids(
    engine: Make, answer: Any, status: int | None
) -> None:
    hub = engine()
    answers = iter([answer, answer])
    with Receiver(lambda _: next(answers, 200)) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        hub.settled(hook)
        first, *_, last = receiver.requests
    assert first.body == last.body
    assert first.headers["webhook-id"] == last.headers["webhook-id"]
    assert first.headers["x-hub-delivery"] == last.headers["x-hub-delivery"]
    attempts = hub.attempts(hook)
    assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert {attempt.status for attempt in attempts[:-1]} == {status}
    assert (hub.row(hook).state, hub.row(hook).consecutive_failures) == ("active", 0)


def test_a_dead_target_is_tried_five_times_and_then_switched_off_and_others_are_told(
    engine: Make, dead_url: str
) -> None:
    hub = engine(failure_limit=5)
    with Receiver() as watcher:
        watching = hub.hook(watcher.url, ["hook.disabled"])
        hook = hub.hook(dead_url, ["*", "hook.disabled"])
        hub.publish()
        [told] = watcher.wait_for(1)
        hub.settled(watching)
        assert hub.states(hook) == ["held"]
    row = hub.row(hook)
    assert (row.state, row.consecutive_failures) == ("auto_disabled", 5)
    assert "5 requests in a row failed" in row.disabled_reason
    attempts = hub.attempts(hook)
    assert [(attempt.number, attempt.kind, attempt.phase) for attempt in attempts] == [
        (n, "failure", "connect") for n in range(1, 6)
    ]
    assert all(
        later.started_at >= earlier.started_at + 0.08 for earlier, later in itertools.pairwise(attempts)
    )
    body = json.loads(told.body)
    assert (body["type"], body["data"]["id"], body["data"]["state"]) == (
        "hook.disabled",
        hook,
        "auto_disabled",
    )
    entries = hub.database.read(lambda: list(audit.entries(hub.project.id, hook, None, 10)))
    assert [entry.action for entry in entries] == ["hook.disabled"]
    hub.publish()
    assert hub.states(hook) == ["held", "held"]
    assert len(hub.attempts(hook)) == 5, "nothing more is sent"
    assert len(hub.events("hook.disabled")) == 1


def test_a_lower_limit_applies_from_the_next_failure_on(engine: Make) -> None:
    hub = engine(failure_limit=0, retry_schedule_s=[0.1] * 1000)
    with Receiver(500) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        receiver.wait_for(4)
        assert hub.row(hook).state == "failing"
        hub.tune(failure_limit=3)
        until(lambda: hub.row(hook).state == "auto_disabled")
        sent = len(receiver.requests)
        assert hub.row(hook).consecutive_failures == len(hub.attempts(hook)) == sent


def test_eight_failures_at_once_are_one(engine: Make) -> None:
    hub = engine(failure_limit=2, retry_schedule_s=[3600])
    answer, _ = held_back(8, 500)
    with Receiver(answer) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(8)
        until(lambda: hub.states(hook) == ["retrying"] * 8)
    assert (hub.row(hook).state, hub.row(hook).consecutive_failures) == ("failing", 1)
    assert hub.row(hook).in_flight == 0


def poisonous_first(hub: Engine, receiver: Receiver, good: int) -> str:
    """A hook that gets an event which its receiver refuses, and good ones; one of those succeeds after the first
    refusal is recorded, and before the second try: in between there is a request under way.
    """
    is_there, may_end = threading.Event(), threading.Event()

    def answer(request: Received) -> int:
        if b"poison" in request.body:
            is_there.wait(DEADLINE_S)
            return 400
        is_there.set()
        may_end.wait(DEADLINE_S)
        return 200

    receiver.answer = answer
    hook = hub.hook(receiver.url)
    hub.publish(data=b'{"poison":1}')
    hub.publish(good)
    until(lambda: hub.row(hook).state == "failing")
    may_end.set()
    return hook


def test_one_poisonous_event_neither_blocks_nor_disables_its_hook(engine: Make) -> None:
    hub = engine(failure_limit=3, retry_schedule_s=[0.1] * 6)
    with Receiver() as receiver:
        hook = poisonous_first(hub, receiver, good=1)
        good = 1

        def goes_on() -> bool:
            nonlocal good
            if good < 300:
                hub.publish()
                good += 1
            assert hub.row(hook).state in ("active", "failing")
            return hub.states(hook)[0] == "failed"

        until(goes_on)
        until(lambda: hub.states(hook)[1:] == ["delivered"] * good)
    poison = [request for request in receiver.requests if b"poison" in request.body]
    assert len(poison) == 7, "the first try and six retries"
    assert hub.row(hook).state == "active"


def test_a_poisonous_event_that_is_left_alone_after_a_burst_does_not_disable_its_hook(engine: Make) -> None:
    """Nothing else is published while it uses up its tries: others got through since it failed first, so it
    tells only of itself.
    """
    hub = engine(failure_limit=3, retry_schedule_s=[0.1] * 6)
    with Receiver() as receiver:
        hook = poisonous_first(hub, receiver, good=10)
        until(lambda: hub.states(hook) == ["failed", *["delivered"] * 10])
        assert len([request for request in receiver.requests if b"poison" in request.body]) == 7
    assert (hub.row(hook).state, hub.row(hook).disabled_at) == ("active", None)


def test_410_ends_an_api_hook_and_tells_others(engine: Make) -> None:
    hub = engine()
    with Receiver(410) as receiver, Receiver() as watcher:
        hub.hook(watcher.url, ["hook.gone"])
        hook = hub.hook(receiver.url)
        hub.publish(1)
        [told] = watcher.wait_for(1)
        assert json.loads(told.body)["type"] == "hook.gone"
        [receipt] = hub.publish()
        assert receipt.deliveries == 0, "it gets no more"
        until(lambda: hub.states(hook) == ["failed"])
        assert len(receiver.requests) == 1
    assert hub.row(hook).state == "gone"


def test_410_switches_a_pages_hook_off_and_keeps_it(engine: Make) -> None:
    hub = engine()
    with Receiver(410) as receiver:
        hook = hub.hook(receiver.url, origin="page")
        hub.publish()
        until(lambda: hub.row(hook).state == "auto_disabled")
        assert "410" in hub.row(hook).disabled_reason
        [receipt] = hub.publish()
        assert receipt.deliveries == 1
        assert hub.states(hook)[1] == "held"
        receiver.answer = 200
        hub.switch(hook, True)
        until(lambda: hub.states(hook) == ["failed", "delivered"])


def test_retry_after_is_kept(engine: Make) -> None:
    hub = engine()
    with Receiver((503, {"Retry-After": "3600"}, b"later")) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        until(lambda: hub.states(hook) == ["retrying"])
        [row] = hub.deliveries(hook)
        assert row.next_at == pytest.approx(hub.database.clock.now() + 3600, abs=20)
        assert hub.attempts(hook)[0].response_body == b"later"


def test_a_receiver_that_says_429_is_waited_for_and_never_counted(engine: Make) -> None:
    hub = engine(failure_limit=1, retry_schedule_s=[3600])
    answers = iter([(429, {"Retry-After": "1"}, b"slow down")])
    with Receiver(lambda request: next(answers, 200)) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        hub.settled(hook)
        assert [attempt.kind for attempt in hub.attempts(hook)] == ["later", "success"]
        [row] = hub.deliveries(hook)
        assert (row.failures, row.faults, row.deferrals) == (0, 0, 1)
        first, second = receiver.requests
        assert second.at - first.at >= 1.0 - 0.1
    assert (hub.row(hook).state, hub.row(hook).consecutive_failures) == ("active", 0)


def test_after_the_last_try_it_is_failed_and_can_be_sent_again_by_hand(engine: Make) -> None:
    hub = engine(failure_limit=0, retry_schedule_s=[0.05, 0.05])
    with Receiver(500) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        hub.settled(hook, "failed")
        assert len(receiver.requests) == 3
        receiver.answer = 200
        [row] = hub.deliveries(hook)
        assert hub.do(
            lambda: redelivery.retry_now(hub.database, row.id, row.hook_id, hub.database.clock.now())
        )
        hub.services.wake()
        hub.settled(hook)
        assert receiver.requests[-1].headers["x-hub-attempt"] == "4"
        assert receiver.requests[-1].headers["x-hub-delivery"] == row.id


def test_no_way_into_the_network_is_the_hubs_own_fault_and_costs_no_hook_anything(engine: Make) -> None:
    hub = engine(failure_limit=1, retry_schedule_s=[])
    broadcast = [hub.hook(f"http://127.255.255.255:{port}/") for port in (8001, 8002)]
    hub.publish()
    for hook in broadcast:
        until(lambda hook=hook: hub.states(hook) == ["retrying"])
        assert {attempt.kind for attempt in hub.attempts(hook)} == {"fault"}
        assert (hub.row(hook).state, hub.row(hook).consecutive_failures) == ("active", 0)


def test_what_the_policy_refuses_is_shown_and_not_counted(engine: Make) -> None:
    hub = engine(failure_limit=1)
    hook = hub.hook("http://10.255.255.1/")
    hub.publish()
    hub.settled(hook, "refused")
    assert (hub.row(hook).state, hub.row(hook).consecutive_failures) == ("active", 0)
    assert hub.row(hook).last_error


def test_a_row_that_cannot_be_read_is_the_hubs_own_fault_and_no_others(engine: Make) -> None:
    hub = engine(failure_limit=1)
    with Receiver() as receiver:
        broken, good = hub.hook(receiver.url, secret="a"), hub.hook(receiver.url)
        hub.do(lambda: hub.database.execute("UPDATE hook SET secrets = 'nonsense' WHERE id = ?", (broken,)))
        hub.publish()
        hub.settled(good)
        until(lambda: hub.states(broken) == ["retrying"])
        assert (hub.row(broken).state, hub.row(broken).consecutive_failures) == ("active", 0)
        assert "HUB_SECRET_KEY" in hub.row(broken).last_error


def test_a_ping_is_never_counted_and_clears_failing(engine: Make) -> None:
    hub = engine(failure_limit=2, retry_schedule_s=[3600])
    with Receiver(500) as receiver:
        hook = hub.hook(receiver.url)
        for _ in range(3):
            assert hub.ping(hook).outcome.status == 500
        assert (hub.row(hook).state, hub.row(hook).consecutive_failures) == ("active", 0)
        hub.publish()
        until(lambda: hub.row(hook).state == "failing")
        hub.ping(hook)
        assert hub.row(hook).consecutive_failures == 1
        receiver.answer = 200
        assert hub.ping(hook).outcome.kind == "success"
        assert (hub.row(hook).state, hub.row(hook).consecutive_failures, hub.row(hook).open_until) == (
            "active",
            0,
            None,
        )
    kinds = [row.type for row in hub.deliveries(hook)]
    assert kinds.count("hook.ping") == 5
    assert {row.state for row in hub.deliveries(hook) if row.type == "hook.ping"} == {"failed", "delivered"}
    assert all(row.attempts == 1 for row in hub.deliveries(hook))


def test_a_ping_switches_nothing_on(engine: Make) -> None:
    hub = engine()
    with Receiver() as receiver:
        hook = hub.hook(receiver.url)
        hub.switch(hook, False)
        assert hub.ping(hook).outcome.kind == "success"
        assert hub.row(hook).state == "disabled"


def test_a_repeated_key_answers_the_first_event_and_sends_nothing(engine: Make) -> None:
    hub = engine()
    with Receiver() as receiver:
        hook = hub.hook(receiver.url)
        [first] = hub.publish(key="k")
        [again] = hub.publish(key="k", data=b'{"other":1}')
        assert (again.id, again.deliveries, again.is_duplicate) == (first.id, 1, True)
        same = hub.publish(3, key="twice in one request")
        assert [receipt.is_duplicate for receipt in same] == [False, True, True]
        assert len({receipt.id for receipt in same}) == 1
        until(lambda: hub.states(hook) == ["delivered"] * 2)
        assert len(receiver.requests) == 2


def test_an_outcome_names_what_was_sent_and_hides_its_credentials(engine: Make) -> None:
    hub = engine()
    with Receiver() as receiver:
        hook = hub.hook(receiver.url, headers={"X-Token": "credential"}, secret="whsec_c2VjcmV0")
        hub.publish()
        hub.settled(hook)
        [request] = receiver.requests
    assert request.headers["x-token"] == "credential"
    assert request.headers["webhook-signature"].startswith("v1,")
    [attempt] = hub.attempts(hook)
    assert "credential" not in attempt.request_headers
    assert "c2VjcmV0" not in attempt.request_headers


def test_an_app_is_not_told_about_another_apps_hook(engine: Make, dead_url: str) -> None:
    hub = engine(failure_limit=1)
    with Receiver() as receiver:
        for path, origin, app in (
            ("/zapier", "app", "zapier"),
            ("/n8n", "app", "n8n"),
            ("/page", "page", None),
        ):
            hub.hook(receiver.url + path, ["hook.disabled"], origin, origin_app=app)
        hub.hook(dead_url, ["story.create"], "app", origin_app="n8n")
        hub.publish(1, "story.create")
        receiver.wait_for(2)
        assert sorted(request.path.rpartition("/")[2] for request in receiver.requests) == ["n8n", "page"]
