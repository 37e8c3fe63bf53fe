"""Writers: work is done in its order within a turn, and whoever waits is told whatever becomes of it."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager

import pytest

from hub.store.writers import Writers
from tests.rigs.waiting import DEADLINE_S


class Turns:
    """A turn that is got when the test says so."""

    def __init__(self) -> None:
        self.is_asked_for = threading.Event()
        self.is_free = threading.Event()
        self.is_within = False

    def __enter__(self) -> None:
        self.is_asked_for.set()
        assert self.is_free.wait(DEADLINE_S)
        self.is_within = True

    def __exit__(self, *_: object) -> None:
        self.is_within = False


@pytest.fixture
def turns() -> Turns:
    return Turns()


@contextmanager
def writers(turns: Turns, count: int = 1) -> Iterator[Writers]:
    made = Writers(count, turns)
    try:
        yield made
    finally:
        turns.is_free.set()
        made.close(DEADLINE_S)


def test_work_is_done_in_its_order_within_its_turn_and_told_outside_of_it(turns: Turns) -> None:
    done: list[tuple[int, bool]] = []
    told: list[bool] = []
    with writers(turns) as made:
        asked = [made.submit(lambda n=n: done.append((n, turns.is_within))) for n in range(20)]  # type: ignore[misc]
        for future in asked:
            future.add_done_callback(lambda _: told.append(turns.is_within))
        turns.is_free.set()
        for future in asked:
            future.result(DEADLINE_S)
    assert done == [(n, True) for n in range(20)]
    assert told == [False] * 20


def test_a_fault_is_told_to_whoever_waits_and_stops_nothing(turns: Turns) -> None:
    turns.is_free.set()

    def fail() -> None:
        raise KeyError("x")

    with writers(turns) as made:
        failed, fine = made.submit(fail), made.submit(lambda: 5)
        with pytest.raises(KeyError):
            failed.result(DEADLINE_S)
        assert fine.result(DEADLINE_S) == 5


def test_what_is_given_up_before_its_turn_is_never_begun(turns: Turns) -> None:
    begun: list[str] = []
    with writers(turns) as made:
        given_up = made.submit(lambda: begun.append("given up"))
        kept: Future[None] = made.submit(lambda: begun.append("kept"))
        assert given_up.cancel()
        turns.is_free.set()
        kept.result(DEADLINE_S)
    assert begun == ["kept"]


def test_after_closing_nothing_is_taken_and_what_has_not_begun_is_given_up(turns: Turns) -> None:
    made = Writers(1, turns)
    begins, waits = made.submit(lambda: 1), made.submit(lambda: 2)
    assert turns.is_asked_for.wait(DEADLINE_S)
    assert not made.close(0.0), "one is at something still"
    with pytest.raises(RuntimeError, match="closed"):
        made.submit(lambda: 3)
    turns.is_free.set()
    assert begins.result(DEADLINE_S) == 1
    with pytest.raises(CancelledError):
        waits.result(DEADLINE_S)


def test_there_are_as_many_as_have_work_at_once(turns: Turns) -> None:
    turns.is_free.set()
    meet = threading.Barrier(3)
    with writers(turns, count=3) as made:
        for _ in range(2):
            made.submit(lambda: None).result(DEADLINE_S)
        met = [made.submit(lambda: meet.wait(DEADLINE_S)) for _ in range(3)]
        assert sorted(future.result(DEADLINE_S) for future in met) == [0, 1, 2]
