"""Claims of hooks that are well: more is leased than may begin, and every hook has its turn."""

import pytest

from hub.rules.fairness import Ahead
from hub.store import claims as claims_of
from hub.store import leases
from tests.rigs.stage import Stage

AHEAD = Ahead(rows_max=100, bytes_max=10**9, hook_rows=5, hook_bytes=10**9)


def test_of_a_hook_that_is_well_more_is_leased_than_may_begin(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 20)
    claims = store.claim(ahead=AHEAD)
    assert [claim.is_ahead for claim in claims] == [False] * 8 + [True] * 5
    assert all(claim.is_in_run for claim in claims)
    assert [claim.delivery_id for claim in claims] == [row.id for row in store.of(hook)][:13]
    assert store.row(hook).in_flight == 13
    rows = [store.delivery(claim.delivery_id) for claim in claims]
    assert [row.claimed_at is None for row in rows] == [False] * 8 + [True] * 5
    assert {row.lease_until for row in rows} == {rows[0].lease_until}
    assert claims[-1].begin_until + 15 < rows[0].lease_until, "a whole attempt fits"
    assert store.claim(ahead=Ahead(100, 10**9, 5, 10**9, held={hook: (0, 0)})) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"slow_start": 2},
        {"state": "failing", "slow_start": 1},
        {"open_until": 1.0},
        {"last_success_at": None},
        {"is_slow": True},
    ],
    ids=["slow start", "failing", "after a pause", "unproven", "slow"],
)
def test_of_any_other_hook_only_what_may_begin(store: Stage, columns: dict[str, object]) -> None:
    hook = store.hook()
    store.set(hook, **columns)
    store.publish([hook], 20)
    claims = store.claim(ahead=AHEAD)
    assert 0 < len(claims) <= 8
    assert not [claim for claim in claims if claim.is_ahead or claim.is_in_run]
    assert store.read(lambda: leases.may_run(store.database, [hook])) == {}


def test_a_claim_takes_no_more_rows_than_its_turn_may_and_comes_back_for_the_rest(store: Stage) -> None:
    crowd = [store.hook() for _ in range(3)]
    store.publish(crowd, 4)
    first = store.claim(rows_max=4)
    assert sorted(claim.hook_id for claim in first) == sorted([*crowd, first[0].hook_id])
    store.clock.advance(0.1)
    assert len(store.claim(rows_max=100)) == 8, "every lane that was cut short is still ready"


def test_a_single_event_does_not_wait_behind_all_the_hooks_of_a_fan_out(store: Stage) -> None:
    crowd = [store.hook() for _ in range(90)]
    store.publish(crowd)
    store.clock.advance(1)
    late = store.hook()
    store.publish([late])
    first = store.claim(free=20)
    assert late in {claim.hook_id for claim in first}
    assert 10 < len(first) <= 20
    seen = {claim.hook_id for claim in first}
    while claims := store.claim():
        assert len(claims) <= claims_of.LANES_MAX
        seen |= {claim.hook_id for claim in claims}
    assert seen == {*crowd, late}, "and those that wait longest have their turn too"


def test_workers_that_share_a_hook_lease_ahead_a_part_of_what_waits_and_leave_it_in_sight(
    store: Stage,
) -> None:
    hook = store.hook()
    store.publish([hook], 20)
    both = Ahead(rows_max=100, bytes_max=10**9, hook_rows=100, hook_bytes=10**9, part=4, workers=2)
    first = store.claim("a", ahead=both, hook_part=4)
    assert [claim.is_ahead for claim in first] == [False] * 4 + [True] * 10
    second = store.claim("b", ahead=both, hook_part=4)
    assert [claim.is_ahead for claim in second] == [False] * 4 + [True] * 2
    assert store.claim("b", ahead=both, hook_part=4, under_way={hook: 6}) == []
    assert store.row(hook).ready_at is None, "nothing waits"
    store.publish([hook], 9)
    few = Ahead(rows_max=100, bytes_max=10**9, hook_rows=2, hook_bytes=10**9, part=4, workers=2)
    assert len(store.claim("a", ahead=few, hook_part=4)) == 6
    assert store.row(hook).ready_at is not None, "this worker has all that it may, another has not"
    assert len(store.claim("b", ahead=few, hook_part=4)) == 3
