"""Leases: deliveries are claimed to be sent, for a while, fairly by hook.

Owns the way from `waiting` to `sending` and what a lease is: (owner, attempt number), which whoever comes
late no longer holds. Each function runs inside its caller's transaction. It must never wait for another
process: what somebody else has locked is left out. Step before: `events.add`, `deliveries.promote`. Step
after: `dispatcher` hands the claims to its senders.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from connectors.base import Event as SentEvent
from hub.rules.settings import Settings
from hub.store import lanes
from hub.store.database import Database
from hub.store.lanes import Lane
from hub.timestamps import iso

LEASE_MARGIN_S = 15.0
"""A lease outlives the longest possible request by so much, so that a slow recorder does not send twice."""

UNBOUNDED = 10**6

CLAIM_BYTES_MAX = 33_554_432
"""Payload bytes that one claim brings into memory."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours to send until its lease ends."""

    delivery_id: str
    attempt: int
    hook_id: str
    hook_version: int
    event_id: str
    is_slow: bool


@dataclass(frozen=True, slots=True)
class Leased:
    """A claimed delivery whose lease still holds."""

    id: str
    hook_id: str
    attempts: int
    failures: int
    faults: int
    failed_at: float | None


def claim(
    database: Database,
    settings: Settings,
    owner: str,
    now: float,
    free: int,
    free_for_slow: int,
    own_room: Callable[[str], int] = lambda hook_id: UNBOUNDED,
) -> list[Claim]:
    """Take waiting deliveries, at most `free`, at most `free_for_slow` of them for slow or failing hooks.

    `own_room` says how many of one hook's this worker may take, where several workers share it: what it
    leaves stays ready for the others.

    Fair by hook: lanes are served longest-waiting first, each at most its allowance, its least tried
    deliveries first (contract §8.5). A hook that has never succeeded yet counts as slow for all but one of
    its requests: a hundred new ones that hang must neither take all senders nor, having taken the slow ones'
    part, keep a new one that is well from its first.
    """
    quick = lanes.take_ready(database, now, is_slow=False, limit=free)
    slow = lanes.take_ready(database, now, is_slow=True, limit=min(free_for_slow, free))
    served = {lane.hook_id: lane for lane in (*quick, *slow) if not _is_gated(database, lane, now)}
    if not served:
        return []
    room = {
        hook_id: lane.health.allowance(settings.max_in_flight_per_hook, lane.in_flight)
        for hook_id, lane in served.items()
    }
    waiting = _waiting(database, {hook_id: most for hook_id, most in room.items() if most})
    quick_room = {
        lane.hook_id: UNBOUNDED if lane.health.last_success_at is not None else 1 - lane.in_flight
        for lane in quick
    }
    bounded = _within_bounds(_own_part(waiting, own_room), free, quick_room, free_for_slow)
    taken = [row for row, _ in bounded]
    lease_until = now + settings.attempt_timeout_s + LEASE_MARGIN_S
    database.executemany(
        "UPDATE delivery SET state = 'sending', attempts = ?, owner = ?, claimed_at = ?, lease_until = ? WHERE id = ?",
        [(row.attempts + 1, owner, now, lease_until, row.delivery_id) for row in taken],
    )
    _settle_lanes(database, served, waiting, taken, now)
    return [
        Claim(
            row.delivery_id, row.attempts + 1, row.hook_id, served[row.hook_id].version, row.event_id, is_slow
        )
        for row, is_slow in bounded
    ]


def payloads(database: Database, event_ids: Iterable[str]) -> dict[str, SentEvent]:
    """The events of a claim as formats see them, each once; the project is filled in by the caller, who knows
    it.
    """
    condition, params = database.among("id", sorted(set(event_ids)))
    rows = database.execute(
        f"SELECT id, type, occurred_at, data FROM event WHERE {condition}", params
    ).fetchall()
    return {
        event_id: SentEvent(event_id, code, iso(occurred_at), "", bytes(data))
        for event_id, code, occurred_at, data in rows
    }


def leased(database: Database, owner: str, claims: Sequence[Claim]) -> dict[str, Leased]:
    """The deliveries whose lease is still the one that was claimed, locked."""
    numbers = {claim.delivery_id: claim.attempt for claim in claims}
    condition, params = database.among("id", sorted(numbers))
    rows = database.execute(
        f"SELECT id, hook_id, attempts, failures, faults, failed_at FROM delivery WHERE {condition} AND state = 'sending' AND owner = ?"
        f" ORDER BY id{database.lock_clause('delivery', waits=True)}",
        (*params, owner),
    ).fetchall()
    return {row[0]: Leased(*row) for row in rows if row[2] == numbers[row[0]]}


def _is_gated(database: Database, lane: Lane, now: float) -> bool:
    gate_at = lane.health.gate_at
    if gate_at is None or gate_at <= now:
        return False
    database.execute("UPDATE hook SET ready_at = ? WHERE id = ?", (gate_at, lane.hook_id))
    return True


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery_id: str
    hook_id: str
    event_id: str
    attempts: int
    body_bytes: int


def _waiting(database: Database, allowances: dict[str, int]) -> list[_Waiting]:
    """The least tried, then oldest, waiting deliveries of each hook, at most its allowance: an index range
    each, never a scan.

    Locked: the lane's lock keeps other claims away, not the end of what was held too long. The one statement
    that the engines cannot share: PostgreSQL answers all lanes in one round trip, SQLite has no LATERAL and
    no round trips.
    """
    columns = "d.id, d.hook_id, d.event_id, d.attempts, length(e.data)"
    pick = (
        "SELECT id, hook_id, event_id, attempts FROM delivery WHERE hook_id = {hook} AND state = 'waiting'"
        " ORDER BY attempts, id LIMIT {limit}" + database.lock_clause("delivery")
    )
    if database.is_postgresql:
        sql = (
            f"SELECT {columns} FROM unnest(?::text[], ?::int[]) AS lane(hook_id, room)"
            f" CROSS JOIN LATERAL ({pick.format(hook='lane.hook_id', limit='lane.room')}) d JOIN event e ON e.id = d.event_id"
        )
        rows = database.execute(sql, (list(allowances), list(allowances.values()))).fetchall()
    else:
        sql = (
            f"SELECT {columns} FROM ({pick.format(hook='?', limit='?')}) d JOIN event e ON e.id = d.event_id"
        )
        rows = [row for lane in allowances.items() for row in database.execute(sql, lane).fetchall()]
    return [_Waiting(*row) for row in rows]


def _own_part(waiting: list[_Waiting], own_room: Callable[[str], int]) -> list[_Waiting]:
    """Of each hook's rows, in their order, as many as this worker may take."""
    taken: Counter[str] = Counter()
    part = []
    for row in waiting:
        taken[row.hook_id] += 1
        if taken[row.hook_id] <= own_room(row.hook_id):
            part.append(row)
    return part


def _within_bounds(
    waiting: list[_Waiting], free: int, quick_room: dict[str, int], free_for_slow: int
) -> list[tuple[_Waiting, bool]]:
    """What fits into the free senders and the memory for payloads, and whether it counts as slow: every
    lane's first before any lane's second. `quick_room`: hook id → how many of its rows do not count as
    slow.
    """
    ranked: list[tuple[int, _Waiting]] = []
    rank: dict[str, int] = {}
    for row in sorted(waiting, key=lambda row: (row.attempts, row.delivery_id)):
        rank[row.hook_id] = rank.get(row.hook_id, 0) + 1
        ranked.append((rank[row.hook_id], row))
    taken: list[tuple[_Waiting, bool]] = []
    total_bytes = slow_taken = 0
    for place, row in sorted(ranked, key=lambda item: item[0]):
        is_slow = place > quick_room.get(row.hook_id, 0)
        is_over = total_bytes + row.body_bytes > CLAIM_BYTES_MAX and taken
        if len(taken) == free or is_over:
            break
        if is_slow:
            if slow_taken == free_for_slow:
                continue
            slow_taken += 1
        taken.append((row, is_slow))
        total_bytes += row.body_bytes
    return taken


def _settle_lanes(
    database: Database, served: Iterable[str], waiting: list[_Waiting], taken: list[_Waiting], now: float
) -> None:
    """After a claim a lane is parked, either empty or full: intake, promote or record will arm it. One that
    was cut short goes to the back of the queue instead.
    """
    found = Counter(row.hook_id for row in waiting)
    got = Counter(row.hook_id for row in taken)
    database.executemany(
        "UPDATE hook SET ready_at = ?, in_flight = in_flight + ? WHERE id = ?",
        [
            (now if got[hook_id] < found[hook_id] else None, got[hook_id], hook_id)
            for hook_id in sorted(served)
        ],
    )
