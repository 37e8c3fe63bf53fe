"""Rescue: deliveries whose worker has died, or lost its lease, wait again.

Owns what that costs them: a try that may have arrived is shown as unknown and counts against nobody, and what
the hub dies with again and again is set aside. It runs inside its caller's transaction. Step before: a lease
ends, or `engine.worker` knows that its owner is dead. Step after: a claim finds them again.
"""

from collections import Counter
from collections.abc import Callable

from hub.rules import retry
from hub.rules.outcome import Outcome
from hub.store import attempts, batches, lanes
from hub.store.database import Database
from hub.store.deliveries import finished_at
from hub.store.models import Delivery

RESCUE_MAX = 500


def rescue(database: Database, now: float, is_dead: Callable[[str], bool] = lambda owner: False) -> int:
    """Take back deliveries whose lease has ended or whose owner is known to be dead, at most `RESCUE_MAX`;
    returns how many.

    The cut-off attempt is shown as unknown: it may have reached the receiver. It counts against nobody. But a
    poison pill must not kill the hub for ever: a delivery during which it died three times is set aside, and
    a batch is halved until it is one.

    What was leased ahead has hardly begun, and waits again as if it had not. From then on it is leased only
    to begin at once: the next time it is known whether it had begun.
    """
    sending = Delivery.select(
        Delivery.id, Delivery.hook_id, Delivery.owner, Delivery.lease_until, Delivery.batch_id
    ).where(Delivery.state == "sending")
    owners = Delivery.select(Delivery.owner).where(Delivery.state == "sending").distinct()
    dead = [row.owner for row in owners if row.owner and is_dead(row.owner)]
    lost = list(
        sending.where((Delivery.lease_until <= now) | Delivery.owner.in_(dead))
        .order_by(Delivery.lease_until)
        .limit(RESCUE_MAX)
    )
    lanes.lock(database, {str(row.hook_id) for row in lost})
    # A batch comes back as a whole, or it would be another one.
    is_lost = Delivery.id.in_([row.id for row in lost])
    if together := {row.batch_id for row in lost if row.batch_id is not None}:
        is_lost |= Delivery.batch_id.in_(together)
    mine = Delivery.select().where(is_lost, Delivery.state == "sending")
    rows = [row for row in database.for_update(mine) if row.lease_until <= now or row.owner in dead]
    begun = [row for row in rows if row.claimed_at is not None]
    attempts.add(database, [(row.id, row.attempts, _cut_off(row, now)) for row in begun])
    sizes = Counter(row.batch_id for row in begun if row.batch_id is not None)
    deadly: dict[str, list[Delivery]] = {}
    for row in begun:
        unknown = attempts.count_unknown(str(row.id))
        if unknown >= retry.CRASHES_MAX and sizes[row.batch_id] <= 1:
            reason = f"set aside: the hub stopped {unknown} times while sending it"
            _finish(row, retry.Verdict("failed", row.failures, row.faults, row.deferrals, reason=reason), now)
        else:
            Delivery.update(state="waiting", owner=None, lease_until=None).where(
                Delivery.id == row.id
            ).execute()
            if unknown >= retry.CRASHES_MAX:
                deadly.setdefault(str(row.batch_id), []).append(row)
    for batch in deadly.values():
        batch.sort(key=lambda row: batches.place(row.seq, str(row.id)))
        batches.halve(database, [str(row.id) for row in batch])
    Delivery.update(
        state="waiting", owner=None, lease_until=None, attempts=Delivery.attempts - 1, claimed_at=now
    ).where(Delivery.id.in_([row.id for row in rows if row.claimed_at is None])).execute()
    lanes.end(database, Counter(str(row.hook_id) for row in rows))
    lanes.arm(database, {row.hook_id for row in rows}, now)
    return len(rows)


def _cut_off(row: Delivery, now: float) -> Outcome:
    began = row.claimed_at or now
    reason = "the hub stopped while this was under way: it may or may not have arrived"
    return Outcome("unknown", began, max(0.0, now - began), "none", reason=reason, was_sent=True)


def _finish(row: Delivery, verdict: retry.Verdict, now: float) -> None:
    final = verdict if row.delivered_at is None else retry.kept(verdict)
    values = {
        "state": final.state,
        "reason": final.reason,
        "finished_at": finished_at(final, row.delivered_at, now),
        "owner": None,
        "lease_until": None,
        "next_at": None,
    }
    Delivery.update(values).where(Delivery.id == row.id).execute()
