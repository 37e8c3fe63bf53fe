"""A clock that was a year ahead leaves nothing that waits for it."""

import pytest

from hub.store.replanning import LEASE_MAX_S, replan
from tests.rigs.stage import Stage

YEAR_S = 365 * 86_400.0


def replanned(store: Stage, rows_max: int = 500) -> int:
    return store.do(lambda: replan(store.database, store.settings, store.clock.now(), lambda: 0.5, rows_max))


def test_retries_and_open_breakers_are_planned_anew_by_their_own_step(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 5)
    store.clock.advance(YEAR_S)
    for _ in range(2):
        store.clock.advance(1)
        store.record(store.claim(free=1), "failure")
    assert store.claim() == [], "its breaker is open"

    now = store.clock.advance(-YEAR_S)
    assert replanned(store) == 3
    planned = sorted(row.next_at for row in store.of(hook) if row.state == "retrying")
    assert planned == pytest.approx([now + 5, now + 5]), "each has failed once"
    row = store.row(hook)
    assert row.open_until == pytest.approx(now + 60), "it has failed twice"
    assert row.ready_at == row.open_until
    assert replanned(store) == 0

    store.clock.advance(61)
    store.promote()
    assert len(store.claim()) == 1, "a probe goes"


def test_a_lane_that_is_ready_a_year_ahead_is_ready_now(store: Stage) -> None:
    hook = store.hook()
    store.clock.advance(YEAR_S)
    store.publish([hook], 2)
    now = store.clock.advance(-YEAR_S)
    assert store.claim() == []
    assert replanned(store) == 1
    assert store.row(hook).ready_at == now
    assert len(store.claim()) == 2


def test_also_when_the_clock_was_only_an_hour_ahead(store: Stage) -> None:
    """A lane without an open breaker has nothing to wait for at all."""
    hook = store.hook()
    store.clock.advance(3600)
    store.publish([hook])
    store.clock.advance(-3600)
    assert replanned(store) == 1
    assert len(store.claim()) == 1


def test_a_lease_is_cut_to_the_longest_that_a_request_may_have(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    store.clock.advance(YEAR_S)
    [claim] = store.claim()
    store.clock.advance(-YEAR_S)
    assert replanned(store) == 1
    store.clock.advance(LEASE_MAX_S - 1)
    assert store.rescue() == 0, "whoever holds it may be sending"
    store.clock.advance(2)
    assert store.rescue() == 1
    assert store.delivery(claim.delivery_id).state == "waiting"


def test_what_may_lie_so_far_ahead_is_left_alone(store: Stage) -> None:
    hook, asked = store.hook(), store.hook()
    store.publish([hook, asked], 2)
    now = store.clock.now()
    for wait_s, one in ((300, hook), (86_400, asked)):
        for _ in range(2):
            store.clock.advance(1)
            claims = [claim for claim in store.claim() if claim.hook_id == one]
            store.record(claims, "failure", resume_at=now + wait_s)
    before = [store.row(hook), store.row(asked), store.of(hook), store.of(asked)]
    assert replanned(store) == 0
    assert [store.row(hook), store.row(asked), store.of(hook), store.of(asked)] == before


def test_it_goes_in_batches(store: Stage) -> None:
    hooks = [store.hook() for _ in range(5)]
    store.clock.advance(YEAR_S)
    store.publish(hooks)
    store.clock.advance(-YEAR_S)
    assert [replanned(store, 2), replanned(store, 2), replanned(store, 2), replanned(store, 2)] == [
        2,
        2,
        1,
        0,
    ]
