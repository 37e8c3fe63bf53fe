"""What was looked up within the last second is kept, and what is in use is kept fresh."""

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.errors import StoreUnavailable
from hub.operations import recent
from hub.operations.recent import USED_S, Recent, Refreshing
from tests.rigs.waiting import DEADLINE_S


class Source:
    """Counts how often it is asked; `values` may be changed meanwhile."""

    def __init__(self, **values: int) -> None:
        self.values = values
        self.asked = 0
        self.at = 100.0

    def look_up(self, keys: Collection[str]) -> dict[str, int]:
        self.asked += 1
        return {key: self.values[key] for key in keys if key in self.values}

    def kept(self) -> Recent[str, int]:
        return Recent(self.look_up, kept_s=1, clock=lambda: self.at)


def test_a_value_is_looked_up_once_a_second() -> None:
    source = Source(a=1)
    kept = source.kept()
    assert kept.recent("a") is None
    assert [kept.get("a"), kept.get("a"), kept.recent("a")] == [1, 1, 1]
    assert source.asked == 1
    source.values["a"] = 2
    source.at += 1
    assert kept.recent("a") is None
    assert kept.get("a") == 2


def test_what_is_forgotten_is_looked_up_at_once() -> None:
    source = Source(a=1)
    kept = source.kept()
    kept.get("a")
    source.values["a"] = 2
    kept.forget()
    assert kept.get("a") == 2


def test_what_is_not_there_is_looked_up_each_time() -> None:
    source = Source()
    kept = source.kept()
    assert [kept.get("a"), kept.get("a")] == [None, None]
    assert source.asked == 2
    source.values["a"] = 1
    assert kept.get("a") == 1


def test_it_keeps_no_more_than_so_many() -> None:
    kept = Recent(lambda keys: {key: key for key in keys}, clock=lambda: 0.0)
    for key in range(1, recent.KEPT_MAX + 10):
        kept.get(key)
    assert kept.recent(1) is None
    assert kept.recent(recent.KEPT_MAX + 9) == recent.KEPT_MAX + 9


def test_what_is_in_use_is_looked_up_again_all_at_once_before_it_is_old() -> None:
    source = Source(a=1, b=2, c=3)
    kept = source.kept()
    for key in "abc":
        kept.get(key)
    source.values = {"a": 7, "c": 3}
    source.at += 0.5
    kept.refresh()
    assert source.asked == 4
    source.at += 0.9
    assert [kept.recent(key) for key in "abc"] == [7, None, 3]


def test_what_nobody_asks_for_is_let_go() -> None:
    source = Source(a=1, b=2)
    kept = source.kept()
    kept.get("a")
    kept.get("b")
    for _ in range(int(USED_S)):
        source.at += 1
        kept.get("a")
    kept.refresh()
    assert (kept.recent("a"), kept.recent("b")) == (1, None)
    source.at += USED_S
    asked = source.asked
    kept.refresh()
    assert source.asked == asked


def test_many_who_ask_at_once_wait_for_one_look_up() -> None:
    asked: list[Collection[str]] = []
    everybody_waits = threading.Event()

    def look_up(keys: Collection[str]) -> dict[str, int]:
        asked.append(keys)
        assert everybody_waits.wait(DEADLINE_S)
        return {"a": 1}

    kept = Recent(look_up)
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(kept.get, "a") for _ in range(8)]
        everybody_waits.set()
        assert [one.result() for one in found] == [1] * 8
    assert len(asked) == 1


def test_what_is_changed_while_it_is_looked_up_is_not_kept_as_it_was() -> None:
    source = Source(a=1)

    def look_up(keys: Collection[str]) -> dict[str, int]:
        found = source.look_up(keys)
        if source.asked == 1:
            source.values["a"] = 2
            kept.forget()
        return found

    kept = Recent(look_up)
    assert kept.get("a") == 1  # it was asked for before the change
    assert kept.recent("a") is None
    assert kept.get("a") == 2


def test_a_look_up_that_fails_fails_whoever_waits_and_is_tried_again() -> None:
    answers: list[dict[str, int] | Exception] = [StoreUnavailable("away"), {"a": 1}]

    def look_up(keys: Collection[str]) -> dict[str, int]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    kept = Recent(look_up)
    with pytest.raises(StoreUnavailable):
        kept.get("a")
    assert kept.get("a") == 1


def test_the_thread_that_refreshes_outlives_what_fails() -> None:
    calls: list[int] = []
    enough = threading.Event()

    def refresh() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise StoreUnavailable("away") if len(calls) == 1 else ValueError("a bug")
        enough.set()

    refreshing = Refreshing([refresh], every_s=0.001)
    refreshing.start()
    assert enough.wait(DEADLINE_S)
    refreshing.close()
