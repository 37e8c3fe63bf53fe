"""The claim: who is served, how fairly, and who waits."""

import threading
from typing import Any

import pytest

from hub.rules import fairness
from hub.rules.fairness import Load, Room
from hub.store import claims, deliveries, lanes, leases, rescue
from hub.store.models import Delivery, Hook
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S


def ids(claims: list[Any]) -> list[str]:
    return [claim.delivery_id for claim in claims]


def test_it_claims_what_waits_oldest_first_and_only_once(store: Stage) -> None:
    hook = store.hook()
    events = store.publish([hook], 3)
    claims = store.claim()
    assert [claim.event_id for claim in claims] == events
    assert [claim.attempt for claim in claims] == [1, 1, 1]
    assert store.row(hook).in_flight == 3
    assert store.states(hook) == ["sending"] * 3
    assert store.claim("b") == []
    row = store.delivery(claims[0].delivery_id)
    assert (row.owner, row.claimed_at, row.lease_until) == (
        "a",
        store.clock.now(),
        store.clock.now() + 15 + leases.LEASE_MARGIN_S,
    )


def test_a_hook_has_no_more_in_flight_than_it_may(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 20)
    first = store.claim()
    assert len(first) == 8
    assert store.claim() == []
    assert store.row(hook).ready_at is None, "a full lane costs a claim nothing"
    store.record(first[:3])
    assert len(store.claim()) == 3


def test_every_hooks_first_goes_before_any_hooks_second(store: Stage) -> None:
    greedy = store.hook()
    store.publish([greedy], 50)
    modest = [store.hook() for _ in range(3)]
    store.clock.advance(1)
    store.publish(modest)
    claims = store.claim(free=4)
    assert {claim.hook_id for claim in claims} == {greedy, *modest}
    store.clock.advance(0.1)
    assert {claim.hook_id for claim in store.claim(free=4)} == {greedy}, (
        "what was cut short comes again at once"
    )


def test_a_lane_that_was_cut_short_goes_to_the_back(store: Stage) -> None:
    a, b = store.hook(), store.hook()
    store.publish([a], 10)
    store.clock.advance(1)
    store.publish([b], 10)
    store.clock.advance(1)
    assert {claim.hook_id for claim in store.claim(free=1)} == {a}
    store.clock.advance(1)
    assert {claim.hook_id for claim in store.claim(free=1)} == {b}


def test_the_least_tried_goes_first(store: Stage) -> None:
    hook = store.hook()
    [poison] = store.publish([hook])
    claims = store.claim()
    store.record(claims, "failure")
    fresh = store.publish([hook], 2)
    store.clock.advance(10)
    store.promote()
    assert [claim.event_id for claim in store.claim()] == fresh[:1], (
        "alone, and untried before the one that failed"
    )
    assert poison not in fresh


def test_slow_hooks_get_no_more_than_their_share(store: Stage) -> None:
    slow = [store.hook(quick=False) for _ in range(10)]
    quick = [store.hook() for _ in range(2)]
    store.publish([*slow, *quick])
    claims = store.claim(free=20, slow=3)
    assert sum(claim.is_slow for claim in claims) == 3
    assert {claim.hook_id for claim in claims if not claim.is_slow} == set(quick)
    assert store.claim(free=20, slow=0) == []
    assert len(store.claim(free=20, slow=20)) == 7


def test_a_hook_that_never_succeeded_is_slow_for_all_but_one_of_its_requests(store: Stage) -> None:
    new = [store.hook() for _ in range(3)]
    for hook in new:
        store.set(hook, last_success_at=None)
    store.publish(new, 4)
    claims = store.claim(free=20, slow=2)
    assert [claim.is_slow for claim in claims].count(False) == 3
    assert len(claims) == 5
    assert {claim.hook_id for claim in claims if not claim.is_slow} == set(new)
    assert store.claim(free=20, slow=0) == []
    another = store.hook()
    store.set(another, last_success_at=None)
    store.publish([another], 3)
    [first] = store.claim(free=20, slow=0)
    assert first.hook_id == another, "however many hang, a new one gets its chance"
    store.record([first])
    assert len(store.claim(free=20, slow=0)) == 2


def test_no_claim_brings_more_into_memory_than_it_may(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 4, data=b'{"x":"' + b"y" * 1000 + b'"}')
    first = store.claim(bytes_max=2500)
    assert [claim.body_bytes for claim in first] == [1008, 1008]
    assert len(store.claim(bytes_max=2500)) == 2
    store.publish([store.hook()], 1, data=b'{"x":"' + b"y" * 5000 + b'"}')
    assert len(store.claim(bytes_max=2500)) == 1, "one that is too large for any claim still goes, alone"


def test_one_failure_lets_the_next_untried_one_probe_alone(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 5)
    first = store.claim(free=1)
    store.record(first, "failure")
    probe = store.claim()
    assert len(probe) == 1
    assert probe[0].delivery_id != first[0].delivery_id
    assert store.claim() == []


def test_from_the_second_failure_on_nothing_goes_while_the_breaker_is_open(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 5)
    for _ in range(2):
        store.clock.advance(1)
        store.record(store.claim(free=1), "failure")
    probe_at = store.row(hook).open_until
    assert probe_at == pytest.approx(store.clock.now() + 60)
    assert store.claim() == []
    assert store.row(hook).ready_at == probe_at
    assert store.read(lambda: deliveries.next_due(store.database)) is not None
    store.publish([hook])
    store.clock.advance(59)
    store.promote()
    assert store.claim() == [], "neither a new event nor a due retry opens it"
    store.clock.advance(2)
    assert len(store.claim()) == 1


def test_after_a_success_it_starts_slowly(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 40)
    store.record(store.claim(free=1), "failure")
    rounds = []
    for _ in range(5):
        store.clock.advance(1)
        claims = store.claim()
        rounds.append(len(claims))
        store.record(claims)
    assert rounds == [1, 1, 2, 4, 8]


def test_a_million_waiting_behind_a_failing_hook_are_not_looked_at(store: Stage) -> None:
    poisonous, good = store.hook(), store.hook()
    store.publish([poisonous], 2)
    for _ in range(2):
        store.record(store.claim(free=1), "failure")
        store.clock.advance(0.2)
    store.publish([poisonous], 500)
    store.publish([good], 5)
    assert store.row(poisonous).ready_at == store.row(poisonous).open_until
    read: list[str] = []

    def pick(lanes: Any, waiting: Any, room: Any) -> Any:
        read.extend(lane.hook_id for lane in lanes)
        read.extend(row.hook_id for row in waiting)
        return fairness.pick(lanes, waiting, room)

    assert {claim.hook_id for claim in store.claim(pick=pick)} == {good}
    assert set(read) == {good}


def test_the_claim_reads_through_partial_indexes_only(sqlite: Stage) -> None:
    hook = sqlite.hook()
    sqlite.publish([hook], 3)
    seen: list[str] = []
    connection = sqlite.read(lambda: sqlite.database._db.connection())
    connection.set_trace_callback(seen.append)

    def look() -> None:
        sqlite.database._db.connection().set_trace_callback(seen.append)
        deliveries.promote(sqlite.database, sqlite.clock.now())
        room = Room(Load(10, 10**6), Load(10, 10**6))
        claims.claim(sqlite.database, sqlite.settings, "a", sqlite.clock.now(), room)
        deliveries.next_due(sqlite.database)
        rescue.rescue(sqlite.database, sqlite.clock.now(), lambda owner: True)
        sqlite.database._db.connection().set_trace_callback(None)

    sqlite.do(look)
    selects = [text for text in seen if text.startswith("SELECT")]
    assert len(selects) > 5
    plans = [
        " ; ".join(
            row[3]
            for row in sqlite.read(
                lambda text=text: connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
            )
        )
        for text in selects
    ]
    connection.set_trace_callback(None)
    scans = [
        (text, plan)
        for text, plan in zip(selects, plans, strict=True)
        if "SCAN" in plan.replace("SCAN (subquery", "") and "USING" not in plan
    ]
    assert scans == []
    used = " ".join(plans)
    for index in ("hook_ready", "delivery_waiting", "delivery_retrying", "delivery_sending"):
        assert index in used, index


def test_it_never_takes_more_than_asked_even_when_its_plan_was_made_for_an_empty_queue(
    postgresql: Stage,
) -> None:
    crowd = [postgresql.hook() for _ in range(40)]
    for _ in range(30):
        assert postgresql.claim(free=10) == []
    postgresql.publish(crowd, 50)
    for _ in range(12):
        assert len(postgresql.claim(free=10)) == 10
    assert postgresql.read(lambda: Delivery.select().where(Delivery.state == "sending").count()) == 120


def test_two_workers_at_once_never_get_the_same(postgresql: Stage) -> None:
    crowd = [postgresql.hook() for _ in range(20)]
    postgresql.publish(crowd, 30)
    got: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    start = threading.Barrier(3)

    def work(owner: str) -> None:
        start.wait()
        for _ in range(30):
            claims = postgresql.claim(owner, free=7)
            got[owner] += ids(claims)
            postgresql.record(claims, "success", owner)

    threads = [threading.Thread(target=work, args=(owner,)) for owner in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [delivery for taken in got.values() for delivery in taken]
    assert len(everything) == len(set(everything))
    while claims := postgresql.claim("a"):
        everything += ids(claims)
        postgresql.record(claims)
    assert sorted(everything) == sorted(set(everything))
    assert len(everything) == 600
    assert postgresql.read(lambda: Hook.select().where(Hook.in_flight != 0).count()) == 0


def test_a_delivery_that_changed_after_the_claim_read_it_is_not_taken(postgresql: Stage) -> None:
    """Hold expiry ends it between the claim's reading and its taking."""
    hook = postgresql.hook()
    postgresql.publish([hook], 2)
    first = postgresql.of(hook)[0]

    def meanwhile(*arguments: Any) -> Any:
        expired = postgresql.database.write(
            lambda: (
                postgresql.database.execute(
                    "UPDATE delivery SET state = 'failed' WHERE id IN"
                    " (SELECT id FROM delivery WHERE id = ? AND state = 'waiting' FOR UPDATE SKIP LOCKED)",
                    (first.id,),
                ).rowcount
            )
        ).result(DEADLINE_S)
        seen.append(expired)
        return fairness.pick(*arguments)

    seen: list[int] = []
    claims = postgresql.claim(pick=meanwhile)
    sending = [row.id for row in postgresql.of(hook) if row.state == "sending"]
    assert sending == ids(claims)
    assert len(claims) == 2 - seen[0]
    assert postgresql.row(hook).in_flight == len(claims)


def test_a_project_that_is_archived_sends_nothing_until_it_comes_back(store: Stage) -> None:
    from hub.store import projects

    hook = store.hook()
    store.publish([hook], 2)
    store.do(lambda: projects.archive(store.database, store.project, True, store.clock.now()))
    assert store.claim() == []
    assert store.row(hook).ready_at is None
    store.do(lambda: projects.archive(store.database, store.project, False, store.clock.now()))
    assert len(store.claim()) == 2


def test_a_switched_off_hooks_deliveries_wait_and_go_when_it_is_on_again(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 4)
    store.switch(hook, False)
    assert store.claim() == []
    store.switch(hook, True)
    assert len(store.claim()) == 1, "slow start"


def test_arming_closes_no_breaker_and_wakes_no_hook_that_is_off(store: Stage) -> None:
    broken, off, on = store.hook(), store.hook(), store.hook()
    now = store.clock.now()
    store.set(broken, open_until=now + 50)
    store.switch(off, False)
    store.do(lambda: lanes.arm(store.database, [broken, off, on], now))
    assert (store.row(broken).ready_at, store.row(off).ready_at, store.row(on).ready_at) == (
        now + 50,
        None,
        now,
    )
    store.clock.advance(5)
    store.arm(on)
    assert store.row(on).ready_at == now, "its place in the queue is kept"


def test_a_lane_that_nobody_holds_is_looked_at_again_although_this_worker_has_its_part(store: Stage) -> None:
    """Its requests go on, but their leases are over: what comes of them arms no lane."""
    hook = store.hook()
    store.set(hook, slow_start=1)
    store.publish([hook])
    assert store.claim("a", hook_part=1, under_way={hook: 1}) == []
    store.clock.advance(claims.NOBODYS_S)
    assert len(store.claim("b", hook_part=1)) == 1
