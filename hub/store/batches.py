"""Batches: what waits for a hook with a digest, and goes together in one request.

Owns which deliveries those are, and the window in which they gather. What is tried again goes as it went
before, so that it is the same request. Any others go when the window is over that the first of them has
begun, or when as many wait as may go. The lane is locked by the claim that asks, and gets one batch at a
time; a batch is known by the `batch_id` of its deliveries. Step before: `claims.claim`. Step after: it is
leased as a whole, its first delivery standing for all; the outcome goes to each (`deliveries.record`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hub.ids import new_id
from hub.rules.fairness import Waiting
from hub.rules.pace import Digest
from hub.store import lanes
from hub.store.database import Database
from hub.store.lanes import Lane

BYTES_MAX = 1_048_576
"""Of the events' data in one request; a larger event goes alone."""
ROWS_MAX = 1_000
"""Deliveries that one claim takes in batches; it takes one batch at least."""

_OPEN = "state IN ('waiting', 'retrying')"


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries that go together, in the order in which they are sent."""

    id: str
    is_new: bool
    """Its id is not on its deliveries yet."""
    rows: tuple[Waiting, ...]
    ends_window: bool
    """What stays behind, if anything does, begins another one."""

    @property
    def head(self) -> Waiting:
        """What stands for it in a claim: its first delivery, with the bytes of all."""
        first = self.rows[0]
        size = sum(row.body_bytes for row in self.rows)
        return Waiting(first.delivery_id, first.hook_id, first.event_id, first.attempts, size)


@dataclass(slots=True)
class Gathered:
    """Of hooks with a digest."""

    batches: dict[str, Batch] = field(default_factory=dict)
    """By the id of the first delivery: those that may go now, one of a hook."""
    until: dict[str, float] = field(default_factory=dict)
    """Hook id → when to look again, where nothing may go yet."""

    @property
    def rows(self) -> list[Waiting]:
        return [batch.head for batch in self.batches.values()]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What should go next."""

    ids: Sequence[str] = ()
    batch_id: str | None = None
    """None: they have never gone together."""
    ends_window: bool = False
    """What has gathered besides begins another one, if there is any."""
    until: float | None = None
    """Nothing before this time."""
    begins_until: float | None = None
    """A window has begun, or begins now: when it is over."""

    @property
    def is_nothing(self) -> bool:
        return not self.ids and self.until is None


@dataclass(frozen=True, slots=True)
class _Loose:
    """Deliveries that gather: so many as may go together, and whether there are more."""

    ids: Sequence[str]
    has_more: bool
    are_new: bool
    """None of them was tried before: then it does not wait for a window."""


def gather(database: Database, digests: Iterable[Lane], free: Collection[str], now: float) -> Gathered:
    """The batch of each of these locked lanes that has one to be sent, its deliveries locked; nothing of
    those that are not `free`, but their windows begin too.
    """
    found, windows, size = Gathered(), dict[str, float | None](), 0
    for lane in digests:
        if size >= ROWS_MAX:
            found.until[lane.hook_id] = now
            continue
        if lane.hook_id not in free and lane.gathers_until is not None:
            continue
        chosen = _chosen(database, lane, now)
        if chosen.begins_until is not None and lane.gathers_until is None:
            windows[lane.hook_id] = chosen.begins_until
        elif chosen.is_nothing and lane.gathers_until is not None:
            windows[lane.hook_id] = None
        if lane.hook_id not in free:
            continue
        batch = _locked(database, chosen) if chosen.ids else None
        if batch is not None:
            size += len(batch.rows)
            found.batches[batch.rows[0].delivery_id] = batch
        elif chosen.ids:  # somebody holds one of them
            found.until[lane.hook_id] = now
        elif chosen.until is not None:
            found.until[lane.hook_id] = chosen.until
    keep_windows(database, windows)
    return found


def begin(database: Database, batch: Batch) -> None:
    """It goes: its deliveries bear its name, and count in their hook's `in_flight` as its head does."""
    hook_id = batch.rows[0].hook_id
    if batch.is_new:
        _name(database, [row.delivery_id for row in batch.rows], batch.id)
    if batch.ends_window:
        keep_windows(database, {hook_id: None})
    lanes.begin(database, hook_id, len(batch.rows) - 1)


def keep_windows(database: Database, windows: Mapping[str, float | None]) -> None:
    """Write until when these locked lanes gather what comes."""
    database.executemany(
        "UPDATE hook SET gathers_until = ? WHERE id = ?",
        [(until, hook_id) for hook_id, until in sorted(windows.items())],
    )


def halve(database: Database, ids: Sequence[str]) -> None:
    """Make two of a batch, given in its order: it holds one that its receiver, or the hub, cannot digest."""
    middle = (len(ids) + 1) // 2
    for half in (ids[:middle], ids[middle:]):
        _name(database, half, new_id("bat"))


def place(seq: int | None, delivery_id: str) -> tuple[bool, int, str]:
    """What deliveries of a batch are sorted by."""
    return seq is None, seq or 0, delivery_id


def others(database: Database, delivery_id: str) -> list[str]:
    """The open deliveries that go with an open one, itself among them; none where it goes alone."""
    rows = database.execute(
        "SELECT o.id FROM delivery d JOIN delivery o ON o.batch_id = d.batch_id"
        f" WHERE d.id = ? AND d.{_OPEN} AND o.{_OPEN}",
        (delivery_id,),
    ).fetchall()
    return [found for (found,) in rows]


def _name(database: Database, ids: Sequence[str], batch_id: str) -> None:
    condition, params = database.among("id", list(ids))
    database.execute(f"UPDATE delivery SET batch_id = ? WHERE {condition}", (batch_id, *params))


def _chosen(database: Database, lane: Lane, now: float) -> _Chosen:
    digest = lane.pace.digest
    assert digest is not None, "only lanes with one are gathered"
    first = _in_order(database, lane, digest, now) if lane.pace.is_fifo else None
    return first or _least_tried(database, lane, digest, now)


def _in_order(database: Database, lane: Lane, digest: Digest, now: float) -> _Chosen | None:
    """What comes first, also while it waits to be tried again; None where nothing has a number."""
    rows = database.execute(
        f"SELECT id, state, next_at, batch_id, attempts FROM delivery WHERE hook_id = ? AND seq IS NOT NULL"
        f" AND {_OPEN} ORDER BY seq, id LIMIT ?",
        (lane.hook_id, digest.max + 1),
    ).fetchall()
    if not rows:
        return None
    _, state, next_at, batch_id, _ = rows[0]
    if state == "retrying" and next_at > now:
        return _Chosen(until=next_at)
    if batch_id is not None:
        return _of_batch(database, batch_id)

    ready: list[tuple[str, int]] = []
    for delivery_id, state, next_at, batch_id, attempts in rows:
        if batch_id is not None or (state == "retrying" and next_at > now):
            break
        ready.append((delivery_id, attempts))
    return _when_full_or_over(lane, digest, _loose(ready, digest), now)


def _least_tried(database: Database, lane: Lane, digest: Digest, now: float) -> _Chosen:
    """As of any hook the least tried go first; what is tried again does not wait for a window."""
    waiting = "SELECT id, attempts, batch_id FROM delivery WHERE hook_id = ? AND state = 'waiting'"
    rows = database.execute(
        f"{waiting} ORDER BY attempts, id LIMIT ?", (lane.hook_id, digest.max + 1)
    ).fetchall()
    if not rows:
        return _Chosen()
    if rows[0][2] is not None:
        return _of_batch(database, rows[0][2])

    ready = [(delivery_id, attempts) for delivery_id, attempts, batch_id in rows if batch_id is None]
    chosen = _when_full_or_over(lane, digest, _loose(ready, digest), now)
    if chosen.ids:
        return chosen
    again = database.execute(
        f"{waiting} AND batch_id IS NOT NULL ORDER BY attempts, id LIMIT 1", (lane.hook_id,)
    ).fetchone()
    if again is None:
        return chosen
    return replace(_of_batch(database, again[2]), begins_until=chosen.begins_until)


def _loose(ready: Sequence[tuple[str, int]], digest: Digest) -> _Loose:
    first = ready[: digest.max]
    return _Loose(
        [delivery_id for delivery_id, _ in first],
        len(ready) > len(first),
        not any(attempts for _, attempts in first),
    )


def _when_full_or_over(lane: Lane, digest: Digest, loose: _Loose, now: float) -> _Chosen:
    whole_s = now + digest.window_s
    # No longer than a whole window: it may be of a clock that has since stepped back.
    until = min(whole_s, lane.gathers_until or whole_s)
    if until <= now or len(loose.ids) == digest.max or not loose.are_new:
        # What stays behind belongs to a window that is over, or begins one.
        return _Chosen(loose.ids, ends_window=until > now or not loose.has_more)
    return _Chosen(until=until, begins_until=until)


def _of_batch(database: Database, batch_id: str) -> _Chosen:
    """The same deliveries as before. Where one of them has ended meanwhile, the others are another batch."""
    rows = database.execute(
        f"SELECT id, CASE WHEN {_OPEN} THEN 1 ELSE 0 END FROM delivery WHERE batch_id = ?", (batch_id,)
    ).fetchall()
    ids = [delivery_id for delivery_id, is_open in rows if is_open]
    return _Chosen(ids, batch_id if len(ids) == len(rows) else None)


def _locked(database: Database, chosen: _Chosen) -> Batch | None:
    """None where somebody else holds or has ended one of them: they go together or not at all."""
    condition, params = database.among("d.id", sorted(chosen.ids))
    rows: list[Any] = database.execute(
        "SELECT d.id, d.hook_id, d.event_id, d.attempts, length(e.data), d.state, d.seq FROM delivery d"
        f" JOIN event e ON e.id = d.event_id WHERE {condition} AND d.{_OPEN}{database.lock_clause('d')}",
        params,
    ).fetchall()
    if len(rows) < len(chosen.ids):
        return None
    rows.sort(key=lambda row: place(row[6], row[0]))
    fitting = len(rows) if chosen.batch_id else _fitting([row[4] for row in rows])
    database.executemany(
        "UPDATE delivery SET state = 'waiting', next_at = NULL WHERE id = ?",
        [(row[0],) for row in rows if row[5] == "retrying"],
    )
    return Batch(
        chosen.batch_id or new_id("bat"),
        chosen.batch_id is None,
        tuple(Waiting(*row[:5]) for row in rows[:fitting]),
        chosen.ends_window and fitting == len(rows),
    )


def _fitting(sizes: Sequence[int]) -> int:
    """How many of the first go into one request."""
    total = 0
    for n, size in enumerate(sizes):
        total += size
        if n and total > BYTES_MAX:
            return n
    return len(sizes)
