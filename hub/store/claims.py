"""Claims: waiting deliveries are leased to be sent.

Owns which lanes are looked at, and how much is read of them; what is taken of that, `rules.fairness` says. A
claim never waits for another process: what somebody else has locked is left out. It runs inside its caller's
transaction. Step before: `events.add`, `deliveries.promote`. Step after: `dispatcher` hands the claims to
`runs`.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from urllib.parse import urlsplit

from msgspec.structs import replace

from hub.rules import bucket, fairness
from hub.rules.bucket import Bucket
from hub.rules.fairness import Pick, Room, Waiting
from hub.rules.settings import Settings
from hub.store import batches, buckets, lanes, order
from hub.store.batches import Batch
from hub.store.database import Database
from hub.store.lanes import Lane
from hub.store.leases import BEGIN_WITHIN_S, Claim, ends_at

Picker = Callable[[Iterable[fairness.Lane], Sequence[Waiting], Room], list[Pick]]

LANES_MAX = 64
"""A claim looks at so many quick lanes and so many slow ones, and takes the more of each: a lane costs as
much as several rows.
"""
LANES_LEAST = 8
"""On SQLite a claim may be filled by so many lanes, and looks at no more of them once it has enough."""
NOBODYS_S = 1.0
"""So much later a lane is looked at again that nobody holds, but of which this worker has its part under way:
it has lost those leases, and the end of what it has under way arms no lane.
"""
READ_MAX = 2
"""A claim reads so many times the rows that it may take: some lanes have fewer than others."""


def claim(
    database: Database,
    settings: Settings,
    owner: str,
    now: float,
    room: Room,
    pick: Picker = fairness.pick,
) -> list[Claim]:
    """Lease waiting deliveries to `owner`, as many as `room` holds; `pick` chooses among them.

    No more lanes are read than could be served; of each lane only what it is allowed.
    """
    served = {
        lane.hook_id: lane for lane in _ready(database, now, room) if not _is_broken(database, lane, now)
    }
    if not served:
        return []
    are_hosts_bound = room.probed_hosts is not None
    filled = {hook_id: left for hook_id, lane in served.items() if (left := lane.bucket(now)) is not None}
    queues = {
        hook_id: _as_rules_see_it(lane, settings, are_hosts_bound, filled.get(hook_id))
        for hook_id, lane in served.items()
    }
    wanted = {hook_id: most for hook_id, queue in queues.items() if (most := _most(queue, room))}
    asked = _bounded(database, wanted, room.rows_max)
    digests = [lane for lane in served.values() if lane.pace.digest is not None]
    gathered = batches.gather(database, digests, asked, now)
    in_order = (one for one in asked if served[one].pace.is_fifo and served[one].pace.digest is None)
    first = order.first_of(database, in_order, now)
    apart = first.hook_ids | {lane.hook_id for lane in digests}
    waiting = first.rows + gathered.rows
    plain = {one: n for one, n in asked.items() if one not in apart}
    rows, passed_by = _waiting(database, plain, READ_MAX * room.rows_max)
    waiting += rows
    served = {hook_id: lane for hook_id, lane in served.items() if hook_id not in passed_by}
    picked = pick(queues.values(), waiting, room)

    until = ends_at(settings, now)
    for is_ahead in (False, True):
        ids = [one.row.delivery_id for one in picked if one.is_ahead == is_ahead]
        _lease(database, ids, owner, None if is_ahead else now, until)
    taken = [one.row for one in picked]
    going = {row.delivery_id: batch for row in taken if (batch := gathered.batches.get(row.delivery_id))}
    for batch in going.values():
        _lease(database, [row.delivery_id for row in batch.rows[1:]], owner, now, until)
        batches.begin(database, batch)
    idle_until = first.until | gathered.until | _take_tokens(database, served, filled, taken)
    idle_until |= {
        hook_id: now + NOBODYS_S
        for hook_id, queue in queues.items()
        if hook_id not in wanted and queue.allowance and not queue.in_flight
    }
    shared = {one.hook_id for one in queues.values() if one.may_run} if room.hook_part is not None else set()
    _settle_lanes(database, served, wanted, asked, waiting, taken, idle_until, now, shared)
    claims = [
        Claim(
            one.row.delivery_id,
            one.row.attempts + 1,
            one.row.hook_id,
            served[one.row.hook_id].version,
            one.row.event_id,
            one.is_slow,
            one.row.body_bytes,
            queues[one.row.hook_id].host,
            queues[one.row.hook_id].may_run,
            one.is_ahead,
            now + BEGIN_WITHIN_S,
        )
        for one in picked
    ]
    if not going:
        return claims
    return [_for_all(one, going[one.delivery_id]) if one.delivery_id in going else one for one in claims]


def _for_all(first: Claim, batch: Batch) -> Claim:
    others = tuple(
        replace(first, delivery_id=row.delivery_id, attempt=row.attempts + 1, event_id=row.event_id)
        for row in batch.rows[1:]
    )
    return replace(first, batch_id=batch.id, others=others)


def _ready(database: Database, now: float, room: Room) -> Iterable[Lane]:
    """The lanes to look at. Half of them are those that wait longest, so that each has its turn. Half are
    those that have become ready last, so that a single event does not wait behind all the hooks of a fan-out.
    """
    half = min(room.total.free, LANES_MAX) // 2
    first = lanes.take_ready(database, now, is_slow=False, limit=min(room.total.free, LANES_MAX) - half)
    are_more = len(first) == min(room.total.free, LANES_MAX) - half
    last = lanes.take_ready(database, now, is_slow=False, limit=half, newest=True) if are_more else []
    slow = lanes.take_ready(
        database, now, is_slow=True, limit=min(room.slow.free, room.total.free, LANES_MAX)
    )
    in_turn = chain.from_iterable(zip_longest(first, last, slow))
    return {lane.hook_id: lane for lane in in_turn if lane is not None}.values()


def _is_broken(database: Database, lane: Lane, now: float) -> bool:
    open_until = lane.health.open_until
    if open_until is None or open_until <= now:
        return False
    database.execute("UPDATE hook SET ready_at = ? WHERE id = ?", (open_until, lane.hook_id))
    return True


def _as_rules_see_it(
    lane: Lane, settings: Settings, are_hosts_bound: bool, left: Bucket | None
) -> fairness.Lane:
    most = 1 if lane.pace.is_single else settings.max_in_flight_per_hook
    allowance = lane.health.allowance(most, lane.in_flight)
    return fairness.Lane(
        lane.hook_id,
        allowance if left is None else min(allowance, left.whole),
        lane.in_flight,
        lane.health.is_slow,
        lane.health.last_success_at is not None,
        (urlsplit(lane.target_url).hostname or lane.target_url) if are_hosts_bound else "",
        lanes.is_well(lane),
    )


def _most(queue: fairness.Lane, room: Room) -> int:
    return room.most_of(queue) + room.ahead_of(queue)


def _bounded(database: Database, wanted: dict[str, int], rows_max: int) -> dict[str, int]:
    """How many rows of each lane are read: no more than could be taken if the others had few."""
    if sum(wanted.values()) <= READ_MAX * rows_max:
        return wanted
    each = math.ceil(READ_MAX * rows_max / len(wanted))
    if not database.is_postgresql:
        each = max(each, rows_max // LANES_LEAST)
    return {hook_id: min(most, each) for hook_id, most in wanted.items()}


def _lease(
    database: Database, ids: list[str], owner: str, claimed_at: float | None, lease_until: float
) -> None:
    if ids:
        condition, params = database.among("id", ids)
        database.execute(
            "UPDATE delivery SET state = 'sending', attempts = attempts + 1, owner = ?, claimed_at = ?, "
            "lease_until = ?"
            f" WHERE {condition}",
            (owner, claimed_at, lease_until, *params),
        )


def _waiting(database: Database, asked: dict[str, int], rows_max: int) -> tuple[list[Waiting], set[str]]:
    """The least tried, then oldest, waiting deliveries of each hook, at most as many as asked for: an index
    range each, never a scan. With the hooks that were not looked at, because there are enough without them.

    Locked: the lane's lock keeps other claims away, not the end of what was held too long. The one statement
    that the engines cannot share: PostgreSQL answers all lanes in one round trip; SQLite has no LATERAL, and
    no round trips either. On SQLite more is taken of fewer hooks, because each costs as much as several rows.
    """
    columns = "d.id, d.hook_id, d.event_id, d.attempts, length(e.data), d.claimed_at IS NULL"
    pick = (
        "SELECT id, hook_id, event_id, attempts, claimed_at FROM delivery WHERE hook_id = {hook} "
        "AND state = 'waiting'"
        " ORDER BY attempts, id LIMIT {limit}" + database.lock_clause("delivery")
    )
    if database.is_postgresql:
        sql = (
            f"SELECT {columns} FROM unnest(?::text[], ?::int[]) AS lane(hook_id, room)"
            f" CROSS JOIN LATERAL ({pick.format(hook='lane.hook_id', limit='lane.room')}) d "
            "JOIN event e ON e.id = d.event_id"
        )
        rows = database.execute(sql, (list(asked), list(asked.values()))).fetchall()
        return [Waiting(*row) for row in rows], set()

    sql = f"SELECT {columns} FROM ({pick.format(hook='?', limit='?')}) d JOIN event e ON e.id = d.event_id"
    rows, left = [], set(asked)
    for lane in asked.items():
        if len(rows) >= rows_max:
            break
        left.discard(lane[0])
        rows += database.execute(sql, lane).fetchall()
    return [Waiting(*row) for row in rows], left


def _take_tokens(
    database: Database, served: Mapping[str, Lane], filled: Mapping[str, Bucket], taken: list[Waiting]
) -> dict[str, float]:
    """Each request takes a token, a retry too. Returns when the next comes to lanes that have none left."""
    if not filled:
        return {}
    got = Counter(row.hook_id for row in taken)
    left = {hook_id: one.taken(got[hook_id]) for hook_id, one in filled.items()}
    buckets.keep(database, left)
    return {
        hook_id: bucket.next_at(one, rate)
        for hook_id, one in left.items()
        if not one.whole and (rate := served[hook_id].rate) is not None
    }


def _settle_lanes(
    database: Database,
    served: Iterable[str],
    wanted: Mapping[str, int],
    asked: Mapping[str, int],
    waiting: list[Waiting],
    taken: list[Waiting],
    until: Mapping[str, float],
    now: float,
    shared: Collection[str],
) -> None:
    """After a claim a lane is parked, either empty or full: intake, promote or record will arm it. One that
    was cut short goes to the back of the queue instead, and one that may hold more for other
    workers; of some it is known until when nothing can go.
    """
    found = Counter(row.hook_id for row in waiting)
    got = Counter(row.hook_id for row in taken)
    is_short = {
        hook_id: got[hook_id] < found[hook_id]
        or asked.get(hook_id, 0) == found[hook_id] < wanted.get(hook_id, 0)
        or (hook_id in shared and asked.get(hook_id, 0) == found[hook_id])
        for hook_id in served
    }
    database.executemany(
        "UPDATE hook SET ready_at = ?, in_flight = in_flight + ? WHERE id = ?",
        [
            (until.get(hook_id, now - lanes.AGAIN_S if is_short[hook_id] else None), got[hook_id], hook_id)
            for hook_id in sorted(served)
        ],
    )
