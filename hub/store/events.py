"""Events: written down with their deliveries in one transaction, found again by id, key and type.

Owns the hot statement of the way in (`add`) and the idempotency keys. It must never choose who gets an event:
it is told. Step before: `intake` has matched. Step after: `store.leases.claim`.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from connectors.base import Event as SentEvent
from hub.ids import first_id, new_id
from hub.rules.matching import PING_EVENT_TYPE
from hub.store import lanes
from hub.store.database import Database
from hub.store.models import Delivery, Event, EventKey, EventType
from hub.timestamps import iso

KEY_LIFETIME_S = 7 * 86_400
"""A repeated key answers the first event for seven days (contract §4)."""


@dataclass(slots=True)
class NewEvent:
    """One event to be written, with the hooks that get it."""

    id: str
    project_id: int
    type: str
    occurred_at: float
    data: bytes
    hook_ids: list[str] = field(default_factory=list)


def key_digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def add(database: Database, events: Sequence[NewEvent], now: float) -> None:
    """Write events, a waiting delivery for each of their hooks, and make those hooks' lanes ready. In the
    caller's transaction.
    """
    database.executemany(
        "INSERT INTO event (id, project_id, type, occurred_at, data) VALUES (?, ?, ?, ?, ?)",
        [(event.id, event.project_id, event.type, event.occurred_at, event.data) for event in events],
    )
    add_deliveries(
        database,
        [
            (new_id("dlv"), event.id, hook_id, event.project_id, event.type)
            for event in events
            for hook_id in event.hook_ids
        ],
    )
    lanes.arm(database, {hook_id for event in events for hook_id in event.hook_ids}, now)


def add_deliveries(database: Database, rows: Sequence[tuple[str, str, str, int, str]]) -> None:
    """Write waiting deliveries that nobody has tried: (id, event id, hook id, project id, type). The caller
    arms their lanes.
    """
    database.executemany(
        "INSERT INTO delivery (id, event_id, hook_id, project_id, type, state, attempts, failures, faults)"
        " VALUES (?, ?, ?, ?, ?, 'waiting', 0, 0, 0)",
        rows,
    )


def claim_key(project_id: int, digest: bytes, event_id: str, now: float) -> str | None:
    """Take an idempotency key for an event; None when it was free, else the id of the event that has it.

    One statement, so that of two publishers with the same key exactly one wins, on any machine.
    """
    taken = (
        EventKey.insert(project_id=project_id, digest=digest, event_id=event_id, created_at=now)
        .on_conflict(
            conflict_target=[EventKey.project_id, EventKey.digest],
            update={EventKey.event_id: event_id, EventKey.created_at: now},
            where=EventKey.created_at < now - KEY_LIFETIME_S,
        )
        .returning(EventKey.event_id)
        .execute()
    )
    if list(taken):
        return None
    first = EventKey.get((EventKey.project_id == project_id) & (EventKey.digest == digest))
    return str(first.event_id)


def get(project_id: int, event_id: str) -> Event | None:
    found: Event | None = Event.get_or_none((Event.id == event_id) & (Event.project_id == project_id))
    return found


def newest(
    project_id: int,
    types: Iterable[str] | None,
    before: str | None,
    limit: int,
    hidden: Iterable[str] = (PING_EVENT_TYPE,),
) -> list[Event]:
    """Newest first, of all or some types; `hidden` types are left out."""
    query = (
        Event.select()
        .where(Event.project_id == project_id, Event.type.not_in(list(hidden)))
        .order_by(Event.id.desc())
        .limit(limit)
    )
    if types is not None:
        query = query.where(Event.type.in_(list(types)))
    if before:
        query = query.where(Event.id < before)
    return list(query)


def newest_wanted(
    project_id: int, is_wanted: Callable[[str], bool], searched: int, limit: int
) -> list[Event]:
    """The newest events whose type is wanted, among the last `searched`; only their data is read."""
    query = (
        Event.select(Event.id, Event.type)
        .where(Event.project_id == project_id)
        .order_by(Event.id.desc())
        .limit(searched)
    )
    ids = [row.id for row in query if is_wanted(str(row.type))][:limit]
    return list(Event.select().where(Event.id.in_(ids)).order_by(Event.id.desc()))


def between(project_id: int, since: float, until: float, after: str | None, limit: int) -> list[Event]:
    """Events accepted in a span of time, oldest first, without their data; `after` is the last id of the page
    before.
    """
    low = after or first_id("evt", max(0.0, since))
    query = Event.select(Event.id, Event.type).where(
        Event.project_id == project_id, Event.id < first_id("evt", max(0.0, until))
    )
    query = query.where(Event.id > low if after else Event.id >= low)
    return list(query.order_by(Event.id).limit(limit))


def as_sent(event: Event, project_key: str) -> SentEvent:
    """A row as formats see it."""
    return SentEvent(str(event.id), str(event.type), iso(event.occurred_at), project_key, bytes(event.data))


def remember_types(project_id: int, types: Iterable[str], now: float) -> None:
    """List types that an open project has published for the first time."""
    rows = [{"project": project_id, "code": code, "created_at": now} for code in sorted(types)]
    if rows:
        EventType.insert_many(rows).on_conflict_ignore().execute()


def types_of(project_id: int) -> list[EventType]:
    return list(EventType.select().where(EventType.project == project_id).order_by(EventType.code))


def declare_type(project_id: int, code: str, name: str, description: str, now: float) -> None:
    values = {EventType.name: name, EventType.description: description, EventType.is_declared: True}
    EventType.insert(
        project=project_id, code=code, name=name, description=description, is_declared=True, created_at=now
    ).on_conflict(conflict_target=[EventType.project, EventType.code], update=values).execute()


def count_deliveries(event_id: str) -> int:
    return int(Delivery.select().where(Delivery.event_id == event_id).count())
