"""What bounds a hook in time, in the rows: its rate, its delay, its own retry schedule."""

import pytest

from hub.rules.fairness import Ahead
from hub.rules.pace import Entry, Pace, RateLimit
from hub.store import deliveries
from tests.rigs.stage import Stage

SLOWLY = RateLimit(3, 30)


def limited(store: Stage, rate: RateLimit = SLOWLY, count: int = 10) -> str:
    hook_id = store.hook(pace=Pace(rate))
    store.publish([hook_id], count)
    return hook_id


def test_a_hook_gets_no_more_requests_than_it_has_tokens(store: Stage) -> None:
    hook_id = limited(store)
    first = store.claim()
    assert len(first) == 3
    store.record(first)
    assert store.claim() == []
    assert store.row(hook_id).ready_at == pytest.approx(store.clock.now() + 10)
    store.clock.advance(9.9)
    assert store.claim() == []
    store.clock.advance(0.11)
    assert len(store.claim()) == 1
    store.clock.advance(300)
    assert len(store.claim()) == 3, "more than `count` are never saved up"


def test_workers_share_one_bucket_whoever_comes_first(store: Stage) -> None:
    limited(store)
    assert [len(store.claim(owner, free=2)) for owner in ("a", "b", "c")] == [2, 1, 0]


def test_a_lane_whose_bucket_is_empty_is_looked_at_when_the_next_token_comes(store: Stage) -> None:
    hook_id = limited(store, count=3)
    store.record(store.claim())
    store.claim()
    assert store.row(hook_id).ready_at == pytest.approx(store.clock.now() + 10)
    store.clock.advance(10.01)
    assert store.claim() == []
    assert store.row(hook_id).ready_at is None, "nothing waits: it is parked"
    store.publish([hook_id])
    assert len(store.claim()) == 1


def test_a_retry_takes_a_token_too(store: Stage) -> None:
    hook_id = limited(store, RateLimit(1, 10), count=1)
    store.record(store.claim(), "failure")
    store.clock.advance(6)
    store.promote()
    assert store.claim() == []
    store.clock.advance(4.01)
    assert len(store.claim()) == 1
    assert store.row(hook_id).state == "failing"


def test_a_receiver_that_asks_for_a_pause_has_an_empty_bucket_until_its_end(store: Stage) -> None:
    hook_id = limited(store)
    [one] = store.claim(free=1)
    store.record([one], "later", resume_at=store.clock.now() + 60)
    store.clock.advance(60.01)
    assert store.claim() == []
    assert store.row(hook_id).tokens == pytest.approx(0, abs=0.01)
    store.clock.advance(10)
    assert len(store.claim()) == 1


def test_a_hook_with_a_rate_is_not_leased_ahead(store: Stage) -> None:
    limited(store, RateLimit(20, 1), count=20)
    claims = store.claim(ahead=Ahead(10, 10**9, 10, 10**9))
    assert len(claims) == store.settings.max_in_flight_per_hook
    assert not any(claim.is_ahead or claim.is_in_run for claim in claims)


def test_a_chat_goes_at_the_pace_of_its_service(store: Stage) -> None:
    hook_id = store.hook(format="slack")
    store.publish([hook_id], 3)
    assert len(store.claim()) == 1
    store.change(hook_id, rate_limit=RateLimit(2, 1))
    store.clock.advance(1)
    assert len(store.claim()) == 2, "its own counts from the next request on"


def test_a_delayed_delivery_waits_for_its_time_and_is_shown_as_waiting(store: Stage) -> None:
    hook_id = store.hook(pace=Pace(delay_s=30))
    store.publish([hook_id], entries={hook_id: Entry(30)})
    assert store.claim() == []
    [shown] = store.shown(hook_id)
    assert (shown.state, shown.next_attempt_at) == ("waiting", pytest.approx(store.clock.now() + 30))
    assert [one.id for one in store.shown(hook_id, "waiting")] == [shown.id]
    assert store.shown(hook_id, "retrying") == []
    assert store.read(lambda: deliveries.next_due(store.database)) == shown.next_attempt_at
    store.clock.advance(30)
    store.promote()
    [claim] = store.claim()
    assert claim.attempt == 1


def test_a_hooks_own_schedule_says_when_and_how_often_it_is_tried_again(store: Stage) -> None:
    own, never = (store.hook(pace=Pace(retry_schedule_s=steps)) for steps in ((2, 700), ()))
    store.publish([own, never])
    store.record(store.claim(), "failure")
    assert store.states(never) == ["failed"]
    [row] = store.of(own)
    assert row.next_at == pytest.approx(store.clock.now() + 2)
    store.clock.advance(2.5)
    store.promote()
    store.record(store.claim(), "failure")
    [row] = store.of(own)
    assert row.next_at == pytest.approx(store.clock.now() + 700)
    assert store.row(own).open_until == pytest.approx(store.clock.now() + 700), "its probes go by it too"
