"""What a worker had leased when it died, or lost its lease."""

from hub.store.models import Attempt
from tests.rigs.stage import Stage


def test_a_lease_that_lives_is_not_taken(store: Stage) -> None:
    store.publish([store.hook()])
    store.claim()
    store.clock.advance(29.9)
    assert store.rescue() == 0


def test_a_dead_owners_leases_are_taken_at_once_and_others_not(store: Stage) -> None:
    a, b = store.hook(), store.hook()
    store.publish([a])
    store.claim("dead")
    store.publish([b])
    store.claim("alive")
    assert store.rescue(lambda owner: owner == "dead") == 1
    assert (store.states(a), store.states(b)) == (["waiting"], ["sending"])
    assert (store.row(a).in_flight, store.row(b).in_flight) == (0, 1)
    attempt = store.read(lambda: Attempt.get())
    assert (attempt.kind, attempt.was_sent) == ("unknown", True)
    assert "may or may not have arrived" in attempt.reason


def test_what_kills_the_hub_three_times_is_set_aside(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    for crash in (1, 2, 3):
        [claim] = store.claim()
        assert claim.attempt == crash
        store.clock.advance(31)
        assert store.rescue() == 1
    [row] = store.of(hook)
    assert (row.state, row.attempts) == ("failed", 3)
    assert row.reason == "set aside: the hub stopped 3 times while sending it"
    assert store.row(hook).in_flight == 0
    assert (store.row(hook).state, store.row(hook).consecutive_failures) == ("active", 0)


def test_a_crash_costs_no_try(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    store.record(store.claim(), "failure")
    store.clock.advance(10)
    store.promote()
    store.claim()
    store.clock.advance(31)
    store.rescue()
    assert store.of(hook)[0].failures == 1
