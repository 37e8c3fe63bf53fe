"""Turns, end to end: bounds, trouble with the database, stop and unsubscribe; a whole hub, real receivers, both
engines.
"""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.rules.access import Requester
from tests.rigs.engine import Engine
from tests.rigs.receivers import Received, Receiver, Script, hang, held_back
from tests.rigs.waiting import DEADLINE_S, until

Make = Callable[..., Engine]


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
