"""What is leased ahead begins as others end, within the hook's bounds, and goes back when it must not begin."""

from typing import Any

import pytest

from hub.engine.in_flight import InFlight
from hub.engine.runs import (
    CROWDED,
    HOOK_ROWS_MAX,
    ROWS_MAX,
    UNRECORDED_MAX,
    WITHDRAWN_MAX,
    Item,
    Runs,
)
from hub.rules.outcome import Kind, Outcome
from hub.rules.settings import Settings
from hub.store.leases import Claim
from tests.rigs.stage import FakeClock


class Process:
    """Runs with what they stand between: requests that begin, and end when a test says so."""

    def __init__(self, most: int = 2, requests_max: int = 100) -> None:
        self.clock = FakeClock(1000.0)
        self.in_flight = InFlight(requests_max)
        self.runs = Runs(self.in_flight, self.clock, self.begin)
        self.most = most
        self.runs.ahead(most, None)
        self.begun: list[str] = []
        self.faults: set[str] = set()

    def begin(self, item: Item) -> None:
        claim = item[0]
        self.in_flight.begin(claim, 0.0)
        self.begun.append(claim.delivery_id)
        if claim.delivery_id in self.faults:
            self.end(claim, "fault")

    def add(self, claims: list[Claim]) -> None:
        shipment: Any = None
        self.runs.add([(claim, shipment, Settings()) for claim in claims])

    def end(self, claim: Claim, kind: Kind = "success") -> None:
        self.in_flight.end(claim, 0.0, 0.0)
        self.runs.ended(claim, Outcome(kind, 0.0, 0.0))

    def record(self, claims: list[Claim]) -> None:
        self.runs.recorded([(claim, Outcome("success", 0.0, 0.0)) for claim in claims])

    def back(self) -> list[str]:
        return [claim.delivery_id for claim in self.runs.take_back()]


def claims(
    names: str, hook: str = "h", *, at_once: int = 2, version: int = 1, until: float = 2000.0
) -> list[Claim]:
    return [
        Claim(
            name,
            1,
            hook,
            version,
            "evt",
            False,
            10,
            is_in_run=True,
            is_ahead=n >= at_once,
            begin_until=until,
        )
        for n, name in enumerate(names)
    ]


def test_the_next_begins_when_one_has_ended_in_the_order_of_the_claim() -> None:
    process = Process()
    run = claims("abcd")
    process.add(run)
    assert process.begun == ["a", "b"]
    process.end(run[1])
    assert process.begun == ["a", "b", "c"]
    process.end(run[0])
    process.end(run[2])
    assert process.begun == ["a", "b", "c", "d"]
    assert process.runs.waiting() == {}
    assert process.back() == []


@pytest.mark.parametrize("kind", ["failure", "later", "gone", "fault", "refused"])
def test_any_outcome_but_success_stops_the_run_until_it_is_recorded(kind: Kind) -> None:
    process = Process()
    run = claims("abcd")
    process.add(run)
    process.end(run[0], kind)
    process.end(run[1])
    assert process.begun == ["a", "b"]
    assert process.back() == ["c", "d"]
    process.add(claims("ef", at_once=0))
    assert process.back() == ["e", "f"], "they were claimed before anybody knew"
    process.runs.recorded([(run[0], Outcome(kind, 0.0, 0.0)), (run[1], Outcome("success", 0.0, 0.0))])
    process.add(claims("gh", at_once=0))
    assert process.begun == ["a", "b", "g", "h"]


def test_what_is_under_way_and_what_is_not_on_record_are_bounded_together() -> None:
    process = Process(most=1)
    run = claims("abcdefghijklmnop", at_once=1)
    process.add(run)
    for claim in run[:UNRECORDED_MAX]:
        process.end(claim)
    assert len(process.begun) == UNRECORDED_MAX, "nobody has written any"
    process.record(run[:3])
    assert len(process.begun) == UNRECORDED_MAX + 1, "as many as the hook may have under way"
    for claim in run[UNRECORDED_MAX : UNRECORDED_MAX + 3]:
        process.end(claim)
    assert len(process.begun) == UNRECORDED_MAX + 3, "as many as were written"
    process.record(run[3:4])
    assert len(process.begun) == UNRECORDED_MAX + 4


def test_a_hook_is_held_up_by_missing_records_and_not_by_a_receiver_that_takes_its_time() -> None:
    process = Process(most=1)
    run = claims("abcdefghijklmnop", at_once=1)
    process.add(run)
    assert process.runs.held_up == 0, "its one request is under way"
    for claim in run[:UNRECORDED_MAX]:
        process.end(claim)
    assert process.runs.held_up > 0
    before = process.runs.held_up
    process.record(run[:UNRECORDED_MAX])
    process.end(run[UNRECORDED_MAX])
    assert process.runs.held_up == before


def test_it_does_not_matter_who_is_told_first_that_one_has_ended() -> None:
    process = Process(most=1)
    kinds: list[Kind] = ["success", "failure"]
    for kind in kinds:
        run = claims("ab", kind, at_once=1)
        process.add(run)
        process.runs.recorded([(run[0], Outcome(kind, 0.0, 0.0))])
        process.end(run[0], kind)
        assert process.runs.unrecorded() == {}
        process.back()
        process.add(claims("c", kind, at_once=0))
        assert process.back() == []


def test_one_that_cannot_even_begin_stops_the_run() -> None:
    process = Process()
    process.faults = {"c"}
    run = claims("abcde")
    process.add(run)
    process.end(run[0])
    assert process.begun == ["a", "b", "c"]
    assert process.back() == ["d", "e"]


def test_what_is_withdrawn_never_begins_and_no_other_hook_loses_anything() -> None:
    process = Process()
    run, other = claims("abc"), claims("xyz", "other")
    process.add([*run, *other])
    process.runs.withdraw(["h", "a hook without a run"])
    process.end(run[0])
    process.end(other[0])
    assert process.begun == ["a", "b", "x", "y", "z"]
    assert process.back() == ["c"]
    assert process.back() == []


def test_after_a_stop_nothing_begins_whenever_it_was_claimed() -> None:
    process = Process()
    run = claims("abc")
    process.add(run)
    process.runs.stop()
    process.add(claims("xyz", "other", at_once=0))
    process.end(run[0])
    assert process.begun == ["a", "b"]
    assert process.back() == ["c", "x", "y", "z"]


def test_none_begins_when_its_lease_might_not_cover_it() -> None:
    process = Process()
    run = claims("abc", until=1005.0)
    process.add(run)
    process.clock.advance(5.1)
    process.end(run[0])
    assert process.begun == ["a", "b"]
    assert process.back() == ["c"]


def test_what_waits_for_an_older_version_of_its_hook_goes_back() -> None:
    process = Process()
    process.add(claims("abc"))
    assert process.runs.versions() == {"h": 1}
    process.add(claims("de", at_once=0, version=2))
    assert process.runs.versions() == {"h": 2}
    assert process.back() == ["c"]


def test_a_process_that_is_nearly_full_leaves_its_room_to_claims_and_goes_on_later() -> None:
    process = Process(requests_max=4)
    run, others = claims("abcd"), claims("xy", "other")
    process.add([*run, *others])
    process.end(run[0])
    assert process.begun == ["a", "b", "x", "y"], "three of four are under way"
    process.in_flight.end(others[0], 0.0, 0.0)
    process.runs.go_on()
    assert process.begun == ["a", "b", "x", "y", "c"]


def test_hooks_that_wait_for_the_processs_room_get_it_in_turn() -> None:
    process = Process(most=2, requests_max=4)
    run, other, last = claims("abcd"), claims("vwxyz", "other", at_once=1), claims("3", "last", at_once=1)
    process.add([*run, *other, *last])
    assert process.begun == ["a", "b", "v", "3"]
    for ended in (last[0], run[0], run[1], other[0], run[2]):
        process.end(ended)
    assert process.begun == ["a", "b", "v", "3", "w", "c", "d", "x"]


def test_a_run_is_as_long_as_its_hook_is_quick_and_topped_up_when_half_is_gone() -> None:
    process = Process(most=2)
    assert process.runs.ahead(2, None).rows_of("h") == 2, "of a hook that is not known yet"
    run = claims("abcd")
    process.add(run)
    ahead = process.runs.ahead(2, None)
    assert (ahead.rows_of("h"), ahead.held["h"][1]) == (0, 20), "all that it may have waits already"
    for claim in run:
        process.end(claim)
    assert process.runs.ahead(2, None).rows_of("h") == 2 + 2 * 4
    process.add(claims("123456", at_once=0))
    assert process.runs.ahead(2, None).rows_of("h") == 10 - 4
    for name in range(1000):
        [claim] = claims(f"{name % 10}", at_once=1)
        process.end(claim)
        process.record([claim])
    assert process.runs.ahead(2, None).rows_of("h") == HOOK_ROWS_MAX


def test_hooks_that_have_nothing_under_way_begin_before_those_that_have() -> None:
    process = Process(most=4, requests_max=4)
    process.add(claims("abcd", at_once=0))
    assert process.begun == ["a", "b", "c"], "a hook alone leaves a part to others"
    process.add(claims("x", "other", at_once=0))
    assert process.begun == ["a", "b", "c", "x"]


def test_of_those_that_wait_for_room_each_begins_one_in_turn_first_those_that_have_none() -> None:
    process = Process(most=4, requests_max=4)
    run, other = claims("abcdefgh", at_once=0), claims("vwxyz", "other", at_once=0)
    last = claims("1", "last", at_once=0)
    process.add([*run, *other, *last])
    assert process.begun == ["a", "b", "c", "v"]
    process.end(run[0])
    assert process.begun[4:] == ["1"]
    process.end(run[1])
    process.end(other[0])
    assert process.begun[5:] == ["w"]
    process.end(last[0])
    assert process.begun[6:] == ["d"]
    process.end(run[3])
    assert process.begun[7:] == ["x"]


def test_what_is_new_is_offered_as_many_places_as_its_hook_has() -> None:
    process = Process(most=2)
    assert process.runs.offer({"h": 1}).rows == {"h": 2}
    process.add(claims("abc", at_once=0))
    assert process.begun == ["a", "b"]
    assert process.runs.offer({"h": 1}).rows == {"h": 1}
    assert process.runs.offer({"h": 2}).rows == {"h": 0}, "what waits is of another version"
    process.end(claims("a")[0], "failure")
    assert process.runs.offer({"h": 1}).rows == {"h": 0}, "until it is on record"


def test_where_much_is_held_only_hooks_that_hold_little_get_more() -> None:
    process = Process(most=2)
    run = claims("abcdef")
    process.add(run)
    for claim in run:
        process.end(claim)
    assert process.runs.offer({"h": 1, "new": 1}).rows == {"h": 2 + 2 * 6, "new": 2}
    for n in range(int(ROWS_MAX * CROWDED / 4) + 1):
        process.add(claims("123456", f"other {n}", at_once=0))
    assert process.runs.offer({"h": 1, "new": 1}).rows == {"h": 2, "new": 2}


def test_what_was_offered_before_its_hook_was_withdrawn_does_not_begin() -> None:
    process = Process(most=2)
    shipment: Any = None
    before = process.runs.offer({"h": 1, "other": 1}).at
    process.runs.withdraw(["h"])
    for name, hook, at in (("a", "h", before), ("b", "other", before), ("c", "h", process.runs.offer({}).at)):
        process.runs.add([(claims(name, hook, at_once=0)[0], shipment, Settings())], at)
    assert process.begun == ["b", "c"]
    assert process.back() == ["a"]
    process.runs.withdraw([f"h{n}" for n in range(WITHDRAWN_MAX + 1)])
    process.runs.add([(claims("d", "any", at_once=0)[0], shipment, Settings())], before)
    assert process.back() == ["d"], "so long ago that nobody knows"


def test_nothing_is_offered_to_any_hook_while_there_is_no_room_or_no_claim_has_told_the_part() -> None:
    process = Process()
    assert process.runs.is_offering()
    process.runs.offer_nothing()
    assert not process.runs.is_offering()
    process.runs.ahead(2, None)
    process.add(claims("x" * (ROWS_MAX + 2)))
    assert not process.runs.is_offering()
    process.runs.withdraw(["h"])
    assert process.runs.is_offering()
    process.runs.stop()
    assert not process.runs.is_offering()
