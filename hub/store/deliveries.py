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
from itertools import groupby

from hub.rules import health, retry
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store import events, lanes
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.models import Attempt, Delivery, Event, Hook

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
    """
    quick = lanes.take_ready(database, now, is_slow=False, limit=free)
    slow = lanes.take_ready(database, now, is_slow=True, limit=min(free_for_slow, free))
    served = [hook for hook in (*quick, *slow) if not _is_gated(database, hook, now)]
    if not served:
        return []
    allowances = {str(hook.id): lanes.health_of(hook).allowance(settings.max_in_flight_per_hook, hook.in_flight) for hook in served}
    waiting = _waiting(database, {hook_id: room for hook_id, room in allowances.items() if room})
    taken = _within_bounds(waiting, free, {str(hook.id) for hook in slow}, free_for_slow)
    lease_until = now + settings.attempt_timeout_s + LEASE_MARGIN_S
    database.executemany(
        "UPDATE delivery SET state = 'sending', attempts = ?, owner = ?, claimed_at = ?, lease_until = ? WHERE id = ?",
        [(row.attempts + 1, owner, now, lease_until, row.delivery_id) for row in taken],
    )
    _settle_lanes(database, served, waiting, taken, now)
    hooks = {str(hook.id): hook for hook in served}
    return [
        Claim(row.delivery_id, row.attempts + 1, row.hook_id, hooks[row.hook_id].version, row.event_id, bool(hooks[row.hook_id].is_slow))
        for row in taken
    ]


def record(
    database: Database, settings: Settings, owner: str, outcomes: Sequence[tuple[Claim, Outcome]], now: float, chance: Callable[[], float]
) -> list[Recorded]:
    """Write finished attempts, judge their deliveries and hooks, and make room in the lanes.

    Outcomes whose lease somebody else has meanwhile taken over change nothing. Returns the hooks that went off.
    """
    hooks = lanes.lock(database, {done.hook_id for done, _ in outcomes})
    ours = _still_ours(database, owner, [done for done, _ in outcomes])
    valid = sorted(
        ((done, outcome, ours[done.delivery_id]) for done, outcome in outcomes if done.delivery_id in ours),
        key=lambda item: item[1].ended_at,
    )
    chances = [chance() for _ in valid]
    _write_attempts(database, [(done.delivery_id, done.attempt, outcome) for done, outcome, _ in valid])
    _write_verdicts(
        database,
        [
            (retry.judge(o, failures=row.failures, faults=row.faults, schedule=settings.retry_schedule_s, chance=c), o.ended_at, row.id)
            for (_, o, row), c in zip(valid, chances, strict=True)
        ],
    )
    changed: list[Recorded] = []
    by_hook: dict[str, list[tuple[Outcome, float]]] = {}
    for (done, outcome, _), drawn in zip(valid, chances, strict=True):
        by_hook.setdefault(done.hook_id, []).append((outcome, drawn))
    for hook_id, results in sorted(by_hook.items()):
        changed += _judge_hook(hooks[hook_id], results, settings)
    lanes.arm(database, by_hook, now)
    return changed


def promote(database: Database, now: float) -> int:
    """Make retrying deliveries whose time has come waiting again; returns how many."""
    query = Delivery.select(Delivery.id, Delivery.hook_id).where(Delivery.state == "retrying", Delivery.next_at <= now)
    due = list(database.for_update(query.order_by(Delivery.next_at).limit(PROMOTE_MAX), skip_locked=True))
    database.executemany("UPDATE delivery SET state = 'waiting', next_at = NULL WHERE id = ?", [(row.id,) for row in due])
    lanes.arm(database, {row.hook_id for row in due}, now)
    return len(due)


def next_due(now: float) -> float | None:
    """When there will be something to promote or a gate to open; None when nothing is planned."""
    retrying = Delivery.select(Delivery.next_at).where(Delivery.state == "retrying").order_by(Delivery.next_at).limit(1).scalar()
    gates = [
        Hook.select(Hook.ready_at).where(Hook.is_slow == is_slow, Hook.ready_at.is_null(False)).order_by(Hook.ready_at).limit(1).scalar()
        for is_slow in (False, True)
    ]
    times = [at for at in (retrying, *gates) if at is not None]
    return min(times, default=None)


def rescue(database: Database, now: float, is_dead: Callable[[str], bool] = lambda owner: False) -> int:
    """Take back deliveries whose lease has ended or whose owner is known to be dead; returns how many.

    The cut-off attempt is shown as unknown: it may have reached the receiver. It counts against nobody, but a delivery during which
    the hub died three times is set aside (a poison pill must not kill it for ever).
    """
    sending = Delivery.select(Delivery.id, Delivery.hook_id, Delivery.owner, Delivery.lease_until).where(Delivery.state == "sending")
    owners = Delivery.select(Delivery.owner).where(Delivery.state == "sending").distinct()
    dead = [row.owner for row in owners if row.owner and is_dead(row.owner)]
    lost = list(sending.where((Delivery.lease_until <= now) | Delivery.owner.in_(dead)).order_by(Delivery.lease_until).limit(RESCUE_MAX))
    hooks = lanes.lock(database, {row.hook_id for row in lost})
    mine = Delivery.select().where(Delivery.id.in_([row.id for row in lost]), Delivery.state == "sending")
    rows = [row for row in database.for_update(mine) if row.lease_until <= now or row.owner in dead]
    _write_attempts(database, [(row.id, row.attempts, _cut_off(row, now)) for row in rows])
    for row in rows:
        unknown = Attempt.select().where(Attempt.delivery_id == row.id, Attempt.kind == "unknown").count()
        if unknown >= retry.CRASHES_MAX:
            _finish(row, "failed", f"set aside: the hub stopped {unknown} times while sending it", now)
        else:
            Delivery.update(state="waiting", owner=None, lease_until=None).where(Delivery.id == row.id).execute()
    for hook_id, group in groupby(sorted(rows, key=lambda row: row.hook_id), key=lambda row: row.hook_id):
        Hook.update(in_flight=hooks[hook_id].in_flight - len(list(group))).where(Hook.id == hook_id).execute()
    lanes.arm(database, {row.hook_id for row in rows}, now)
    return len(rows)


def release(database: Database, owner: str, claims: Sequence[Claim], now: float) -> None:
    """Give back claims that were never started, as if they had not been taken: for a clean shutdown."""
    hooks = lanes.lock(database, {claim.hook_id for claim in claims})
    rows = _still_ours(database, owner, claims).values()
    for row in rows:
        Delivery.update(state="waiting", owner=None, lease_until=None, attempts=row.attempts - 1).where(Delivery.id == row.id).execute()
    for hook_id, group in groupby(sorted(rows, key=lambda row: row.hook_id), key=lambda row: row.hook_id):
        Hook.update(in_flight=hooks[hook_id].in_flight - len(list(group))).where(Hook.id == hook_id).execute()
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


def _is_gated(database: Database, hook: Hook, now: float) -> bool:
    if hook.gate_at is None or hook.gate_at <= now:
        return False
    database.execute("UPDATE hook SET ready_at = ? WHERE id = ?", (hook.gate_at, hook.id))
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

    The one statement that the engines cannot share: PostgreSQL answers all lanes in one round trip, SQLite has no LATERAL and no
    round trips.
    """
    columns = "d.id, d.hook_id, d.event_id, d.attempts, length(e.data)"
    pick = (
        "SELECT id, hook_id, event_id, attempts FROM delivery WHERE hook_id = {hook} AND state = 'waiting'"
        " ORDER BY attempts, id LIMIT {limit}"
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


def _within_bounds(waiting: list[_Waiting], free: int, slow: set[str], free_for_slow: int) -> list[_Waiting]:
    """What fits into the free senders and the memory for payloads: every lane's first before any lane's second."""
    ranked: list[tuple[int, _Waiting]] = []
    rank: dict[str, int] = {}
    for row in sorted(waiting, key=lambda row: (row.attempts, row.delivery_id)):
        rank[row.hook_id] = rank.get(row.hook_id, 0) + 1
        ranked.append((rank[row.hook_id], row))
    taken: list[_Waiting] = []
    total_bytes = slow_taken = 0
    for _, row in sorted(ranked, key=lambda item: item[0]):
        is_over = total_bytes + row.body_bytes > CLAIM_BYTES_MAX and taken
        if len(taken) == free or is_over:
            break
        if row.hook_id in slow:
            if slow_taken == free_for_slow:
                continue
            slow_taken += 1
        taken.append(row)
        total_bytes += row.body_bytes
    return taken


def _settle_lanes(database: Database, served: list[Hook], waiting: list[_Waiting], taken: list[_Waiting], now: float) -> None:
    """After a claim a lane is parked, either empty or full: intake, promote or record will arm it. One that was cut short goes to the
    back of the queue instead."""
    found = _counts(row.hook_id for row in waiting)
    got = _counts(row.hook_id for row in taken)
    database.executemany(
        "UPDATE hook SET ready_at = ?, in_flight = in_flight + ? WHERE id = ?",
        [(now if got.get(str(h.id), 0) < found.get(str(h.id), 0) else None, got.get(str(h.id), 0), h.id) for h in served],
    )


def _counts(keys: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return counts


def _still_ours(database: Database, owner: str, claims: Sequence[Claim]) -> dict[str, Delivery]:
    """The deliveries whose lease is still the one that was claimed, locked."""
    numbers = {claim.delivery_id: claim.attempt for claim in claims}
    columns = (Delivery.id, Delivery.hook_id, Delivery.attempts, Delivery.failures, Delivery.faults)
    query = Delivery.select(*columns).where(Delivery.id.in_(sorted(numbers)), Delivery.state == "sending", Delivery.owner == owner)
    return {str(row.id): row for row in database.for_update(query) if row.attempts == numbers[str(row.id)]}


def _judge_hook(hook: Hook, results: list[tuple[Outcome, float]], settings: Settings) -> list[Recorded]:
    before = after = lanes.health_of(hook)
    for outcome, drawn in results:
        after = health.judge(
            after,
            outcome,
            origin=str(hook.origin_kind),
            failure_limit=settings.failure_limit,
            schedule=settings.retry_schedule_s,
            max_in_flight=settings.max_in_flight_per_hook,
            chance=drawn,
        )
    lanes.set_health(hook, after, in_flight=hook.in_flight - len(results))
    if after.state != before.state and after.state in ("auto_disabled", "gone"):
        return [Recorded(str(hook.id), int(hook.project_id), after.state, after.disabled_reason or "")]
    return []


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


def payloads(event_ids: Iterable[str]) -> dict[str, Event]:
    """The events of a claim, each once."""
    return {str(event.id): event for event in Event.select().where(Event.id.in_(sorted(set(event_ids))))}
