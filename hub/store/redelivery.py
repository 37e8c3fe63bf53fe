"""Deliveries that somebody sends again, or gives up: by hand, as a replay, with their hook.

Each function runs inside its caller's transaction and applies only where the row is still what the caller
thinks. One that had been delivered stays so, whatever comes of sending it again (`delivered_at`). Step
before: `operations` has asked who may. Step after: the dispatcher claims what waits.
"""

from collections.abc import Sequence
from typing import Any

from peewee import Case, fn

from hub.rules.retry import SENT_AGAIN_IN_VAIN
from hub.store import batches, events, fan_outs, lanes
from hub.store.database import Database
from hub.store.history import OPEN
from hub.store.hooks import Hook
from hub.store.models import Delivery


def retry_now(database: Database, delivery_id: str, hook_id: str, now: float) -> bool:
    """One more attempt of this delivery, whatever its state but `sending`; False when it is under way or was
    just changed.

    Its schedule starts anew, so that a delivery that had been given up is again tried as often as a new one.
    One that had been delivered stays delivered, whatever comes of it. In an order it has its old place, and
    goes before what came after it. One that is to be tried again with others goes with them,
    one that gathers ends the window.
    """
    lane = lanes.lock(database, [hook_id])[hook_id]
    together = batches.others(database, delivery_id)
    changed = (
        Delivery.update(
            state="waiting",
            failures=0,
            faults=0,
            deferrals=0,
            failed_at=None,
            next_at=None,
            finished_at=None,
            delivered_at=Case(
                None, [(Delivery.state == "delivered", Delivery.finished_at)], Delivery.delivered_at
            ),
            reason=None,
            **({} if together else {"batch_id": None}),
            **({"seq": fn.COALESCE(Delivery.seq, 0)} if lane.pace.is_fifo else {}),
        )
        .where(Delivery.id.in_(together or [delivery_id]), Delivery.state != "sending")
        .execute()
    )
    if lane.pace.digest is not None and not together:
        batches.keep_windows(database, {hook_id: now})
    lanes.arm(database, [hook_id], now)
    return bool(changed)


def try_now(database: Database, hook_id: str, now: float) -> bool:
    """Close a failing hook's breaker early: its first retry is sent at once, alone, as a probe. False when it
    has nothing to send.
    """
    lane = lanes.lock(database, [hook_id])[hook_id]
    first = (
        Delivery.select(Delivery.id)
        .where(Delivery.hook_id == hook_id, Delivery.state.in_(OPEN))
        .order_by(*((Delivery.seq, Delivery.id) if lane.pace.is_fifo else (Delivery.next_at,)))
        .limit(1)
        .scalar()
    )
    if first is None:
        return False
    Delivery.update(state="waiting", next_at=None).where(
        Delivery.id == first, Delivery.state == "retrying"
    ).execute()
    lanes.close_breaker(hook_id)
    lanes.arm(database, [hook_id], now)
    return True


def send_again(
    database: Database, hook: Hook, again: Sequence[str], fresh: Sequence[tuple[str, str, str]], now: float
) -> None:
    """For a replay: deliveries that are over become waiting with a new schedule; `fresh` are made: (id, event
    id, type). In an order the former have their old places, the latter the last.
    """
    lane = lanes.lock(database, [hook.id])[hook.id]
    database.executemany(
        "UPDATE delivery SET state = 'waiting', failures = 0, faults = 0, deferrals = 0, failed_at = NULL,"
        " delivered_at = CASE WHEN state = 'delivered' THEN finished_at ELSE delivered_at END,"
        " next_at = NULL, finished_at = NULL, reason = NULL, batch_id = NULL"
        + (", seq = COALESCE(seq, 0)" if lane.pace.is_fifo else "")
        + " WHERE id = ? AND state IN ('delivered', 'failed', 'refused', 'cancelled')",
        [(delivery_id,) for delivery_id in again],
    )
    rows = [
        (delivery_id, event_id, hook.id, hook.project_id, event_type)
        for delivery_id, event_id, event_type in fresh
    ]
    if lane.pace.is_fifo:
        events.add_in_order(database, rows)
    else:
        fan_outs.add_deliveries(database, rows)
    lanes.arm(database, [hook.id], now)


def cancel_open(hook_id: str, until_id: str, reason: str, now: float, rows_max: int) -> int:
    """Cancel a hook's deliveries that wait and are older than `until_id`; one batch, returns its size."""
    ids = [
        row.id
        for state in OPEN
        for row in Delivery.select(Delivery.id)
        .where(Delivery.hook_id == hook_id, Delivery.state == state, Delivery.id < until_id)
        .limit(rows_max)
    ][:rows_max]
    return end_open(ids, "cancelled", reason, now)


def end_open(ids: Sequence[str], state: str, reason: str, now: float) -> int:
    """End open deliveries, as what they were before where they had been delivered; returns how many."""
    values: dict[str, Any] = {"state": state, "reason": reason, "finished_at": now, "next_at": None}
    as_before: dict[str, Any] = {
        **values,
        "state": "delivered",
        "reason": f"{SENT_AGAIN_IN_VAIN}: {reason}",
        "finished_at": Delivery.delivered_at,
    }
    is_open = Delivery.id.in_(ids) & Delivery.state.in_(OPEN)
    ended = Delivery.update(values).where(is_open, Delivery.delivered_at.is_null()).execute()
    return int(ended) + int(Delivery.update(as_before).where(is_open).execute())
