"""Events as somebody looks for them: the newest, those of a type or a span of time, those that a hook wants.

Owns the queries behind lists, each bounded in what it brings into memory however large the events are. Step
before: an operation says what is looked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from peewee import fn

from hub.ids import first_id
from hub.rules.facts import Facts
from hub.rules.matching import PING_EVENT_TYPE, Subscription
from hub.store import models
from hub.store.events import Event, EventHead, event_of, head_of, heads

LIST_BYTES_MAX = 2_097_152
"""Data that one list of events brings into memory, beside its first event."""

SEARCHED_BYTES_MAX = 16_777_216
"""Data that a filter looks at for a list of what it lets through."""

PASSING_AT_ONCE = 100

SMALL_BYTES_MAX = 65_536
"""Data of an event that many are asked for by their ids, for a line of words about each."""


def newest(
    project_id: int,
    types: Iterable[str] | None,
    before: str | None,
    limit: int,
    hidden: Iterable[str] = (PING_EVENT_TYPE,),
    prefix: str = "",
) -> tuple[list[Event], bool]:
    """Newest first, of all or some types, or those that begin with `prefix` and a dot, and whether there are
    more; `hidden` types are left out.

    Ends before `limit` where the data would be more than LIST_BYTES_MAX.
    """
    query = heads(project_id).where(models.Event.type.not_in(list(hidden)))
    if types is not None:
        query = query.where(models.Event.type.in_(list(types)))
    if prefix:
        query = query.where(fn.SUBSTR(models.Event.type, 1, len(prefix) + 1) == f"{prefix}.")
    if before:
        query = query.where(models.Event.id < before)
    found = [head_of(row) for row in query.order_by(models.Event.id.desc()).limit(limit + 1)]
    shown = _within_bytes(found[:limit])
    return _whole(shown), len(shown) < len(found)


def newest_wanted(
    project_id: int, subscription: Subscription, searched: int, limit: int, hidden: Iterable[str] = ()
) -> list[Event]:
    """The newest events that a subscription wants, among the last `searched`, and what a filter looks at
    among SEARCHED_BYTES_MAX; within LIST_BYTES_MAX.
    """
    query = heads(project_id).order_by(models.Event.id.desc()).limit(searched)
    found = [
        one for one in map(head_of, query) if one.type not in hidden and subscription.wants_type(one.type)
    ]
    if subscription.filter is not None:
        found = list(islice(passing(_within_bytes(found, SEARCHED_BYTES_MAX), subscription), limit))
    return _whole(_within_bytes(found[:limit]))


def named(project_id: int, event_ids: Iterable[str]) -> dict[str, Event]:
    """Those of these events that there are, by their id, but for those with more than SMALL_BYTES_MAX."""
    table = models.Event
    query = table.select().where(table.id.in_(list(event_ids)), table.project_id == project_id)
    return {row.id: event_of(row) for row in query.where(fn.length(table.data) <= SMALL_BYTES_MAX)}


def passing(found: Sequence[EventHead], subscription: Subscription) -> Iterator[EventHead]:
    """Those that pass the filter, in the order given; a part of their data is in memory at a time."""
    rest = list(found)
    while rest and subscription.filter is not None:
        part = _within_bytes(rest[:PASSING_AT_ONCE])
        del rest[: len(part)]
        facts = {one.id: Facts(one.type, one.occurred_at, one.data, one.source_id) for one in _whole(part)}
        yield from (one for one in part if one.id in facts and subscription.failed(facts[one.id]) is None)
    yield from rest


def between(project_id: int, since: float, until: float, after: str | None, limit: int) -> list[EventHead]:
    """Events accepted in a span of time, oldest first; `after` is the last id of the page before."""
    low = after or first_id("evt", max(0.0, since))
    query = heads(project_id).where(models.Event.id < first_id("evt", max(0.0, until)))
    query = query.where(models.Event.id > low if after else models.Event.id >= low)
    query = query.where(models.Event.due_at.is_null())
    return [head_of(row) for row in query.order_by(models.Event.id).limit(limit)]


def _within_bytes(found: list[EventHead], bytes_max: int = LIST_BYTES_MAX) -> list[EventHead]:
    """The first of them whose data is not too much together; one at least."""
    total = 0
    for n, one in enumerate(found):
        total += one.data_bytes
        if n and total > bytes_max:
            return found[:n]
    return found


def _whole(found: list[EventHead]) -> list[Event]:
    ids = [one.id for one in found]
    rows = models.Event.select().where(models.Event.id.in_(ids)).order_by(models.Event.id.desc())
    return [event_of(row) for row in rows]
