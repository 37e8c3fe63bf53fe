"""What gathers for a hook with a digest, and goes together: when, how much, and the same each time."""

from typing import Any

import pytest

from hub.rules.outcome import Kind
from hub.rules.pace import Digest, Pace, RateLimit, entry_of, stored
from hub.rules.retry import CRASHES_MAX
from hub.store import batches, figures, redelivery
from hub.store.leases import Claim
from hub.store.models import Attempt
from tests.rigs.stage import Stage

WINDOW_S = 30.0


def gathering(store: Stage, count: int = 0, most: int = 4, **pace: Any) -> str:
    """A hook with a digest, and so many events that have gathered for it."""
    hook_id = store.hook(pace=Pace(digest=Digest(WINDOW_S, most), **pace))
    store.publish([hook_id], count)
    return hook_id


def after_window(store: Stage) -> list[Claim]:
    """What goes when the window is over that begins now."""
    assert store.claim() == []
    store.clock.advance(WINDOW_S)
    return store.claim()


def ids(claim: Claim) -> list[str]:
    return [part.delivery_id for part in claim.parts]


def test_the_first_event_begins_a_window_and_all_that_come_within_it_go_together(store: Stage) -> None:
    hook_id = gathering(store, 1)
    assert store.claim() == []
    assert store.row(hook_id).ready_at == store.row(hook_id).gathers_until == store.clock.now() + WINDOW_S
    assert [one.next_attempt_at for one in store.shown(hook_id)] == [store.clock.now() + WINDOW_S]
    store.clock.advance(WINDOW_S - 1)
    store.publish([hook_id], 2)
    assert store.claim() == []
    store.clock.advance(1)
    [claim] = store.claim()
    rows = store.of(hook_id)
    assert ids(claim) == [row.id for row in rows]
    assert {(row.state, row.batch_id, row.attempts) for row in rows} == {("sending", claim.batch_id, 1)}
    assert (store.row(hook_id).in_flight, store.row(hook_id).gathers_until) == (3, None)
    store.record([claim])
    assert set(store.states(hook_id)) == {"delivered"}
    assert (store.row(hook_id).in_flight, store.row(hook_id).ready_at) == (0, None)


def test_as_many_as_may_go_together_go_at_once_and_one_request_after_the_other(store: Stage) -> None:
    hook_id = gathering(store, 9)
    first = store.claim()
    assert [len(claim.parts) for claim in first] == [4]
    assert store.claim() == [], "one request at a time"
    store.record(first)
    second = store.claim()
    assert [len(claim.parts) for claim in second] == [4]
    store.record(second)
    [last] = after_window(store)
    assert len(last.parts) == 1
    assert [row.batch_id for row in store.of(hook_id)] == [
        *[first[0].batch_id] * 4,
        *[second[0].batch_id] * 4,
        last.batch_id,
    ]


def test_what_comes_while_a_request_is_under_way_gathers_from_then_on(store: Stage) -> None:
    hook_id = gathering(store, 4)
    [under_way] = store.claim()
    store.publish([hook_id])
    assert store.claim() == []
    store.clock.advance(WINDOW_S)
    store.record([under_way])
    [claim] = store.claim()
    assert len(claim.parts) == 1


def test_a_request_holds_no_more_than_its_bytes_and_the_rest_goes_next(store: Stage) -> None:
    hook_id = store.hook(pace=Pace(digest=Digest(WINDOW_S, 500)))
    large = b'{"t":"%s"}' % (b"x" * (batches.BYTES_MAX // 2 - 100))
    store.publish([hook_id], 3, data=large)
    [claim] = after_window(store)
    assert len(claim.parts) == 2
    store.record([claim])
    [rest] = store.claim()
    assert len(rest.parts) == 1


@pytest.mark.parametrize("ordering", ["none", "fifo"])
@pytest.mark.parametrize("kind", ["failure", "fault", "later"])
def test_a_retry_is_the_same_batch_in_the_same_order(store: Stage, kind: Kind, ordering: str) -> None:
    hook_id = gathering(store, 0, ordering=ordering)
    publish_paced(store, hook_id, 3)
    [claim] = after_window(store)
    store.record([claim], kind)
    assert len({row.next_at for row in store.of(hook_id)}) == 1
    publish_paced(store, hook_id, 1)
    store.clock.advance(6)
    store.promote(limit=2)  # a part of it is promoted first
    [again] = store.claim()
    assert (again.batch_id, ids(again)) == (claim.batch_id, ids(claim))
    assert {part.attempt for part in again.parts} == {2}


def publish_paced(store: Stage, hook_id: str, count: int) -> None:
    entry = entry_of(stored(store.row(hook_id).pace))
    store.publish([hook_id], count, entries={} if entry is None else {hook_id: entry})


def test_untried_events_go_before_a_batch_that_failed_and_it_does_not_wait_for_a_window(store: Stage) -> None:
    hook_id = gathering(store, 4)
    [failed] = store.claim()
    store.record([failed], "failure")
    store.publish([hook_id], 4)
    [probe] = store.claim()
    assert {part.attempt for part in probe.parts} == {1}
    store.record([probe])
    store.publish([hook_id])
    store.clock.advance(6)
    store.promote()
    [again] = store.claim()
    assert again.batch_id == failed.batch_id
    assert store.row(hook_id).gathers_until == store.clock.now() + WINDOW_S


def test_a_batch_with_an_event_that_cannot_be_taken_is_halved_until_that_is_alone(store: Stage) -> None:
    hook_id = gathering(store, 4)
    bad = store.of(hook_id)[2].id
    sizes = []
    for _ in range(6):
        store.promote()
        for claim in store.claim():
            sizes.append(len(claim.parts))
            if bad in ids(claim):
                store.record([claim], "failure", blames_event=True)
            else:
                store.record([claim])
        store.clock.advance(0.5)
    assert sizes == [4, 2, 2, 1, 1]
    rows = {row.id: row for row in store.of(hook_id)}
    assert (rows[bad].state, rows[bad].failures) == ("retrying", 1), "alone it is as of any hook"
    assert {row.state for row in rows.values() if row.id != bad} == {"delivered"}
    assert store.row(hook_id).consecutive_failures == 0


def test_where_everything_is_refused_each_pause_is_for_one_event_that_was_alone(store: Stage) -> None:
    hook_id = gathering(store, 4)
    asked = []
    for _ in range(10):
        store.promote()
        for claim in store.claim():
            asked.append(len(claim.parts))
            store.record([claim], "failure", blames_event=True, status=500)
        store.clock.advance(0.5)
    assert asked == [4, 2, 2, 1]
    row = store.row(hook_id)
    assert (row.consecutive_failures, row.state) == (2, "failing")
    assert (row.open_until or 0) > store.clock.now() + 30


def test_events_that_the_hook_itself_refuses_are_told_apart_by_halves(store: Stage) -> None:
    hook_id = gathering(store, 2, most=2)
    bad = store.of(hook_id)[1].id
    for _ in range(3):
        store.promote()
        for claim in store.claim():
            store.record([claim], "refused" if bad in ids(claim) else "success", blames_event=True)
    assert store.states(hook_id) == ["delivered", "refused"]


def test_health_figures_and_tokens_count_a_request_once(store: Stage) -> None:
    hook_id = gathering(store, 4, rate_limit=RateLimit(2, 60))
    store.set(hook_id, slow_start=1)
    [claim] = store.claim()
    store.record([claim])
    row = store.row(hook_id)
    assert (row.slow_start, row.tokens) == (2, 1.0)
    [hours] = store.read(lambda: figures.results(store.database, [hook_id], 0)).values()
    assert sum(one.delivered for one in hours.values()) == 1


def test_request_and_answer_are_kept_with_the_first_delivery_alone(store: Stage) -> None:
    hook_id = gathering(store, 4)
    [claim] = store.claim()
    store.record([claim], response_body=b"thanks")
    kept = store.read(lambda: {row.delivery_id: bytes(row.response_body) for row in Attempt.select()})
    assert [kept[row.id] for row in store.of(hook_id)] == [b"thanks", b"", b"", b""]


def test_after_a_crash_the_same_batch_goes_again_and_a_deadly_one_is_halved(store: Stage) -> None:
    hook_id = gathering(store, 4)
    deadly = store.of(hook_id)[3].id
    claimed: list[Claim] = []
    for _ in range(20):
        [claim] = store.claim() or [None]  # type: ignore[list-item]
        if claim is None:
            break
        claimed.append(claim)
        if deadly in ids(claim):
            store.rescue(lambda owner: owner == "a")
        else:
            store.record([claim])
    assert [len(claim.parts) for claim in claimed] == [*[4] * CRASHES_MAX, 2, 2, 1, 1]
    assert len({claim.batch_id for claim in claimed[:CRASHES_MAX]}) == 1
    assert store.states(hook_id) == ["delivered", "delivered", "delivered", "failed"]
    assert "set aside" in (store.of(hook_id)[3].reason or "")


def test_where_one_of_a_batch_has_ended_the_others_are_another_batch(store: Stage) -> None:
    gathering(store, 4)
    [claim] = store.claim()
    store.record([claim], "failure")
    store.do(lambda: redelivery.end_open([claim.delivery_id], "cancelled", "dropped", store.clock.now()))
    store.clock.advance(6)
    store.promote()
    [again] = store.claim()
    assert (ids(again), again.batch_id != claim.batch_id) == (ids(claim)[1:], True)


def test_one_that_is_retried_by_hand_goes_at_once_with_its_batch_or_anew_when_that_is_over(
    store: Stage,
) -> None:
    def retry(delivery_id: str) -> None:
        now = store.clock.now()
        assert store.do(lambda: redelivery.retry_now(store.database, delivery_id, hook_id, now))

    hook_id = gathering(store, 4)
    [claim] = store.claim()
    store.record([claim], "failure")
    retry(ids(claim)[2])
    [again] = store.claim()
    assert (ids(again), again.batch_id) == (ids(claim), claim.batch_id)
    store.record([again])
    retry(ids(claim)[2])
    [anew] = store.claim()
    assert (ids(anew), anew.batch_id != claim.batch_id) == ([ids(claim)[2]], True)
    store.record([anew])
    store.publish([hook_id], 2)
    assert store.claim() == []
    retry(store.of(hook_id)[-1].id)
    [gathered] = store.claim()
    assert len(gathered.parts) == 2, "nobody waits for the window who does not want to"


def test_without_its_digest_a_hook_gets_what_has_gathered_one_by_one(store: Stage) -> None:
    hook_id = gathering(store, 3)
    assert store.claim() == []
    store.change(hook_id, digest=None)
    claims = store.claim()
    assert [(len(claim.parts), claim.batch_id) for claim in claims] == [(1, None)] * 3
