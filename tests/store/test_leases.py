"""Deliveries that are leased ahead: which, and how they come back."""

from hub.rules.fairness import Ahead
from hub.store import leases
from tests.rigs.stage import Stage

AHEAD = Ahead(rows_max=100, bytes_max=10**9, hook_rows=5, hook_bytes=10**9)


def test_what_goes_back_waits_in_its_old_place_with_its_number_unused(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 12)
    claims = store.claim(ahead=AHEAD)
    at_once, ahead = claims[:8], claims[8:]
    assert store.give_back([*at_once, *ahead[:3]]) == 3, "what may have begun stays"
    assert store.row(hook).in_flight == 9
    again = store.claim(ahead=AHEAD)
    assert [(claim.delivery_id, claim.attempt) for claim in again] == [
        (claim.delivery_id, 1) for claim in ahead[:3]
    ]
    assert store.give_back(ahead, owner="b") == 0, "it is somebody else's"
    store.mark_begun(ahead[3:])
    assert store.give_back(ahead[3:]) == 0, "it has begun"
    store.record(claims)
    assert store.give_back(claims) == 0
    assert store.row(hook).in_flight == 0


def test_a_crash_shows_as_cut_off_what_was_known_to_have_begun_and_nothing_else(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 11)
    claims = store.claim(ahead=AHEAD)
    store.clock.advance(0.2)
    store.mark_begun(claims[8:9])
    assert store.rescue(lambda owner: True) == 11
    assert store.states(hook) == ["waiting"] * 11
    assert store.row(hook).in_flight == 0
    numbers = {row.id: row.attempts for row in store.of(hook)}
    assert [numbers[claim.delivery_id] for claim in claims] == [1] * 9 + [0] * 2
    kinds = store.kinds(hook)
    assert kinds == ["unknown"] * 9


def test_what_a_crash_may_have_cut_off_is_not_leased_ahead_until_it_was_tried_to_an_end(store: Stage) -> None:
    """A poison pill that kills the hub as it begins is known by its rows in the end, and no other for it."""
    hook = store.hook()
    store.publish([hook], 20)
    store.claim(ahead=AHEAD)
    store.rescue(lambda owner: True)
    again = store.claim("b", ahead=AHEAD)
    ids = [row.id for row in store.of(hook)]
    assert [claim.delivery_id for claim in again] == ids[8:], "in its old place, before what was tried"
    assert [claim.is_ahead for claim in again] == [False] * 8 + [True] * 4
    store.record(again, owner="b")
    last = store.claim("b", ahead=AHEAD)
    assert [(claim.delivery_id, claim.is_ahead) for claim in last] == [(one, False) for one in ids[:8]]
    store.rescue(lambda owner: True)
    assert store.kinds(hook).count("unknown") == 16
    store.publish([hook], 9)
    assert [claim.is_ahead for claim in store.claim(free=9, ahead=AHEAD)] == [False] * 8 + [True]
    assert not [claim for claim in store.claim(free=0, ahead=AHEAD) if claim.is_ahead]


def test_other_processes_are_asked_whether_they_hold_something_of_a_hook(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 9)

    def not_begun(owner: str, after_s: float = 0.0) -> set[str]:
        now = store.clock.now() + after_s
        return store.read(lambda: leases.not_begun(store.database, hook, owner, now))

    assert not not_begun("b")
    claims = store.claim("a", ahead=AHEAD)
    assert not_begun("b") == {claim.delivery_id for claim in claims}, "it is committed before it begins"
    assert not_begun("b", 0.2) == {claim.delivery_id for claim in claims if claim.is_ahead}
    assert not not_begun("a")
    store.mark_begun(claims, "a")
    assert not not_begun("b", 0.2)


def test_whether_a_hook_is_still_well_is_read_with_its_version(store: Stage) -> None:
    well, off = store.hook(), store.hook()
    version = store.row(well).version
    store.switch(off, False)
    assert store.read(lambda: leases.may_run(store.database, [well, off])) == {well: version}
    store.change(well, name="another")
    assert store.read(lambda: leases.may_run(store.database, [well])) == {well: version + 1}


def test_a_worker_that_was_taken_for_dead_gives_nothing_back_that_it_was_leased_again(store: Stage) -> None:
    """The number is the same, but now it may have begun."""
    hook = store.hook()
    store.publish([hook], 10)
    late = [claim for claim in store.claim(ahead=AHEAD) if claim.is_ahead]
    store.rescue(lambda owner: True)
    again = {(claim.delivery_id, claim.attempt) for claim in store.claim(ahead=AHEAD)}
    assert again >= {(claim.delivery_id, claim.attempt) for claim in late}
    assert store.give_back(late) == 0
    assert store.row(hook).in_flight == len(again)
