"""Runs, end to end: what is leased ahead of a hook that is well begins without a turn, and never when it must
not.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.engine.dispatcher import wait_for_others
from hub.engine.in_flight import InFlight
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import hooks
from tests.rigs.engine import Engine
from tests.rigs.receivers import Received, Receiver, Script, held_back
from tests.rigs.waiting import DEADLINE_S, until

Make = Callable[..., Engine]
MOST = 8


class Unhurried(InFlight):
    """The requests under way, of which none counts as lasting long: these tests hold them up as they need."""

    is_hurried = False

    def stalled(self, now: float) -> set[str]:
        return super().stalled(now) if self.is_hurried else set()


def ready(hub: Engine, receiver: Receiver, count: int, then: int = 200) -> tuple[str, threading.Event]:
    """A hook that is well, with `MOST` requests that wait for the event and as many leased ahead."""
    hook = hub.hook(receiver.url)
    hub.publish()
    hub.settled(hook)
    receiver.answer, together = held_back(10_000, then)
    hub.publish(count)
    receiver.wait_for(1 + MOST)
    until(lambda: hub.row(hook).in_flight == 2 * MOST)
    return hook, together


def begun(hub: Engine, hook: str) -> list[int]:
    return [row.attempts for row in hub.deliveries(hook)[1:]]


def test_a_hook_has_as_much_under_way_as_it_may_and_no_more_whatever_is_leased(engine: Make) -> None:
    hub = engine(in_flight=Unhurried())
    lock, active, most, are_most = threading.Lock(), [0], [0], threading.Event()

    def answer(_: Received) -> Any:
        with lock:
            active[0] += 1
            most[0] = max(most[0], active[0])
            if active[0] == MOST:
                are_most.set()

        def play(wire: Any, _: Received) -> None:
            are_most.wait(DEADLINE_S)
            wire.pause(0.002)
            with lock:
                active[0] -= 1
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        return Script(play, keep=True)

    with Receiver() as receiver:
        hook, together = ready(hub, receiver, 50)
        receiver.answer = answer
        together.set()
        hub.settled(hook)
        hub.publish(250)
        hub.settled(hook)
        ids = [request.headers["x-hub-delivery"] for request in receiver.requests]
    assert len(ids) == len(set(ids)) == 301
    assert most[0] == MOST
    assert hub.row(hook).in_flight == 0
    assert begun(hub, hook) == [1] * 300


def test_the_first_failure_stops_it_and_what_had_not_begun_uses_no_try(engine: Make) -> None:
    hub = engine(in_flight=Unhurried(), retry_schedule_s=[3600])
    with Receiver() as receiver:
        hook, together = ready(hub, receiver, 30, then=500)
        together.set()
        until(lambda: hub.row(hook).consecutive_failures == 2)
        until(lambda: hub.row(hook).in_flight == 0)
        assert len(receiver.requests) == 1 + MOST + 1, "one more, alone, as ever after one failure"
    assert sorted(begun(hub, hook)) == [0] * 21 + [1] * 9


def test_nothing_begins_once_an_unsubscribe_is_answered(engine: Make) -> None:
    hub = engine(in_flight=Unhurried())
    with Receiver() as receiver:
        hook, together = ready(hub, receiver, 30)
        manager = Requester("a manager", frozenset({"manage"}))
        hub.services.subscriptions.delete(manager, hub.project, hook)
        together.set()
        until(lambda: hub.row(hook).in_flight == 0)
        assert len(receiver.requests) == 1 + MOST
    assert begun(hub, hook) == [1] * MOST + [0] * 22


def test_nor_where_another_process_has_answered_it(engine: Make) -> None:
    hub = engine(in_flight=Unhurried())
    with Receiver() as receiver:
        hook, together = ready(hub, receiver, 30)
        hub.switch(hook, False)
        wait_for_others(hub.database, hook, "another process", DEADLINE_S)
        assert begun(hub, hook) == [1] * MOST + [0] * 22, "it is answered when all have gone back"
        together.set()
        until(lambda: hub.row(hook).in_flight == 0)
        assert len(receiver.requests) == 1 + MOST


def test_what_has_not_begun_goes_where_the_hook_leads_now(engine: Make) -> None:
    in_flight = Unhurried()
    hub = engine(in_flight=in_flight)
    with Receiver() as receiver, Receiver() as moved:
        hook, together = ready(hub, receiver, 30)

        def move() -> None:
            found = hooks.locked(hub.database, hook)
            assert found is not None
            hooks.update(hub.services.box, found, HookChange(target_url=moved.url), hub.database.clock.now())

        hub.do(move)
        in_flight.is_hurried = True  # or as many would be leased anew at once
        until(lambda: hub.row(hook).in_flight == MOST)
        together.set()
        hub.settled(hook)
        assert (len(receiver.requests), len(moved.requests)) == (1 + MOST, 22)
    assert begun(hub, hook) == [1] * 30


def test_nothing_begins_to_the_old_target_once_a_change_of_it_is_answered(engine: Make) -> None:
    hub = engine(in_flight=Unhurried())
    with Receiver() as receiver, Receiver() as moved:
        hook, together = ready(hub, receiver, 30)
        manager = Requester("a manager", frozenset({"manage"}))
        change = HookChange(target_url=moved.url)
        hub.services.subscriptions.update(manager, hub.project, hook, change)
        together.set()
        hub.settled(hook)
        assert (len(receiver.requests), len(moved.requests)) == (1 + MOST, 22)


def test_a_stop_gives_back_what_has_not_begun(database_url: str, tmp_path: Path) -> None:
    with Receiver() as receiver:
        with Engine(database_url, tmp_path, in_flight=Unhurried()) as hub:
            hook, together = ready(hub, receiver, 30)
            stopping = threading.Thread(target=hub.hub.stop)
            stopping.start()
            until(lambda: hub.row(hook).in_flight == MOST)
            together.set()
            stopping.join()
        again = Engine(database_url, tmp_path)
        assert begun(again, hook) == [1] * MOST + [0] * 22
        assert set(again.states(hook)) == {"delivered", "waiting"}
        assert len(receiver.requests) == 1 + MOST
        with again:
            again.settled(hook)
        assert len(receiver.requests) == 31
