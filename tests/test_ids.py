"""Ids rise, sort by time, and say their time."""

import re
import threading
import time
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ids import first_id, ids_from, new_id, new_ids, reserve, time_of


def test_an_id_is_a_uuid_of_version_7_behind_its_prefix() -> None:
    began = time.time()
    found = new_id("evt")
    assert re.fullmatch(r"evt_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", found)
    assert began - 0.001 <= time_of(found) <= time.time() + 2, "many in a row may be ahead a little"


def test_ids_of_one_process_rise_strictly_whatever_thread_makes_them() -> None:
    made: list[str] = []
    lock = threading.Lock()

    def make() -> None:
        for _ in range(2000):
            with lock:
                made.append(new_id("x"))
            new_id("x")

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == sorted(made)
    assert len(set(made)) == 8000


def test_ids_go_on_rising_when_the_wall_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id("evt")
    hour_ago = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr("time.time_ns", lambda: hour_ago)
    after = [new_id("evt") for _ in range(100)]
    assert [before, *after] == sorted({before, *after})


@given(st.floats(0, 4e9))
def test_the_first_id_of_a_time_lies_before_all_of_it_and_after_all_before(at: float) -> None:
    first = first_id("evt", at)
    assert time_of(first) == int(at * 1000) / 1000
    assert first_id("evt", at + 0.002) > first
    assert len(first) == len(new_id("evt"))


def test_an_id_made_now_lies_between_its_neighbours_times() -> None:
    found = new_id("dlv")
    assert (
        first_id("dlv", time_of(found)) <= found < first_id("dlv", time_of(found) + 0.0015)
    )  # a sum of floats may lie below the next one


def test_a_time_read_from_an_id_leads_back_to_it() -> None:
    for milliseconds in range(1_795_476_634_000, 1_795_476_636_000):
        assert time_of(first_id("dlv", milliseconds / 1000)) == milliseconds / 1000


def test_reserved_ids_are_in_order_and_nobody_else_gets_them() -> None:
    before, first, after = new_id("dlv"), reserve("dlv", 1000), new_id("dlv")
    reserved = list(islice(ids_from(first), 1000))
    assert reserved[0] == first
    assert sorted(reserved) == reserved
    assert before < first
    assert reserved[-1] < after


def test_many_at_once_rise_too_and_nobody_else_gets_one_of_them() -> None:
    before, many, after = new_id("evt"), new_ids("evt", 1000), new_id("evt")
    assert len(set(many)) == 1000
    assert [before, *many, after] == sorted([before, *many, after])
    assert new_ids("evt", 0) == []
