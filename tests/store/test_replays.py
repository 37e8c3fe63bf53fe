"""Replays as rows: one a hook, moved on by who holds it alone; on both engines."""

from dataclasses import replace

from hub.rules.access import Requester
from hub.store import replays
from hub.store.replays import LEASE_S, Replay
from tests.rigs.stage import Stage

BY = Requester("maria", frozenset({"manage"}), is_person=True, address="192.0.2.1")
NEW = Replay("hook_1", 1, 5.0, 9.0, "failed", BY, 3, True, 0, None, None, False)


def test_it_is_moved_on_and_ended_by_who_holds_it_alone(store: Stage) -> None:
    database, now = store.database, 1_000.0
    assert not store.read(lambda: replays.is_left(now))
    assert store.do(lambda: replays.begin(database, NEW))
    assert not store.do(lambda: replays.begin(database, NEW)), "its last one is under way"
    assert store.read(lambda: replays.is_left(now))
    taken = store.do(lambda: replays.take(database, "rpl_a", now))
    assert taken == replace(NEW, by=Requester("maria", address="192.0.2.1"))
    assert store.do(lambda: replays.take(database, "rpl_b", now + LEASE_S - 1)) is None

    assert store.do(lambda: replays.move("hook_1", "rpl_a", "evt_1", 2, now))
    late = now + LEASE_S
    again = store.do(lambda: replays.take(database, "rpl_b", late))
    assert again is not None
    assert (again.after_id, again.made) == ("evt_1", 2)
    assert not store.do(lambda: replays.move("hook_1", "rpl_a", "evt_2", 1, late))
    assert not store.do(lambda: replays.end("hook_1", "rpl_a"))
    assert store.do(lambda: replays.end("hook_1", "rpl_b", "a reason"))
    found = store.read(lambda: replays.get("hook_1"))
    assert found is not None
    assert (found.is_over, found.ended_early, found.made) == (True, "a reason", 2)
    assert not store.read(lambda: replays.is_left(late + LEASE_S))
    assert store.do(lambda: replays.begin(database, NEW))


def test_one_that_is_left_or_leased_by_a_wrong_clock_is_anybodys(store: Stage) -> None:
    database = store.database
    store.do(lambda: replays.begin(database, NEW))
    store.do(lambda: replays.take(database, "rpl_a", 1_000.0))
    store.do(lambda: replays.leave("hook_1", "rpl_a"))
    assert store.do(lambda: replays.take(database, "rpl_b", 4e9)) is not None
    assert store.do(lambda: replays.take(database, "rpl_c", 1_000.0)) is not None
    store.do(lambda: replays.forget_project(1))
    assert store.read(lambda: replays.get("hook_1")) is None
