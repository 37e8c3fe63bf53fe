"""How deliveries come into being: at once, or in parts where there are many (docs/design/fan-outs.md).

Owns the rows of `fan_out`: each is a part of a fan-out, some events for some hooks, whose deliveries are
promised and not yet written. Whoever deletes a part writes its deliveries in the same transaction, so each is
written once, whoever dies in between; their ids are set when the part is made. Every function but the counts
runs inside its caller's transaction. Step before: `events.deliver` has more than one transaction should
write. Step after: `engine.expander` writes the parts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
from peewee import fn

from hub.ids import ids_from, reserve
from hub.store import lanes, models
from hub.store.database import Database

AT_ONCE_MAX = 500
"""Deliveries that one transaction writes of what it takes in: others wait for its end, 10 µs for each."""
PART_MAX = 100
"""Deliveries of one part."""
PARTS_READ = 32
"""Parts that are looked at at once: those of a large fan-out are full."""

NewDelivery = tuple[str, str, str, int, str]
"""Its id, and those of its event, hook and project; the event's type."""

Lease = Callable[[Sequence[NewDelivery]], Sequence[NewDelivery]]
"""Writes those that are leased as they come; gives back the others."""

_TAKEN = "-"
"""Stands in a part in the place of a hook whose deliveries were brought forward."""


class Wide(msgspec.Struct, frozen=True):
    """An event whose deliveries are written in parts: for these hooks, in this order."""

    event_id: str
    project_id: int
    type: str
    hook_ids: Sequence[str]


def add_deliveries(database: Database, rows: Iterable[NewDelivery]) -> None:
    """Write waiting deliveries that nobody has tried. The caller arms their lanes."""
    database.execute_rows(
        "INSERT INTO delivery (id, event_id, hook_id, project_id, type, state, attempts, failures, faults)"
        " {rows}",
        "text text text integer text text integer integer integer",
        [(*row, "waiting", 0, 0, 0) for row in rows],
    )


def divided(events: Iterable[Wide]) -> tuple[list[Wide], list[Wide]]:
    """Those whose deliveries are written at once, and those whose are put off. One that is too wide leaves
    the others their place.
    """
    at_once: list[Wide] = []
    later: list[Wide] = []
    total = 0
    for event in events:
        if total + len(event.hook_ids) > AT_ONCE_MAX:
            later.append(event)
        elif event.hook_ids:
            at_once.append(event)
            total += len(event.hook_ids)
    return at_once, later


def put_off(database: Database, events: Iterable[Wide], now: float) -> None:
    """Promise their deliveries: write the parts of which they will be made."""
    database.executemany(
        "INSERT INTO fan_out (id, project_id, type, event_ids, hook_ids, size, accepted_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        _parts(events, now),
    )


def next_project(after: int) -> int | None:
    """The project whose turn it is when `after` has had its own; None when nothing is to be written."""
    table = models.FanOut
    first = table.select(fn.MIN(table.project_id))
    found: int | None = first.where(table.project_id > after).scalar() or first.scalar()
    return found


def write_some(database: Database, project_id: int, rows_max: int, lease: Lease | None = None) -> int:
    """Write the deliveries of a project's oldest parts: so many, or one part; 0 when there are none. `lease`
    takes those that need not wait for a claim.

    Their lanes become ready as of the time at which their events were accepted, so that what was accepted
    after them is still the newer.
    """
    rows = database.execute(
        "SELECT id, project_id, type, event_ids, hook_ids, size, accepted_at FROM fan_out"
        f" WHERE project_id = ? ORDER BY id LIMIT ?{database.lock_clause('fan_out')}",
        (project_id, PARTS_READ),
    ).fetchall()
    taken: list[_Part] = []
    total = 0
    for row in rows:
        part = _Part.of(row)
        if taken and total + part.size > rows_max:
            break
        taken.append(part)
        total += part.size
    _delete(database, [part.id for part in taken])
    wanted = [(part, [one for one in part.hook_ids if one != _TAKEN]) for part in taken]
    _write(database, wanted, lease)
    return max(total, len(taken))


def bring_forward(database: Database, project_id: int, hook_id: str) -> int:
    """Write what is promised to a hook now: whoever asks about its deliveries then finds them all."""
    rows = database.execute(
        "SELECT id, project_id, type, event_ids, hook_ids, size, accepted_at FROM fan_out"
        f" WHERE project_id = ? AND hook_ids LIKE ? ORDER BY id{database.lock_clause('fan_out', waits=True)}",
        (project_id, f"%{hook_id}%"),
    ).fetchall()
    parts = [_Part.of(row) for row in rows]
    _write(database, [(part, [hook_id]) for part in parts])
    database.executemany(
        "UPDATE fan_out SET hook_ids = ?, size = size - ? WHERE id = ?",
        [
            (
                " ".join(_TAKEN if one == hook_id else one for one in part.hook_ids),
                len(part.event_ids),
                part.id,
            )
            for part in parts
        ],
    )
    return sum(len(part.event_ids) for part in parts)


def is_promised(database: Database, project_id: int) -> bool:
    """Whether any delivery of a project is yet to be written."""
    sql = "SELECT 1 FROM fan_out WHERE project_id = ? LIMIT 1"
    return database.execute(sql, (project_id,)).fetchone() is not None


def promised() -> int:
    """How many deliveries are yet to be written."""
    return int(models.FanOut.select(fn.SUM(models.FanOut.size)).scalar() or 0)


def promised_of(event_id: str) -> int:
    """How many of an event's deliveries are yet to be written."""
    table = models.FanOut
    rows = table.select(table.hook_ids).where(table.event_ids.contains(event_id))
    return sum(len(_hooks_of(row.hook_ids)) for row in rows)


def forget_project(project_id: int) -> None:
    """Of a deleted project nothing more is written."""
    models.FanOut.delete().where(models.FanOut.project_id == project_id).execute()


@dataclass(frozen=True, slots=True)
class _Part:
    """Every one of its events for every one of its hooks; the n-th of them has the n-th id from `id` on."""

    id: str
    project_id: int
    type: str
    event_ids: tuple[str, ...]
    hook_ids: tuple[str, ...]
    size: int
    accepted_at: float

    @classmethod
    def of(cls, row: Sequence[Any]) -> "_Part":
        part_id, project_id, code, event_ids, hook_ids, size, accepted_at = row
        return cls(
            part_id, project_id, code, tuple(event_ids.split()), tuple(hook_ids.split()), size, accepted_at
        )

    def rows(self, hook_ids: Iterable[str], known: set[str]) -> Iterator[NewDelivery]:
        """The deliveries for some of its hooks, of the events that are there still."""
        wanted = set(hook_ids)
        pairs = ((event_id, hook_id) for event_id in self.event_ids for hook_id in self.hook_ids)
        for delivery_id, (event_id, hook_id) in zip(ids_from(self.id), pairs, strict=False):
            if hook_id in wanted and event_id in known:
                yield delivery_id, event_id, hook_id, self.project_id, self.type


def _parts(events: Iterable[Wide], now: float) -> Iterator[tuple[str, int, str, str, str, int, float]]:
    """The rows of their parts. Events in a row that go to the same hooks share parts."""
    for (project_id, code, hook_ids), found in groupby(
        events, lambda one: (one.project_id, one.type, one.hook_ids)
    ):
        of_hooks = [hook_ids[at : at + PART_MAX] for at in range(0, len(hook_ids), PART_MAX)]
        event_ids = [one.event_id for one in found]
        step = max(1, PART_MAX // len(hook_ids))

        for at in range(0, len(event_ids), step):
            some = event_ids[at : at + step]
            for part in of_hooks:
                size = len(some) * len(part)
                yield reserve("dlv", size), project_id, code, " ".join(some), " ".join(part), size, now


def _write(
    database: Database, wanted: Sequence[tuple[_Part, Sequence[str]]], lease: Lease | None = None
) -> None:
    """Write deliveries of parts for some of their hooks, and make the lanes ready of those that wait."""
    known = _known(database, {event_id for part, _ in wanted for event_id in part.event_ids})
    rows = [row for part, hook_ids in wanted for row in part.rows(hook_ids, known)]
    waiting = lease(rows) if lease is not None and rows else rows
    add_deliveries(database, waiting)
    armed = {hook_id for _, _, hook_id, _, _ in waiting}
    accepted: dict[str, float] = {}
    for part, hook_ids in reversed(wanted):
        accepted |= {hook_id: part.accepted_at for hook_id in hook_ids if hook_id in armed}
    lanes.arm_since(database, accepted)


def _known(database: Database, event_ids: set[str]) -> set[str]:
    """Those that are there still: what retention has taken is not delivered any more."""
    if not event_ids:
        return set()
    condition, params = database.among("id", sorted(event_ids))
    return {row[0] for row in database.execute(f"SELECT id FROM event WHERE {condition}", params).fetchall()}


def _delete(database: Database, part_ids: Sequence[str]) -> None:
    database.executemany("DELETE FROM fan_out WHERE id = ?", [(one,) for one in part_ids])


def _hooks_of(text: str) -> list[str]:
    return [one for one in text.split() if one != _TAKEN]
