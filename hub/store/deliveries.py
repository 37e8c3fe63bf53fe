"""The delivery queue: claim, record, promote, rescue, retry. The database is the queue.

Owns every change of a delivery's state. Each function runs inside its caller's transaction and applies only where the row is still
what the caller thinks: a lease is (owner, attempt number), and whoever comes late changes nothing.

    waiting ──claim──▶ sending ──record──▶ delivered | retrying | failed | refused
       ▲                  │                              │
       ├─────rescue───────┘                              │      (a switched-off hook's waiting and retrying ones are *held*,
       └───────────promote, when next_at has come────────┘       a deleted or gone hook's are *cancelled*: see `history`)

It must never send anything and never lock a delivery before its hook, except where a row can have no other user.
Step before: `store.events.add`. Step after: `dispatcher` hands claims to the senders and brings their outcomes back.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from connectors.base import Event as SentEvent
from hub.rules import health, retry
from hub.rules.health import Health
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store import events, lanes
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.lanes import Lane
from hub.store.models import Attempt, Delivery, Hook
from hub.timestamps import iso

LEASE_MARGIN_S = 15.0
"""A lease outlives the longest possible request by so much, so that a slow recorder does not send twice."""

CLAIM_BYTES_MAX = 33_554_432
"""Payload bytes that one claim brings into memory."""

PROMOTE_MAX = 500
RESCUE_MAX = 500


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
class Recorded:
    """A hook whose state an outcome has changed for good."""

    hook_id: str
    project_id: int
    state: str
    reason: str


def claim(database: Database, settings: Settings, owner: str, now: float, free: int, free_for_slow: int) -> list[Claim]:
    """Take waiting deliveries, at most `free`, at most `free_for_slow` of them for slow or failing hooks.

    Fair by hook: lanes are served longest-waiting first, each at most its allowance, its least tried deliveries first (contract §8.5).
    A hook that has never succeeded yet counts as slow for all but one of its requests: a hundred new ones that hang must neither take
    all senders nor, having taken the slow ones' part, keep a new one that is well from its first.
    """
    quick = lanes.take_ready(database, now, is_slow=False, limit=free)
    slow = lanes.take_ready(database, now, is_slow=True, limit=min(free_for_slow, free))
    served = {lane.hook_id: lane for lane in (*quick, *slow) if not _is_gated(database, lane, now)}
    if not served:
        return []
    room = {hook_id: lane.health.allowance(settings.max_in_flight_per_hook, lane.in_flight) for hook_id, lane in served.items()}
    waiting = _waiting(database, {hook_id: most for hook_id, most in room.items() if most})
    quick_room = {lane.hook_id: 10**6 if lane.health.last_success_at is not None else 1 - lane.in_flight for lane in quick}
    bounded = _within_bounds(waiting, free, quick_room, free_for_slow)
    taken = [row for row, _ in bounded]
    lease_until = now + settings.attempt_timeout_s + LEASE_MARGIN_S
    database.executemany(
        "UPDATE delivery SET state = 'sending', attempts = ?, owner = ?, claimed_at = ?, lease_until = ? WHERE id = ?",
        [(row.attempts + 1, owner, now, lease_until, row.delivery_id) for row in taken],
    )
    _settle_lanes(database, served, waiting, taken, now)
    return [
        Claim(row.delivery_id, row.attempts + 1, row.hook_id, served[row.hook_id].version, row.event_id, is_slow)
        for row, is_slow in bounded
    ]


def record(
    database: Database, settings: Settings, owner: str, outcomes: Sequence[tuple[Claim, Outcome]], now: float, chance: Callable[[], float]
) -> list[Recorded]:
    """Write finished attempts, judge their deliveries and hooks, and make room in the lanes.

    Outcomes whose lease somebody else has meanwhile taken over change nothing. Returns the hooks that went off.
    """
    hooks = lanes.lock(database, {done.hook_id for done, _ in outcomes})
    ours = _still_ours(database, owner, [done for done, _ in outcomes])
    ended = sorted(
        ((done, outcome, ours[done.delivery_id], chance()) for done, outcome in outcomes if done.delivery_id in ours),
        key=lambda item: item[1].ended_at,
    )
    _write_attempts(database, [(done.delivery_id, done.attempt, outcome) for done, outcome, _, _ in ended])
    schedule = settings.retry_schedule_s
    _write_verdicts(
        database,
        [
            (retry.judge(outcome, failures=row.failures, faults=row.faults, schedule=schedule, chance=drawn), outcome.ended_at, row.id)
            for _, outcome, row, drawn in ended
        ],
    )
    by_hook: dict[str, list[tuple[Outcome, float]]] = {}
    for done, outcome, _, drawn in ended:
        by_hook.setdefault(done.hook_id, []).append((outcome, drawn))
    after = {hook_id: _judged(hooks[hook_id], by_hook[hook_id], settings) for hook_id in sorted(by_hook)}
    lanes.write(database, [(hook_id, health, len(by_hook[hook_id])) for hook_id, health in after.items()])
    lanes.arm(database, by_hook, now)
    return [
        Recorded(hook_id, hooks[hook_id].project_id, health.state, health.disabled_reason or "")
        for hook_id, health in after.items()
        if health.state != hooks[hook_id].health.state and health.state in ("auto_disabled", "gone")
    ]


def promote(database: Database, now: float) -> int:
    """Make retrying deliveries whose time has come waiting again; returns how many.

    Those whose lane another process holds are left for the next time: waiting for it here, with locks in hand, would be a deadlock.
    """
    due = database.execute(
        "SELECT d.id, d.hook_id FROM delivery d JOIN hook h ON h.id = d.hook_id WHERE d.state = 'retrying' AND d.next_at <= ?"
        f" ORDER BY d.next_at LIMIT {PROMOTE_MAX}{database.lock_clause('d, h')}",
        (now,),
    ).fetchall()
    database.executemany("UPDATE delivery SET state = 'waiting', next_at = NULL WHERE id = ?", [(delivery_id,) for delivery_id, _ in due])
    lanes.arm(database, {hook_id for _, hook_id in due}, now)
    return len(due)


def next_due(database: Database) -> float | None:
    """When there will be something to promote or a lane to look at; None when nothing is planned."""
    row = database.execute(
        "SELECT (SELECT min(next_at) FROM delivery WHERE state = 'retrying'),"
        " (SELECT ready_at FROM hook WHERE is_slow = ? AND ready_at IS NOT NULL ORDER BY ready_at LIMIT 1),"
        " (SELECT ready_at FROM hook WHERE is_slow = ? AND ready_at IS NOT NULL ORDER BY ready_at LIMIT 1)",
        (False, True),
    ).fetchone()
    return min((at for at in row if at is not None), default=None)


def rescue(database: Database, now: float, is_dead: Callable[[str], bool] = lambda owner: False) -> int:
    """Take back deliveries whose lease has ended or whose owner is known to be dead; returns how many.

    The cut-off attempt is shown as unknown: it may have reached the receiver. It counts against nobody, but a delivery during which
    the hub died three times is set aside (a poison pill must not kill it for ever).
    """
    sending = Delivery.select(Delivery.id, Delivery.hook_id, Delivery.owner, Delivery.lease_until).where(Delivery.state == "sending")
    owners = Delivery.select(Delivery.owner).where(Delivery.state == "sending").distinct()
    dead = [row.owner for row in owners if row.owner and is_dead(row.owner)]
    lost = list(sending.where((Delivery.lease_until <= now) | Delivery.owner.in_(dead)).order_by(Delivery.lease_until).limit(RESCUE_MAX))
    lanes.lock(database, {str(row.hook_id) for row in lost})
    mine = Delivery.select().where(Delivery.id.in_([row.id for row in lost]), Delivery.state == "sending")
    rows = [row for row in database.for_update(mine) if row.lease_until <= now or row.owner in dead]
    _write_attempts(database, [(row.id, row.attempts, _cut_off(row, now)) for row in rows])
    for row in rows:
        unknown = Attempt.select().where(Attempt.delivery_id == row.id, Attempt.kind == "unknown").count()
        if unknown >= retry.CRASHES_MAX:
            _finish(row, "failed", f"set aside: the hub stopped {unknown} times while sending it", now)
        else:
            Delivery.update(state="waiting", owner=None, lease_until=None).where(Delivery.id == row.id).execute()
    lanes.end(database, _counts(str(row.hook_id) for row in rows))
    lanes.arm(database, {row.hook_id for row in rows}, now)
    return len(rows)


def release(database: Database, owner: str, claims: Sequence[Claim], now: float) -> None:
    """Give back claims that were never started, as if they had not been taken: for a clean shutdown."""
    hooks = lanes.lock(database, {claim.hook_id for claim in claims})
    rows = _still_ours(database, owner, claims).values()
    database.executemany(
        "UPDATE delivery SET state = 'waiting', owner = NULL, lease_until = NULL, attempts = attempts - 1 WHERE id = ?",
        [(row.id,) for row in rows],
    )
    lanes.end(database, _counts(row.hook_id for row in rows))
    lanes.arm(database, hooks, now)


def retry_now(database: Database, row: Delivery, now: float) -> bool:
    """One more attempt of this delivery, whatever its state but `sending`; False when it is under way or was just changed.

    Its schedule starts anew, so that a delivery that had been given up is again tried as often as a new one.
    """
    lanes.lock(database, [str(row.hook_id)])
    changed = (
        Delivery.update(state="waiting", failures=0, faults=0, next_at=None, finished_at=None, reason=None)
        .where(Delivery.id == row.id, Delivery.state != "sending")
        .execute()
    )
    lanes.arm(database, [str(row.hook_id)], now)
    return bool(changed)


def send_again(database: Database, hook: Hook, again: Sequence[str], fresh: Sequence[tuple[str, str, str]], now: float) -> None:
    """For a replay: deliveries that are over become waiting with a new schedule; `fresh` are made: (id, event id, type)."""
    database.executemany(
        "UPDATE delivery SET state = 'waiting', failures = 0, faults = 0, next_at = NULL, finished_at = NULL, reason = NULL"
        " WHERE id = ? AND state IN ('delivered', 'failed', 'refused', 'cancelled')",
        [(delivery_id,) for delivery_id in again],
    )
    database.executemany(
        "INSERT INTO delivery (id, event_id, hook_id, project_id, type, state, attempts, failures, faults)"
        " VALUES (?, ?, ?, ?, ?, 'waiting', 0, 0, 0)",
        [(delivery_id, event_id, hook.id, hook.project_id, event_type) for delivery_id, event_id, event_type in fresh],
    )
    lanes.arm(database, [str(hook.id)], now)


def add_finished(database: Database, delivery_id: str, event: NewEvent, hook_id: str, outcome: Outcome) -> None:
    """Keep a test delivery that has been sent already, with its event."""
    events.add(database, [event], outcome.ended_at)
    Delivery.create(
        id=delivery_id,
        event_id=event.id,
        hook_id=hook_id,
        project_id=event.project_id,
        type=event.type,
        state={"success": "delivered", "refused": "refused"}.get(outcome.kind, "failed"),
        attempts=1,
        failures=0,
        finished_at=outcome.ended_at,
        reason=outcome.reason,
    )
    _write_attempts(database, [(delivery_id, 1, outcome)])


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
    """The least tried, then oldest, waiting deliveries of each hook, at most its allowance: an index range each, never a scan.

    Locked: the lane's lock keeps other claims away, not the end of what was held too long.
    The one statement that the engines cannot share: PostgreSQL answers all lanes in one round trip, SQLite has no LATERAL and no
    round trips.
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
        sql = f"SELECT {columns} FROM ({pick.format(hook='?', limit='?')}) d JOIN event e ON e.id = d.event_id"
        rows = [row for lane in allowances.items() for row in database.execute(sql, lane).fetchall()]
    return [_Waiting(*row) for row in rows]


def _within_bounds(waiting: list[_Waiting], free: int, quick_room: dict[str, int], free_for_slow: int) -> list[tuple[_Waiting, bool]]:
    """What fits into the free senders and the memory for payloads, and whether it counts as slow: every lane's first before any
    lane's second. `quick_room`: hook id → how many of its rows do not count as slow."""
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


def _settle_lanes(database: Database, served: Iterable[str], waiting: list[_Waiting], taken: list[_Waiting], now: float) -> None:
    """After a claim a lane is parked, either empty or full: intake, promote or record will arm it. One that was cut short goes to the
    back of the queue instead."""
    found = _counts(row.hook_id for row in waiting)
    got = _counts(row.hook_id for row in taken)
    database.executemany(
        "UPDATE hook SET ready_at = ?, in_flight = in_flight + ? WHERE id = ?",
        [(now if got.get(hook_id, 0) < found.get(hook_id, 0) else None, got.get(hook_id, 0), hook_id) for hook_id in sorted(served)],
    )


def _counts(keys: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return counts


@dataclass(frozen=True, slots=True)
class _Leased:
    id: str
    hook_id: str
    attempts: int
    failures: int
    faults: int


def _still_ours(database: Database, owner: str, claims: Sequence[Claim]) -> dict[str, _Leased]:
    """The deliveries whose lease is still the one that was claimed, locked."""
    numbers = {claim.delivery_id: claim.attempt for claim in claims}
    condition, params = database.among("id", sorted(numbers))
    rows = database.execute(
        f"SELECT id, hook_id, attempts, failures, faults FROM delivery WHERE {condition} AND state = 'sending' AND owner = ?"
        f" ORDER BY id{database.lock_clause('delivery', waits=True)}",
        (*params, owner),
    ).fetchall()
    return {row[0]: _Leased(*row) for row in rows if row[2] == numbers[row[0]]}


def _judged(lane: Lane, results: list[tuple[Outcome, float]], settings: Settings) -> Health:
    after = lane.health
    for outcome, drawn in results:
        after = health.judge(
            after,
            outcome,
            origin=lane.origin_kind,
            failure_limit=settings.failure_limit,
            schedule=settings.retry_schedule_s,
            max_in_flight=settings.max_in_flight_per_hook,
            chance=drawn,
        )
    return after


def _write_attempts(database: Database, attempts: Sequence[tuple[str, int, Outcome]]) -> None:
    database.executemany(
        "INSERT INTO attempt (delivery_id, number, kind, started_at, duration_s, phase, status, reason, peer, was_sent, format,"
        " request_headers, response_headers, response_body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                delivery_id,
                number,
                outcome.kind,
                outcome.started_at,
                outcome.duration_s,
                outcome.phase,
                outcome.status,
                outcome.reason,
                outcome.peer,
                outcome.was_sent,
                outcome.format,
                json.dumps(outcome.request_headers),
                json.dumps(outcome.response_headers),
                outcome.response_body,
            )
            for delivery_id, number, outcome in attempts
        ],
    )


def _write_verdicts(database: Database, verdicts: Sequence[tuple[retry.Verdict, float, str]]) -> None:
    database.executemany(
        "UPDATE delivery SET state = ?, failures = ?, faults = ?, next_at = ?, reason = ?, finished_at = ?,"
        " owner = NULL, lease_until = NULL WHERE id = ?",
        [
            (v.state, v.failures, v.faults, v.next_at, v.reason, None if v.state == "retrying" else ended_at, delivery_id)
            for v, ended_at, delivery_id in verdicts
        ],
    )


def _cut_off(row: Delivery, now: float) -> Outcome:
    began = row.claimed_at or now
    reason = "the hub stopped while this was under way: it may or may not have arrived"
    return Outcome("unknown", began, max(0.0, now - began), "none", reason=reason, was_sent=True)


def _finish(row: Delivery, state: str, reason: str, now: float) -> None:
    values = {"state": state, "reason": reason, "finished_at": now, "owner": None, "lease_until": None, "next_at": None}
    Delivery.update(values).where(Delivery.id == row.id).execute()


def payloads(database: Database, event_ids: Iterable[str]) -> dict[str, SentEvent]:
    """The events of a claim as formats see them, each once; the project is filled in by the caller, who knows it."""
    condition, params = database.among("id", sorted(set(event_ids)))
    rows = database.execute(f"SELECT id, type, occurred_at, data FROM event WHERE {condition}", params).fetchall()
    return {event_id: SentEvent(event_id, code, iso(occurred_at), "", bytes(data)) for event_id, code, occurred_at, data in rows}
