"""What is sent again, by whom, and that what was delivered stays so."""

import time

import pytest

from hub.rules.outcome import Kind
from hub.rules.settings import Settings
from hub.store import history, leases, redelivery, retention
from tests.rigs.stage import Stage


def test_retry_now_starts_the_schedule_anew_in_any_state_but_under_way(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    claims = store.claim()
    row = store.delivery(claims[0].delivery_id)
    assert not store.do(lambda: redelivery.retry_now(store.database, row.id, row.hook_id, store.clock.now()))
    store.record(claims, "failure")
    assert store.do(lambda: redelivery.retry_now(store.database, row.id, row.hook_id, store.clock.now()))
    assert [claim.attempt for claim in store.claim()] == [2]
    store.record([leases.Claim(row.id, 2, hook, 1, row.event_id, False)])
    assert store.states(hook) == ["delivered"]
    assert store.do(lambda: redelivery.retry_now(store.database, row.id, row.hook_id, store.clock.now()))
    [again] = store.claim()
    assert (again.delivery_id, again.attempt) == (row.id, 3)
    assert store.of(hook)[0].finished_at is None


def sent_again(store: Stage) -> str:
    """A hook with one delivery that was delivered, and is to be sent once more."""
    hook = store.hook()
    store.publish([hook])
    store.record(store.claim())
    [row] = store.of(hook)
    assert store.do(lambda: redelivery.retry_now(store.database, row.id, hook, store.clock.now()))
    return hook


def shown(store: Stage, hook: str) -> list[tuple[str, float | None, str | None]]:
    """Also found by the state that is shown, and by no other."""
    found = store.read(lambda: history.find(store.project.id, hook_id=hook))
    for state in history.SHOWN_STATES:
        of_state = store.read(lambda state=state: history.find(store.project.id, hook_id=hook, state=state))  # type: ignore[misc]
        assert of_state == [one for one in found if one.state == state]
    return [(one.state, one.finished_at, one.reason) for one in found]


def test_what_was_delivered_stays_so_while_it_is_sent_again(store: Stage) -> None:
    store.clock.at = 1_000_000.0
    hook = sent_again(store)
    delivered_at = store.clock.now()
    assert shown(store, hook) == [("delivered", delivered_at, None)]
    [claim] = store.claim()
    assert shown(store, hook) == [("delivered", delivered_at, None)]
    store.record([claim], "failure")
    assert shown(store, hook) == [("delivered", delivered_at, "a failure")]
    assert store.states(hook) == ["retrying"]
    store.clock.advance(100)
    store.promote()
    store.record(store.claim())
    assert shown(store, hook) == [("delivered", store.clock.now(), None)]


@pytest.mark.parametrize("kind", ["failure", "refused", "gone"])
def test_what_was_delivered_stays_so_when_it_is_sent_again_in_vain(store: Stage, kind: Kind) -> None:
    store.clock.at = 1_000_000.0
    hook = sent_again(store)
    delivered_at = store.clock.now()
    store.settings = Settings(retry_schedule_s=())
    store.clock.advance(100)
    store.record(store.claim(), kind)
    assert store.states(hook) == ["delivered"]
    reason = f"delivered before, and sent again in vain: a {kind}"
    assert shown(store, hook) == [("delivered", delivered_at, reason)]


def test_what_was_delivered_stays_so_when_the_hub_dies_while_sending_it_again(store: Stage) -> None:
    hook = sent_again(store)
    for _ in range(3):
        assert store.claim("dead")
        store.rescue(lambda owner: owner == "dead")
    assert store.states(hook) == ["delivered"]


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_was_delivered_stays_so_when_its_hook_goes_before_it_is_sent_again(
    store: Stage, is_deleted: bool
) -> None:
    hook = sent_again(store)
    [row] = store.of(hook)
    if is_deleted:
        store.delete(hook)
    else:
        store.switch(hook, False)
    assert shown(store, hook)[0][0] == "delivered"
    store.clock.at = time.time() + 30 * 86_400
    assert store.do(lambda: retention.expire_held(Settings(), store.clock.now())) == 1
    [(state, finished_at, reason)] = shown(store, hook)
    assert (state, finished_at) == ("delivered", row.delivered_at)
    assert str(reason).startswith("delivered before, and sent again in vain: ")


def test_a_replay_leaves_what_was_delivered_delivered(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    store.record(store.claim())
    [row] = store.of(hook)
    store.do(lambda: redelivery.send_again(store.database, store.row(hook), [row.id], [], store.clock.now()))
    assert store.states(hook) == ["waiting"]
    assert shown(store, hook)[0][0] == "delivered"


def test_by_hand_a_delivery_may_be_put_off_anew(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    [claim] = store.claim()
    store.record([claim], "later", status=429)
    now = store.clock.now()
    assert store.do(lambda: redelivery.retry_now(store.database, claim.delivery_id, hook, now))
    assert store.delivery(claim.delivery_id).deferrals == 0


def test_what_was_delivered_stays_so_when_the_backlog_of_its_hook_is_dropped(store: Stage) -> None:
    hook = sent_again(store)
    store.publish([hook])
    cancelled = store.do(
        lambda: redelivery.cancel_open(hook, "dlv_g", "dropped by hand", store.clock.now(), 10)
    )
    assert cancelled == 2
    assert [(one[0], one[2]) for one in shown(store, hook)] == [
        ("cancelled", "dropped by hand"),
        ("delivered", "delivered before, and sent again in vain: dropped by hand"),
    ]
