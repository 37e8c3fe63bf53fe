"""Lanes: when a claim should look at a hook, and how much it may take.

Owns a hook's `ready_at`, `in_flight` and health, and the row lock under which they change. A lane with
nothing to do, no room or no permission is parked (`ready_at` NULL) and costs a claim nothing, however many
deliveries wait behind it; whoever ends the reason arms it again. Every caller is inside a transaction. The
statements are written by hand: building them anew for each turn took half of its time.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.rules import bucket, pace
from hub.rules.bucket import Bucket
from hub.rules.health import LIVE, Health
from hub.rules.outcome import Outcome
from hub.rules.pace import Pace, RateLimit
from hub.store.database import Database
from hub.store.models import Hook

LOCKED_MAX = 16

_HEALTH = Health.__struct_fields__
_LAST = ("last_at", "last_status", "last_duration_s")
_HOOK = ("id", "project_id", "version", "in_flight", "origin_kind", "target_url")
_PACE = ("format", "pace", "tokens", "tokens_at", "gathers_until")
_LANE = ", ".join(f"h.{name}" for name in (*_HOOK, *_PACE, *_HEALTH))

_WAITING = (
    "(SELECT d.id FROM delivery d WHERE d.hook_id = {hook}.id AND d.state = 'waiting'"
    " ORDER BY d.attempts, d.id LIMIT 1)"
)
"""The next delivery of a hook to be claimed, if any. In this order, and not by `EXISTS`: PostgreSQL, once it
has seen that many wait, would read the whole log for a hook that has none (16 ms for 40,000 rows, not 0.1).
"""

_FRESH = (
    "p.archived_at IS NULL AND h.state = 'active' AND h.slow_start IS NULL AND h.open_until IS NULL"
    " AND h.last_success_at IS NOT NULL AND NOT h.is_slow"
    f" AND {_WAITING.format(hook='h')} IS NULL"
)
"""`is_well`, as the database sees it, and that nothing waits; `fresh` looks at the pace."""

_HAS_MORE = f"tokens IS NOT NULL OR last_seq > 0 OR {_WAITING.format(hook='hook')} IS NOT NULL"
"""That a lane of `hook` may have something to claim."""

AGAIN_S = 0.25
"""A lane that has had its turn and has more is ready as of so long ago: behind those that wait longer, and
not among the newest, where a claim finds single events.
"""


class Lane(msgspec.Struct, frozen=True):
    """What the queue knows of a hook."""

    hook_id: str
    project_id: int
    version: int
    in_flight: int
    origin_kind: str
    target_url: str
    pace: Pace
    rate: RateLimit | None
    """Its own, or that of its format."""
    kept: Bucket | None
    """What its bucket was; None while nobody has taken anything."""
    gathers_until: float | None
    """With a digest: when the window is over that has begun."""
    health: Health

    def bucket(self, now: float) -> Bucket | None:
        """None: nothing bounds how many requests it gets in what time."""
        return None if self.rate is None else bucket.filled(self.kept, self.rate, now)


def is_well(lane: Lane) -> bool:
    """Only then is it leased ahead: any other gets what may begin at once, so that each outcome is judged
    before the next begins. One with a rate has its tokens counted by the claim, one with an order or a digest
    its turns.
    """
    health = lane.health
    return (
        _is_unbound(lane.pace, lane.rate)
        and health.state == "active"
        and health.slow_start is None
        and health.open_until is None
        and health.last_success_at is not None
        and not health.is_slow
    )


def fresh(database: Database, hook_ids: Collection[str]) -> dict[str, int]:
    """Hook id → version, of those that are well and for which nothing waits: what is new of them may be
    leased at once. All of them are locked, in the order of their ids.
    """
    condition, params = database.among("h.id", sorted(hook_ids))
    rows = database.execute(
        f"SELECT h.id, h.version, h.format, h.pace, {_FRESH}"
        " FROM hook h JOIN project p ON p.id = h.project_id"
        f" WHERE {condition} ORDER BY h.id{database.lock_clause('h', waits=True)}",
        params,
    ).fetchall()
    return {
        hook_id: version
        for hook_id, version, form, text, is_fresh in rows
        if is_fresh and _is_unbound(*pace.in_force(text, form))
    }


def arm(database: Database, hook_ids: Collection[str], now: float) -> None:
    """Let a claim look at these hooks: at once, or when their circuit breaker lets a probe through.
    Hooks that are not sent to stay parked.
    """
    arm_since(database, dict.fromkeys(hook_ids, now))


def arm_since(database: Database, since: Mapping[str, float]) -> None:
    """The same, as of a time for each."""
    # In the order of ids, so that two processes that arm the same hooks never wait for each other in a
    # circle.
    database.executemany(
        "UPDATE hook SET ready_at = CASE WHEN open_until > ? THEN open_until WHEN ready_at < ? "
        "THEN ready_at ELSE ? END"
        " WHERE id = ? AND state IN ('active', 'failing')",
        [(at, at, at, hook_id) for hook_id, at in sorted(since.items())],
    )


def arm_project(database: Database, project_id: int, now: float) -> None:
    """After an archived project came back: let a claim look at all its hooks."""
    database.execute(
        (
            "UPDATE hook SET ready_at = ? WHERE project_id = ? AND "
            "state IN ('active', 'failing') AND ready_at IS NULL"
        ),
        (now, project_id),
    )


def take_ready(
    database: Database, now: float, *, is_slow: bool, limit: int, newest: bool = False
) -> list[Lane]:
    """The lanes that a claim may look at, longest waiting (or `newest`) first, locked; those of archived
    projects are parked in passing.
    """
    if limit <= 0:
        return []
    order = " DESC" if newest else ""
    rows = database.execute(
        f"SELECT p.archived_at, {_LANE} FROM hook h JOIN project p ON p.id = h.project_id"
        f" WHERE h.is_slow = ? AND h.ready_at <= ? ORDER BY h.ready_at{order} LIMIT ?"
        + database.lock_clause("h"),
        (is_slow, now, limit),
    ).fetchall()
    found = [(archived_at, _lane(row)) for archived_at, *row in rows]
    park(
        database,
        [
            lane.hook_id
            for archived_at, lane in found
            if archived_at is not None or lane.health.state not in LIVE
        ],
    )
    return [lane for archived_at, lane in found if archived_at is None and lane.health.state in LIVE]


def park(database: Database, hook_ids: Iterable[str]) -> None:
    database.executemany(
        "UPDATE hook SET ready_at = NULL WHERE id = ?", [(hook_id,) for hook_id in sorted(hook_ids)]
    )


def read(database: Database, condition: str, params: Sequence[Any]) -> list[Lane]:
    """The lanes for which a condition on their hooks is true, outside of any transaction; without those of
    archived projects.
    """
    rows = database.execute(
        f"SELECT {_LANE} FROM hook h JOIN project p ON p.id = h.project_id"
        f" WHERE p.archived_at IS NULL AND {condition}",
        params,
    )
    return [_lane(row) for row in rows.fetchall()]


def lock(database: Database, hook_ids: Collection[str]) -> dict[str, Lane]:
    """These lanes, locked in the order of their ids."""
    if not hook_ids:
        return {}
    condition, params = database.among("h.id", sorted(hook_ids))
    rows = database.execute(
        f"SELECT {_LANE} FROM hook h WHERE {condition} ORDER BY h.id{database.lock_clause('h', waits=True)}",
        params,
    )
    return {lane.hook_id: lane for lane in map(_lane, rows.fetchall())}


def lock_ready(database: Database, now: float) -> None:
    """Wait for the locks of the lanes that have been ready longest: a claim alone would leave them out while
    others hold them. Only for a transaction that holds nothing yet.
    """
    rows = database.execute(
        "SELECT id FROM hook WHERE is_slow = ? AND ready_at <= ? ORDER BY ready_at LIMIT ?",
        (False, now, LOCKED_MAX),
    ).fetchall()
    lock(database, [hook_id for (hook_id,) in rows])


def write(database: Database, changes: Sequence[tuple[str, Health, Sequence[Outcome]]], now: float) -> None:
    """Write the health of locked lanes, and the outcomes of theirs that led to it, in the order of their
    ends. Arm them, as `arm` does, where more waits: a lane to look at in vain is in the way of others. Of a
    hook in order the next may also be one that waits to be tried again.
    """
    assignments = ", ".join(f"{name} = ?" for name in (*_HEALTH, *_LAST))
    database.executemany(
        f"UPDATE hook SET {assignments}, in_flight = in_flight - ?,"
        f" ready_at = CASE WHEN ready_at < ? THEN ready_at WHEN {_HAS_MORE} THEN ? END WHERE id = ?",
        [
            (
                *(getattr(health, name) for name in _HEALTH),
                *_last(outcomes[-1]),
                len(outcomes),
                *_armed(health, now),
                hook_id,
            )
            for hook_id, health, outcomes in changes
        ],
    )


def write_well(database: Database, outcomes: Mapping[str, Sequence[Outcome]], now: float) -> None:
    """The same for lanes that stay as they are but for their last success. Columns that are not written cost
    no look at their indexes.
    """
    database.execute_rows(
        "WITH well (id, at, status, duration_s, ended, now, again) AS ({rows})"
        " UPDATE hook SET last_success_at = well.at, last_at = well.at,"
        " last_status = CAST(well.status AS INTEGER), last_duration_s = well.duration_s,"
        " in_flight = in_flight - well.ended,"
        f" ready_at = CASE WHEN ready_at < well.now THEN ready_at WHEN {_HAS_MORE} THEN well.again END"
        " FROM well WHERE hook.id = well.id",
        "text float8 integer float8 integer float8 float8",
        [(hook_id, *_last(ended[-1]), len(ended), now, now - AGAIN_S) for hook_id, ended in outcomes.items()],
    )


def _armed(health: Health, now: float) -> tuple[float, float | None]:
    """Before when a lane's time is kept, and what it becomes otherwise. One that is not sent to keeps any."""
    if not health.is_live:
        return math.inf, None
    if health.open_until is not None and health.open_until > now:
        return -math.inf, health.open_until
    return now, now - AGAIN_S


def begin(database: Database, hook_id: str, count: int) -> None:
    """So many more deliveries of a locked lane are under way."""
    database.execute("UPDATE hook SET in_flight = in_flight + ? WHERE id = ?", (count, hook_id))


def end(database: Database, ended: dict[str, int]) -> None:
    """Requests of these lanes have ended without an outcome: hook id → how many."""
    database.executemany(
        "UPDATE hook SET in_flight = in_flight - ? WHERE id = ?",
        [(ended[hook_id], hook_id) for hook_id in sorted(ended)],
    )


def health_of(row: Mapping[str, Any]) -> Health:
    """Of a hook's row, given by column."""
    return Health(**{name: row[name] for name in _HEALTH})


def set_health(hook_id: str, health: Health, **more: Any) -> None:
    """Write a hook's health, and what else changes with it; the row must be locked."""
    Hook.update({**{name: getattr(health, name) for name in _HEALTH}, **more}).where(
        Hook.id == hook_id
    ).execute()


def close_breaker(hook_id: str) -> None:
    """Let the next probe go at once; the row must be locked."""
    Hook.update(open_until=None).where(Hook.id == hook_id).execute()


def mark_slow(database: Database, hook_ids: Collection[str]) -> None:
    """Requests to these hooks hang at this moment: let them share the slow hooks' part of the senders.

    A lane that another process holds is left for the next time, as `deliveries.promote` does.
    """
    free = f"SELECT id FROM hook WHERE id = ? AND NOT is_slow{database.lock_clause('hook')}"
    database.executemany(
        f"UPDATE hook SET is_slow = ? WHERE id = ({free})", [(True, hook_id) for hook_id in sorted(hook_ids)]
    )


def _is_unbound(own: Pace, rate: RateLimit | None) -> bool:
    return rate is None and not own.is_single


def _last(outcome: Outcome) -> tuple[float, int | None, float]:
    return outcome.ended_at, outcome.status, outcome.duration_s


def _lane(row: Sequence[Any]) -> Lane:
    """`row`: the columns of `_LANE`."""
    of_health = len(_HOOK) + len(_PACE)
    hook_id, project_id, version, in_flight, origin_kind, target_url = row[: len(_HOOK)]
    form, text, tokens, tokens_at, gathers_until = row[len(_HOOK) : of_health]
    values = dict(zip(_HEALTH, row[of_health:], strict=True))
    values["is_slow"] = bool(values["is_slow"])  # SQLite has no booleans of its own

    own, rate = pace.in_force(text, form)
    kept = None if tokens is None else Bucket(tokens, tokens_at)
    return Lane(
        hook_id,
        project_id,
        version,
        in_flight,
        origin_kind,
        target_url,
        own,
        rate,
        kept,
        gathers_until,
        Health(**values),
    )
