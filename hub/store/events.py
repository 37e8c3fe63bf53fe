"""Events: written down with their deliveries in one transaction, found again by id and key.

Owns the hot statement of the way in (`add`) and the idempotency keys. It must never choose who gets an event:
it is told. Step before: `intake` has matched. Step after: `store.claims.claim`.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from peewee import fn

from connectors.base import Event as SentEvent
from hub.ids import new_id, new_ids
from hub.rules.pace import Entry
from hub.store import fan_outs, lanes, models, order
from hub.store.database import Database
from hub.store.fan_outs import NewDelivery
from hub.store.models import EventKey
from hub.timestamps import iso

KEY_LIFETIME_S = 7 * 86_400
"""A repeated key answers the first event for seven days (docs/publish.md)."""


@dataclass(frozen=True, slots=True)
class EventHead:
    """An event without its data, which may be large."""

    id: str
    type: str
    occurred_at: float
    data_bytes: int


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it was published; `data` is its JSON object, byte for byte."""

    id: str
    type: str
    occurred_at: float
    data: bytes
    source_id: str | None = None
    """The source that took it in."""
    due_at: float | None = None
    """It waits for this time; None once it has been given to the hooks that want it."""
    hops: int = 0
    """How many deliveries of a hub led to it."""


@dataclass(slots=True)
class NewEvent:
    """One event to be written, with the hooks that get it."""

    id: str
    project_id: int
    type: str
    occurred_at: float
    data: bytes
    hook_ids: list[str] = field(default_factory=list)
    routed_by: int | None = None
    """The project's routing version by which these hooks get it; None while nobody has asked."""
    hops: int = 0
    """How many deliveries of a hub led to it."""
    source_id: str | None = None
    """The source that took it in."""
    due_at: float | None = None
    """Nobody gets it before."""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """How it enters the queues of those hooks that do not take it at once."""


Lease = Callable[[Sequence[NewEvent], Sequence[NewDelivery]], Sequence[NewDelivery]]
"""Writes those of an event's deliveries that are leased as they come; gives back the others."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the deliveries of new events."""

    are_waiting: bool = False
    """Some are there for a claim."""
    are_put_off: bool = False
    """There are too many to write at once: some are promised, and `engine.expander` writes them soon."""


def key_digest(key: str, source_id: str | None = None) -> bytes:
    """Of a source's sender it is kept apart from all that publishers may send: no text holds the byte FF."""
    own = b"" if source_id is None else b"\xff" + source_id.encode() + b"\xff"
    return hashlib.sha256(own + key.encode("utf-8", "surrogatepass")).digest()


def add(database: Database, events: Sequence[NewEvent], now: float, lease: Lease | None = None) -> Written:
    """Write events and their deliveries, as `deliver` does, in the caller's transaction."""
    database.execute_rows(
        "INSERT INTO event (id, project_id, type, occurred_at, data, hops, source_id, due_at) {rows}",
        "text integer text float8 bytea integer text float8",
        [(e.id, e.project_id, e.type, e.occurred_at, e.data, e.hops, e.source_id, e.due_at) for e in events],
    )
    return deliver(database, events, now, lease)


def deliver(
    database: Database, events: Sequence[NewEvent], now: float, lease: Lease | None = None
) -> Written:
    """Write a delivery for each of their hooks: leased already where `lease` can do so, else waiting, and the
    hook's lane is made ready.
    """
    plain = [
        fan_outs.Wide(
            event.id,
            event.project_id,
            event.type,
            [hook_id for hook_id in event.hook_ids if hook_id not in event.entries]
            if event.entries
            else event.hook_ids,
        )
        for event in events
    ]
    at_once, later = fan_outs.divided(plain)
    ids = iter(new_ids("dlv", sum(len(one.hook_ids) for one in at_once)))
    rows: Sequence[NewDelivery] = [
        (next(ids), one.event_id, hook_id, one.project_id, one.type)
        for one in at_once
        for hook_id in one.hook_ids
    ]
    waiting = lease(events, rows) if lease is not None and rows else rows
    fan_outs.add_deliveries(database, waiting)
    fan_outs.put_off(database, later, now)
    armed = {hook_id for _, _, hook_id, _, _ in waiting}
    if any(event.entries for event in events):
        armed.update(hook_id for event in events for hook_id in event.hook_ids if hook_id in event.entries)
        _add_paced(database, events, armed, now)

    lanes.arm(database, armed, now)
    return Written(bool(armed), bool(later))


def due(now: float, limit: int) -> list[NewEvent]:
    """Those whose time has come, the longest overdue first."""
    table = models.Event
    rows = table.select().where(table.due_at <= now).order_by(table.due_at, table.id).limit(limit)
    return [
        NewEvent(
            row.id,
            row.project_id,
            row.type,
            row.occurred_at,
            bytes(row.data),
            hops=row.hops,
            source_id=row.source_id,
            due_at=row.due_at,
        )
        for row in rows
    ]


def take_due(event: NewEvent) -> bool:
    """Say that it is given to its hooks now; False when somebody else has, or when it was deleted."""
    table = models.Event
    taken = table.update(due_at=None).where(table.id == event.id, table.due_at == event.due_at).execute()
    return bool(taken)


def delete_due(project_id: int, event_id: str) -> bool:
    """Delete an event that still waits for its time; False when there is none."""
    table = models.Event
    waits = (table.id == event_id, table.project_id == project_id, table.due_at.is_null(False))
    return bool(table.delete().where(*waits).execute())


def add_in_order(database: Database, rows: Sequence[NewDelivery]) -> None:
    """The same for one hook that is sent to in order; its lane must be locked."""
    if rows:
        [first] = order.take_seqs(database, {rows[0][2]: len(rows)}).values()
        _add_later(database, [(*row, "waiting", None, first + n) for n, row in enumerate(rows)])


def _add_paced(database: Database, events: Sequence[NewEvent], armed: set[str], now: float) -> None:
    """Deliveries for hooks that do not take an event at once: a delayed one waits as one does that is tried
    again, one that has its place in an order gets a number.
    """
    paced = [
        (event, hook_id, entry)
        for event in events
        if event.entries
        for hook_id in event.hook_ids
        if (entry := event.entries.get(hook_id)) is not None
    ]
    in_order = Counter(hook_id for _, hook_id, entry in paced if entry.is_fifo)
    seqs: dict[str, Iterator[int]] = {}
    if in_order:
        # All that will be armed, in the order of ids: otherwise two processes wait for each other.
        lanes.lock(database, armed)
        seqs = {hook_id: count(first) for hook_id, first in order.take_seqs(database, in_order).items()}
    _add_later(
        database,
        [
            (
                *(new_id("dlv"), event.id, hook_id, event.project_id, event.type),
                "retrying" if entry.delay_s else "waiting",
                now + entry.delay_s if entry.delay_s else None,
                next(seqs[hook_id]) if entry.is_fifo else None,
            )
            for event, hook_id, entry in paced
        ],
    )


def _add_later(database: Database, rows: Sequence[tuple[Any, ...]]) -> None:
    database.executemany(
        "INSERT INTO delivery (id, event_id, hook_id, project_id, type, attempts, failures, faults, state,"
        " next_at, seq) VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?)",
        rows,
    )


def claim_key(database: Database, project_id: int, digest: bytes, event_id: str, now: float) -> str | None:
    """Take an idempotency key for an event; None when it was free, else the id of the event that has it.

    One statement, so that of two publishers with the same key exactly one wins, on any machine. Written by
    hand: building it anew took ten times as long as running it.
    """
    taken = database.execute(
        "INSERT INTO event_key (project_id, digest, event_id, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (project_id, digest)"
        " DO UPDATE SET event_id = excluded.event_id, created_at = excluded.created_at"
        " WHERE event_key.created_at < ? RETURNING event_id",
        (project_id, digest, event_id, now, now - KEY_LIFETIME_S),
    ).fetchall()
    if taken:
        return None
    first = EventKey.get((EventKey.project_id == project_id) & (EventKey.digest == digest))
    return str(first.event_id)


def get(project_id: int, event_id: str) -> Event | None:
    row = models.Event.get_or_none((models.Event.id == event_id) & (models.Event.project_id == project_id))
    return None if row is None else event_of(row)


def due_at(event_ids: Sequence[str]) -> dict[str, float]:
    """When those that still wait are given to their hooks."""
    table = models.Event
    waiting = table.select(table.id, table.due_at).where(table.id.in_(event_ids), table.due_at.is_null(False))
    return {str(row.id): row.due_at for row in waiting if row.due_at is not None}


def head(project_id: int, event_id: str) -> EventHead | None:
    row = heads(project_id).where(models.Event.id == event_id).first()
    return None if row is None else head_of(row)


def as_sent(event: Event | NewEvent, project_key: str) -> SentEvent:
    """An event as formats see it."""
    return SentEvent(
        event.id, event.type, iso(event.occurred_at), project_key, event.data, event.hops, event.source_id
    )


def source_of(event_id: str) -> str | None:
    """The id of the source that an event came from; None for one that was published."""
    row = models.Event.select(models.Event.source_id).where(models.Event.id == event_id).first()
    return None if row is None else row.source_id


def count_deliveries(event_id: str) -> int:
    """Those that are written, and those that are promised."""
    written = models.Delivery.select().where(models.Delivery.event_id == event_id).count()
    return int(written) + fan_outs.promised_of(event_id)


def heads(project_id: int) -> Any:
    """Rows of (id, type, occurred_at, size of data); neither engine reads the data for its size."""
    columns = (models.Event.id, models.Event.type, models.Event.occurred_at, fn.length(models.Event.data))
    return models.Event.select(*columns).where(models.Event.project_id == project_id).tuples()


def head_of(row: tuple[str, str, float, int]) -> EventHead:
    return EventHead(*row)


def event_of(row: models.Event) -> Event:
    return Event(
        str(row.id),
        str(row.type),
        float(row.occurred_at),
        bytes(row.data),
        row.source_id,
        row.due_at,
        row.hops,
    )
