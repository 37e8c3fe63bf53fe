"""The rules of docs/delivery.md, end to end: a whole hub, real receivers, both engines."""

import contextlib
import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.rules.access import Requester
from hub.store import audit, redelivery
from tests.rigs.engine import Engine
from tests.rigs.receivers import Received, Receiver, Script, close_silently, hang, reset
from tests.rigs.waiting import DEADLINE_S, until

Make = Callable[..., Engine]


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Make]:
    """Makes a running hub with these settings."""
    made: list[Engine] = []

    def make(**tuned: Any) -> Engine:
        made.append(Engine(database_url, tmp_path, **tuned))
        return made[-1].__enter__()

    yield make
    for one in made:
        one.__exit__()


@pytest.fixture
def dead_url() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"


def held_back(count: int, then: Any) -> tuple[Callable[[Received], Any], threading.Event]:
    """An answer that keeps everybody waiting until `count` requests are there."""
    together = threading.Event()
    lock = threading.Lock()
    seen = [0]

    def answer(_: Received) -> Any:
        with lock:
            seen[0] += 1
            if seen[0] >= count:
                together.set()
        together.wait(DEADLINE_S)
        return then

    return answer, together


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
    with Receiver(answer) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        receiver.wait_for(2)
        receiver.answer = 200
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
        watching = hub.hook(watcher.url, ["hook.*"])
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
    hub = engine(failure_limit=0, retry_schedule_s=[0.1] * 40)
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
    hub = engine(failure_limit=2, retry_schedule_s=[30])
    answer, _ = held_back(8, 500)
    with Receiver(answer) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(8)
        until(lambda: hub.states(hook) == ["retrying"] * 8)
    assert (hub.row(hook).state, hub.row(hook).consecutive_failures) == ("failing", 1)
    assert hub.row(hook).in_flight == 0


def test_one_poisonous_event_neither_blocks_nor_disables_its_hook(engine: Make) -> None:
    hub = engine(failure_limit=3, retry_schedule_s=[0.1] * 6)
    with Receiver(lambda request: 400 if b"poison" in request.body else 200) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(data=b'{"poison":1}')
        good = 0

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
    with Receiver(lambda request: 400 if b"poison" in request.body else 200) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(data=b'{"poison":1}')
        hub.publish(10)
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


def test_a_hanging_target_delays_nobody(engine: Make) -> None:
    hub = engine(senders=24, attempt_timeout_s=300)
    with Receiver(hang()) as hanging, Receiver() as quick:
        stuck = [hub.hook(hanging.url, ["story.*"]) for _ in range(6)]
        hook = hub.hook(quick.url, ["task.*"])
        hub.publish(8, "story.create")
        hanging.wait_for(12)
        hub.publish(50, "task.create")
        quick.wait_for(50)
        assert 12 <= sum(hub.row(one).in_flight for one in stuck) <= 18, (
            "half of the senders, and one more for each"
        )
        hub.settled(hook)


def test_large_payloads_that_hang_take_half_of_the_memory_for_payloads_and_no_more(engine: Make) -> None:
    hub = engine(bytes_max=1_000_000, attempt_timeout_s=60)
    with Receiver(hang()) as hanging, Receiver() as quick:
        stuck = [hub.hook(hanging.url, ["story.*"]) for _ in range(4)]
        hook = hub.hook(quick.url, ["task.*"])
        large = b'{"x":"' + b"y" * 99_990 + b'"}'
        hub.publish(8, "story.create", large)
        hanging.wait_for(5)
        hub.publish(20, "task.create", large)
        hub.settled(hook)
        under_way = sum(hub.row(one).in_flight for one in stuck)
        assert 5 <= under_way <= 9, "five of 100 kB are half, and the first of each new hook is no slow one"
        hub.hub.stop(0.1)


def test_a_switched_off_hooks_deliveries_are_held_and_released_with_a_ramp(engine: Make) -> None:
    hub = engine(failure_limit=1)
    active, most, order = [0], [0], []
    lock = threading.Lock()

    def answer(_: Received) -> Any:
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
            order.append(active[0])

        def play(wire: Any, _: Received) -> None:
            wire.pause(0.05)
            with lock:
                active[0] -= 1
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        return Script(play, keep=True)

    with Receiver(500) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        until(lambda: hub.row(hook).state == "auto_disabled")
        assert sum(receipt.deliveries for receipt in hub.publish(39)) == 39
        assert hub.states(hook) == ["held"] * 40
        hub.switch(hook, True)
        hub.switch(hook, False)
        [receipt] = hub.publish()
        assert receipt.deliveries == 0, "a hook switched off by a person gets no new ones"
        until(lambda: hub.row(hook).in_flight == 0)
        assert hub.states(hook) == ["held"] * 40, "and keeps the open ones"
        receiver.answer = answer
        hub.switch(hook, True)
        hub.settled(hook)
    assert order[0] == 1
    assert max(order[:3]) <= 2
    assert max(order[:6]) <= 4
    assert most[0] == 8


def test_a_ping_is_never_counted_and_clears_failing(engine: Make) -> None:
    hub = engine(failure_limit=2, retry_schedule_s=[60])
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


@contextlib.contextmanager
def refused_attempts(hub: Engine, *, by: str, when: str = "1 = 1") -> Iterator[None]:
    """The database refuses rows of attempts for which `when` is true: as a full disk would (`by` "disk"), or
    because no row can be made of them ("row").
    """
    if hub.database.is_postgresql:
        state = {"disk": "53100", "row": "22000"}[by]
        hub.do(
            lambda: hub.database.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'no row can be made of it' USING ERRCODE = '{state}'; END $$"
            )
        )
        body = f"FOR EACH ROW WHEN ({when.replace('%', '%%')}) EXECUTE FUNCTION refuse()"
    else:
        fault = {
            "disk": "INSERT INTO missing VALUES (1)",
            "row": "SELECT RAISE(ABORT, 'no row can be made of it')",
        }[by]
        body = f"WHEN {when} BEGIN {fault}; END"
    hub.do(lambda: hub.database.execute(f"CREATE TRIGGER refused BEFORE INSERT ON attempt {body}"))
    yield
    table = " ON attempt" if hub.database.is_postgresql else ""
    hub.do(lambda: hub.database.execute(f"DROP TRIGGER refused{table}"))


def test_what_came_back_is_recorded_although_the_database_was_away_meanwhile(
    engine: Make, caplog: pytest.LogCaptureFixture
) -> None:
    hub = engine()
    answer, together = held_back(2, 200)
    with Receiver(answer) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        receiver.wait_for(1)
        with refused_attempts(hub, by="disk"):
            together.set()
            until(lambda: caplog.text.count("trying again") >= 2)
            assert hub.states(hook) == ["sending"]
        hub.settled(hook)
        assert len(receiver.requests) == 1, "it was not sent again"


def test_an_outcome_that_cannot_be_written_costs_no_other_its_own(engine: Make) -> None:
    """One row of a batch spoils its transaction, each time; the others must not be sent again and again for
    it.
    """
    hub = engine()
    answer, _ = held_back(4, None)

    def mixed(request: Received) -> Any:
        answer(request)
        return (200, {"X-Mark": "poison" if b"poison" in request.body else "good"}, b"")

    with (
        Receiver(mixed) as receiver,
        refused_attempts(hub, by="row", when="NEW.response_headers LIKE '%poison%'"),
    ):
        hook = hub.hook(receiver.url)
        hub.publish(3)
        hub.publish(1, data=b'{"poison":1}')
        until(lambda: hub.states(hook).count("delivered") == 3)
        until(lambda: hub.states(hook)[3] == "retrying")
        assert len([request for request in receiver.requests if b"poison" not in request.body]) == 3
        [attempt] = [one for one in hub.attempts(hook) if one.kind == "fault"][:1]
        assert "no row can be made of it" in str(attempt.reason)
        assert (hub.row(hook).consecutive_failures, hub.row(hook).state) == (0, "active")


def test_no_thread_to_send_with_is_the_hubs_own_fault(engine: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = engine()
    original = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("sender"):
            raise RuntimeError("can't start new thread")
        original(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    with Receiver() as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(3)
        until(lambda: hub.states(hook) == ["retrying"] * 3)
        assert {attempt.kind for attempt in hub.attempts(hook)} == {"fault"}
        monkeypatch.undo()
        hub.settled(hook)
        assert len(receiver.requests) == 3


def test_it_stops_when_what_is_under_way_has_ended_and_leaves_no_thread(
    database_url: str, tmp_path: Path
) -> None:
    before = set(threading.enumerate())
    answer, together = held_back(100, 200)
    with Receiver(answer) as receiver:
        with Engine(database_url, tmp_path) as hub:
            hook = hub.hook(receiver.url)
            hub.publish(20)
            receiver.wait_for(8)
            stopping = threading.Thread(target=hub.hub.stop)
            stopping.start()
            until(lambda: hub.services.dispatcher._is_stopping)  # type: ignore[union-attr]
            together.set()
            stopping.join(DEADLINE_S)
            assert not stopping.is_alive()
        ours = ("sender", "dispatcher", "write_")
        until(lambda: not [t for t in set(threading.enumerate()) - before if t.name.startswith(ours)])
        assert len(receiver.requests) == 8, "nothing more was taken"
    with Receiver() as receiver:
        again = Engine(database_url, tmp_path)
        again.do(
            lambda: again.database.execute(
                "UPDATE hook SET target_url = ?, version = version + 1", (receiver.url,)
            )
        )
        with again:
            again.settled(hook)
        assert len(receiver.requests) == 12, "what had ended was recorded, and nothing is sent twice"


def test_a_stop_waits_no_longer_than_it_may(database_url: str, tmp_path: Path) -> None:
    with Receiver(hang()) as receiver:
        hub = Engine(database_url, tmp_path, attempt_timeout_s=300)
        hub.hub.start()
        hub.hook(receiver.url)
        hub.publish()
        receiver.wait_for(1)
        began = time.monotonic()
        hub.hub.stop(0.5)
        assert time.monotonic() - began < DEADLINE_S
        dispatcher = hub.services.dispatcher
        assert dispatcher is not None
        until(lambda: not dispatcher.is_alive())


def test_an_idle_hub_uses_no_time_to_speak_of(engine: Make) -> None:
    hub = engine()
    with Receiver((503, {"Retry-After": "600"}, b"")) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(5)
        until(lambda: hub.row(hook).state == "failing")
        until(lambda: hub.row(hook).in_flight == 0)
        began, used = time.monotonic(), time.process_time()
        threading.Event().wait(2.0)  # nothing to wait for: it is the idling that is measured
        share = (time.process_time() - used) / (time.monotonic() - began)
    assert share < 0.1


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


def test_publishers_and_the_dispatcher_never_wait_for_each_other_in_a_circle(
    postgresql_url: str, tmp_path: Path
) -> None:
    """PostgreSQL would end each such circle after a second, by throwing one of them out."""
    with (
        Receiver(500) as bad,
        Receiver() as good,
        Engine(postgresql_url, tmp_path, failure_limit=0, retry_schedule_s=[0.02] * 20) as hub,
    ):
        made = [hub.hook(url) for url in [bad.url, good.url] * 10]

        def publish() -> None:
            for _ in range(25):
                hub.publish()

        threads = [threading.Thread(target=publish) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for hook in made[1::2]:
            hub.settled(hook)
        row = hub.database.read(
            lambda: hub.database.execute(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            ).fetchone()
        )
    assert row == (0,)


def test_an_unsubscribe_is_answered_only_when_what_was_taken_has_begun(
    database_url: str, tmp_path: Path
) -> None:
    """After the answer to a DELETE no further request may begin: a target that has unsubscribed may be
    gone.
    """
    may_begin = threading.Event()

    def hold_senders() -> None:
        if threading.current_thread().name.startswith("sender"):
            may_begin.wait(DEADLINE_S)

    hub = Engine(database_url, tmp_path, prepare_thread=hold_senders)
    by_hand = (Requester("a manager", frozenset({"manage"})), hub.project)
    with hub, Receiver() as receiver:
        hook = hub.hook(receiver.url)
        hub.publish(1)
        until(lambda: hub.states(hook) == ["sending"])
        deleting = threading.Thread(target=hub.services.subscriptions.delete, args=(*by_hand, hook))
        deleting.start()
        until(lambda: hub.row(hook).deleted_at is not None)
        assert deleting.is_alive(), "it is not answered yet"
        may_begin.set()
        deleting.join(DEADLINE_S)
        assert not deleting.is_alive()
        receiver.wait_for(1)


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


def test_it_draws_chance_from_a_generator_of_its_own(engine: Make) -> None:
    """The process shares the global one: whoever seeds or replays it (hypothesis does) would find it
    moved.
    """
    before = random.getstate()
    hub = engine(retry_schedule_s=[60])
    with Receiver(500) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        until(lambda: hub.states(hook) == ["retrying"])
    assert random.getstate() == before
