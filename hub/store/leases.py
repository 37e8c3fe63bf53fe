"""Leases: who may send a delivery, and until when.

Owns what a lease is: an owner and an attempt number (the fencing token), which whoever comes late no longer
holds; and the way back from `sending` to `waiting`. A delivery that is leased to begin at once has
`claimed_at`; one that is leased ahead (a run: docs/design/runs.md) has none until its owner says that it has
begun. Each function runs inside its caller's transaction. Step before: `claims.claim`, or
`engine.arrivals`. Step after: `dispatcher` hands the claims to its senders.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from connectors.base import Event as SentEvent
from hub.rules.settings import Settings
from hub.store import lanes
from hub.store.clock import SANE_S
from hub.store.database import Database
from hub.store.fan_outs import NewDelivery
from hub.timestamps import iso

LEASE_MARGIN_S = 15.0
"""A lease outlives the longest possible request by so much, so that a slow recorder does not send twice."""
BEGIN_WITHIN_S = 5.0
"""What was leased ahead goes back when it has not begun by then: the rest of the margin is the recorder's."""
HANDED_OVER_WITHIN_S = 0.1
"""What was claimed to begin at once has begun so long after the claim: the claim is committed before that."""


class Claim(msgspec.Struct, frozen=True):
    """A delivery that is ours to send until its lease ends."""

    delivery_id: str
    attempt: int
    hook_id: str
    hook_version: int
    event_id: str
    is_slow: bool
    """It counts against the slow ones' part of the room."""
    body_bytes: int = 0
    host: str = ""
    """Whom it goes to, where `rules.fairness` was to look at hosts."""
    is_in_run: bool = False
    """Its hook is well: as one ends the next may begin."""
    is_ahead: bool = False
    """It is not to begin before another has ended."""
    begin_until: float = math.inf
    """Begun later than this, by the hub's clock, its lease might not cover the whole attempt."""
    batch_id: str | None = None
    """It stands for several that go in one request."""
    others: tuple["Claim", ...] = ()
    """Those behind this one in its batch."""

    @property
    def parts(self) -> tuple["Claim", ...]:
        """A claim for each delivery of the request."""
        return (self, *self.others)


class Leased(msgspec.Struct, frozen=True):
    """A claimed delivery whose lease still holds."""

    id: str
    hook_id: str
    attempts: int
    failures: int
    faults: int
    deferrals: int
    failed_at: float | None
    delivered_at: float | None


def lease_new(database: Database, owner: str, rows: Sequence[NewDelivery], lease_until: float) -> None:
    """Write deliveries that are leased ahead as they come into being. Their hooks are locked."""
    database.execute_rows(
        "INSERT INTO delivery (id, event_id, hook_id, project_id, type, state, attempts, failures, faults,"
        " owner, lease_until) {rows}",
        "text text text integer text text integer integer integer text float8",
        [(*row, "sending", 1, 0, 0, owner, lease_until) for row in rows],
    )
    leased_of = Counter(hook_id for _, _, hook_id, _, _ in rows)
    database.execute_rows(
        "WITH leased (id, more) AS ({rows})"
        " UPDATE hook SET in_flight = in_flight + leased.more FROM leased WHERE hook.id = leased.id",
        "text integer",
        list(leased_of.items()),
    )


def ends_at(settings: Settings, now: float) -> float:
    """When a lease that is taken now ends."""
    return now + settings.attempt_timeout_s + LEASE_MARGIN_S


def give_back(database: Database, owner: str, claims: Sequence[Claim], now: float) -> int:
    """What was leased ahead and will not begin waits again, in its old place and with its number unused;
    returns how many. Only what is still leased as claimed, and was never said to have begun.
    """
    lanes.lock(database, {claim.hook_id for claim in claims})
    by_number: dict[int, list[str]] = {}
    for claim in claims:
        by_number.setdefault(claim.attempt, []).append(claim.delivery_id)
    back: Counter[str] = Counter()
    for number, ids in by_number.items():
        condition, params = database.among("id", sorted(ids))
        rows = database.execute(
            "UPDATE delivery SET state = 'waiting', attempts = attempts - 1, owner = NULL, lease_until = NULL"
            f" WHERE {condition} AND state = 'sending' AND owner = ? AND attempts = ? AND claimed_at IS NULL"
            " RETURNING hook_id",
            (*params, owner, number),
        )
        back.update(hook_id for (hook_id,) in rows.fetchall())
    lanes.end(database, back)
    lanes.arm(database, back, now)
    return back.total()


def mark_begun(database: Database, owner: str, begun: Mapping[str, float]) -> None:
    """Of what was leased ahead: delivery id → when its request began.

    Written for those that last, so that a crash shows them as cut off. One that somebody else has locked is
    being taken from us.
    """
    mine = (
        "SELECT id FROM delivery WHERE id = ? AND state = 'sending' AND owner = ? AND claimed_at IS NULL"
        + database.lock_clause("delivery")
    )
    database.executemany(
        f"UPDATE delivery SET claimed_at = ? WHERE id IN ({mine})",
        [(began_at, delivery_id, owner) for delivery_id, began_at in sorted(begun.items())],
    )


def may_run(database: Database, hook_ids: Iterable[str]) -> dict[str, int]:
    """Hook id → its version, of those of which more may still be leased than may begin at once. Outside of
    any transaction.
    """
    condition, params = database.among("h.id", sorted(hook_ids))
    return {
        lane.hook_id: lane.version for lane in lanes.read(database, condition, params) if lanes.is_well(lane)
    }


def not_begun(database: Database, hook_id: str, but_owner: str, now: float) -> set[str]:
    """The deliveries that some other process has leased of this hook and may still begin."""
    # Written so that only what is being sent is read, not the hook's whole log.
    rows = database.execute(
        "SELECT d.id FROM hook h JOIN delivery d ON d.hook_id || '' = h.id WHERE h.id = ? AND h.in_flight > 0"
        " AND d.state = 'sending' AND d.owner <> ? AND (d.claimed_at IS NULL OR d.claimed_at > ?)",
        (hook_id, but_owner, now - HANDED_OVER_WITHIN_S),
    ).fetchall()
    return {delivery_id for (delivery_id,) in rows}


def postpone(database: Database, by_s: float) -> None:
    """The hub's clock goes forward by so much: no lease ends by that."""
    database.execute(
        "UPDATE delivery SET lease_until = lease_until + ? WHERE state = 'sending' AND lease_until < ?",
        (by_s, SANE_S),
    )


def sizes(database: Database, event_ids: Iterable[str]) -> dict[str, int]:
    """How many bytes of data these events have."""
    condition, params = database.among("id", sorted(set(event_ids)))
    rows = database.execute(f"SELECT id, length(data) FROM event WHERE {condition}", params).fetchall()
    return dict(rows)


def payloads(database: Database, projects: Mapping[str, str]) -> dict[str, SentEvent]:
    """The events of a claim as formats see them, each once: event id → its project's key."""
    condition, params = database.among("id", sorted(projects))
    rows = database.execute(
        f"SELECT id, type, occurred_at, data, hops, source_id FROM event WHERE {condition}", params
    ).fetchall()
    return {
        event_id: SentEvent(
            event_id, code, iso(occurred_at), projects[event_id], bytes(data), hops, source_id
        )
        for event_id, code, occurred_at, data, hops, source_id in rows
    }


def leased(database: Database, owner: str, claims: Sequence[Claim]) -> dict[str, Leased]:
    """The deliveries whose lease is still the one that was claimed, locked."""
    numbers = {claim.delivery_id: claim.attempt for claim in claims}
    condition, params = database.among("id", sorted(numbers))
    rows = database.execute(
        f"SELECT id, hook_id, attempts, failures, faults, deferrals, failed_at, delivered_at FROM delivery"
        f" WHERE {condition} AND state = 'sending' AND owner = ?"
        f" ORDER BY id{database.lock_clause('delivery', waits=True)}",
        (*params, owner),
    ).fetchall()
    return {row[0]: Leased(*row) for row in rows if row[2] == numbers[row[0]]}
