"""The dispatcher, end to end: bounds, stop and unsubscribe; a whole hub, real receivers, both
engines.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.rules.access import Requester
from tests.rigs.engine import Engine
from tests.rigs.receivers import Received, Receiver, Script, hang, held_back
from tests.rigs.waiting import DEADLINE_S, until

Make = Callable[..., Engine]


def test_a_hanging_target_delays_nobody(engine: Make) -> None:
    hub = engine(senders=24)
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
    hub = engine(bytes_max=1_000_000)
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
    lock, are_eight = threading.Lock(), threading.Event()

    def answer(_: Received) -> Any:
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
            order.append(active[0])
            number = len(order)
            if active[0] == 8:
                are_eight.set()

        def play(wire: Any, _: Received) -> None:
            if number > 7:  # seven successes make it eight, however slowly they come
                are_eight.wait(DEADLINE_S)
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
            until(lambda: hub.services.dispatcher._runs._is_over)  # type: ignore[union-attr]
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
        hub = Engine(database_url, tmp_path)
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
