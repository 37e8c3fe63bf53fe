"""Leases: deliveries are claimed to be sent, for a while.

Owns the way from `waiting` to `sending` and what a lease is: an owner and an attempt number (the fencing
token), which whoever comes late no longer holds. What is taken, `rules.fairness` says. Each function runs
inside its caller's transaction; a claim never waits for another process: what somebody else has locked is
left out. Step before: `events.add`, `deliveries.promote`. Step after: `dispatcher` hands the claims to its
senders.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.base import Event as SentEvent
from hub.rules import fairness
from hub.rules.fairness import Pick, Room, Waiting
from hub.rules.settings import Settings
from hub.store import lanes
from hub.store.clock import SANE_S
from hub.store.database import Database
from hub.store.lanes import Lane
from hub.timestamps import iso

Picker = Callable[[Iterable[fairness.Lane], Sequence[Waiting], Room], list[Pick]]

LEASE_MARGIN_S = 15.0
"""A lease outlives the longest possible request by so much, so that a slow recorder does not send twice."""


@dataclass(frozen=True, slots=True)
class Claim:
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


@dataclass(frozen=True, slots=True)
class Leased:
    """A claimed delivery whose lease still holds."""

    id: str
    hook_id: str
    attempts: int
    failures: int
    faults: int
    deferrals: int
    failed_at: float | None
    delivered_at: float | None


def claim(
    database: Database,
    settings: Settings,
    owner: str,
    now: float,
    room: Room,
    pick: Picker = fairness.pick,
) -> list[Claim]:
    """Lease waiting deliveries to `owner`, as many as `room` holds; `pick` chooses among them.

    Lanes are read longest-waiting first, no more than could be served; of each lane only what it is allowed.
    """
    ready = (
        *lanes.take_ready(database, now, is_slow=False, limit=room.total.free),
        *lanes.take_ready(database, now, is_slow=True, limit=min(room.slow.free, room.total.free)),
    )
    served = {lane.hook_id: lane for lane in ready if not _is_broken(database, lane, now)}
    if not served:
        return []
    are_hosts_bound = room.probed_hosts is not None
    queues = {lane.hook_id: _as_rules_see_it(lane, settings, are_hosts_bound) for lane in served.values()}
    allowances = {hook_id: queue.allowance for hook_id, queue in queues.items() if queue.allowance}
    waiting = _waiting(database, allowances)
    picked = pick(queues.values(), waiting, room)

    lease_until = now + settings.attempt_timeout_s + LEASE_MARGIN_S
    database.executemany(
        "UPDATE delivery SET state = 'sending', attempts = ?, owner = ?, claimed_at = ?, lease_until = ? WHERE id = ?",
        [(one.row.attempts + 1, owner, now, lease_until, one.row.delivery_id) for one in picked],
    )
    _settle_lanes(database, served, waiting, [one.row for one in picked], now)
    return [
        Claim(
            one.row.delivery_id,
            one.row.attempts + 1,
            one.row.hook_id,
            served[one.row.hook_id].version,
            one.row.event_id,
            one.is_slow,
            one.row.body_bytes,
            queues[one.row.hook_id].host,
        )
        for one in picked
    ]


def postpone(database: Database, by_s: float) -> None:
    """The hub's clock goes forward by so much: no lease ends by that."""
    database.execute(
        "UPDATE delivery SET lease_until = lease_until + ? WHERE state = 'sending' AND lease_until < ?",
        (by_s, SANE_S),
    )


def payloads(database: Database, event_ids: Iterable[str]) -> dict[str, SentEvent]:
    """The events of a claim as formats see them, each once; the project is filled in by the caller, who knows
    it.
    """
    condition, params = database.among("id", sorted(set(event_ids)))
    rows = database.execute(
        f"SELECT id, type, occurred_at, data, hops FROM event WHERE {condition}", params
    ).fetchall()
    return {
        event_id: SentEvent(event_id, code, iso(occurred_at), "", bytes(data), hops)
        for event_id, code, occurred_at, data, hops in rows
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


def _is_broken(database: Database, lane: Lane, now: float) -> bool:
    open_until = lane.health.open_until
    if open_until is None or open_until <= now:
        return False
    database.execute("UPDATE hook SET ready_at = ? WHERE id = ?", (open_until, lane.hook_id))
    return True


def _as_rules_see_it(lane: Lane, settings: Settings, are_hosts_bound: bool) -> fairness.Lane:
    return fairness.Lane(
        lane.hook_id,
        lane.health.allowance(settings.max_in_flight_per_hook, lane.in_flight),
        lane.in_flight,
        lane.health.is_slow,
        lane.health.last_success_at is not None,
        (urlsplit(lane.target_url).hostname or lane.target_url) if are_hosts_bound else "",
    )


def _waiting(database: Database, allowances: dict[str, int]) -> list[Waiting]:
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
    return [Waiting(*row) for row in rows]


def _settle_lanes(
    database: Database, served: Iterable[str], waiting: list[Waiting], taken: list[Waiting], now: float
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
