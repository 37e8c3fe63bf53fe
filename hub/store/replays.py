"""Replays under way: how far each is, and who goes on with it.

Owns the table: one row a hook, that of its last replay. A process leases a replay for a while, and moves it
on only while it owns that lease, in the transaction that makes its deliveries wait. So after a crash another
process goes on at the same event, and nothing is made twice. Each function runs inside its caller's
transaction. Times are epoch seconds. Step before and after: `operations.replays`.
"""

import json
from dataclasses import dataclass
from typing import Any

from hub.rules.access import Requester
from hub.store import models
from hub.store.database import Database

LEASE_S = 20.0
"""A page of events takes some milliseconds; waiting for the writer may take PATIENCE_S."""


@dataclass(frozen=True, slots=True)
class Replay:
    hook_id: str
    project_id: int
    since: float
    until: float
    state: str | None
    by: Requester
    """Name, token and address; nothing that it may do."""
    planned: int
    is_planned_whole: bool
    made: int
    after_id: str | None
    ended_early: str | None
    is_over: bool


def begin(database: Database, new: Replay) -> bool:
    """Write a hook's new replay, for anybody to take; False while its last one is under way."""
    table = models.Replay
    kept = database.for_update(table.select().where(table.hook_id == new.hook_id))
    if any(row.lease_until is not None for row in kept):
        return False
    table.delete().where(table.hook_id == new.hook_id).execute()
    by = {"name": new.by.name, "token_id": new.by.token_id, "address": new.by.address}
    table.create(
        hook_id=new.hook_id,
        project_id=new.project_id,
        since=new.since,
        until=new.until,
        state=new.state,
        by=json.dumps(by),
        planned=new.planned,
        is_planned_whole=new.is_planned_whole,
        made=new.made,
        lease_until=0.0,
    )
    return True


def is_left(now: float) -> bool:
    """Whether there is one that nobody goes on with."""
    return bool(models.Replay.select().where(_is_free(now)).exists())


def take(database: Database, owner: str, now: float) -> Replay | None:
    """One that nobody goes on with, for `owner`; None: there is none, or another process takes it now."""
    table = models.Replay
    free = table.select().where(_is_free(now)).order_by(table.lease_until).limit(1)
    for row in database.for_update(free, skip_locked=True):
        table.update(owner=owner, lease_until=now + LEASE_S).where(table.hook_id == row.hook_id).execute()
        return _replay(row)
    return None


def move(hook_id: str, owner: str, after_id: str | None, made: int, now: float) -> bool:
    """So far it is; False: it is somebody else's by now."""
    table = models.Replay
    moved = table.update(after_id=after_id, made=table.made + made, lease_until=now + LEASE_S)
    return bool(moved.where(_is_owned(hook_id, owner)).execute())


def end(hook_id: str, owner: str, ended_early: str | None = None) -> bool:
    """It is over; False: it is somebody else's by now."""
    table = models.Replay
    ended = table.update(lease_until=None, owner=None, ended_early=ended_early)
    return bool(ended.where(_is_owned(hook_id, owner)).execute())


def leave(hook_id: str, owner: str) -> None:
    """Anybody may go on with it at once."""
    models.Replay.update(lease_until=0.0, owner=None).where(_is_owned(hook_id, owner)).execute()


def get(hook_id: str) -> Replay | None:
    """The last one of a hook."""
    table = models.Replay
    row = table.get_or_none(table.hook_id == hook_id)
    return None if row is None else _replay(row)


def forget_project(project_id: int) -> None:
    """Of a deleted project nothing is replayed any more."""
    models.Replay.delete().where(models.Replay.project_id == project_id).execute()


def _is_free(now: float) -> Any:
    """What a clock that has since stepped back has leased is nobody's either."""
    table = models.Replay
    return (table.lease_until <= now) | (table.lease_until > now + 2 * LEASE_S)


def _is_owned(hook_id: str, owner: str) -> Any:
    table = models.Replay
    return (table.hook_id == hook_id) & (table.owner == owner) & table.lease_until.is_null(False)


def _replay(row: Any) -> Replay:
    by = json.loads(row.by)
    return Replay(
        hook_id=row.hook_id,
        project_id=row.project_id,
        since=row.since,
        until=row.until,
        state=row.state,
        by=Requester(by["name"], token_id=by["token_id"], address=by["address"]),
        planned=row.planned,
        is_planned_whole=bool(row.is_planned_whole),
        made=row.made,
        after_id=row.after_id,
        ended_early=row.ended_early,
        is_over=row.lease_until is None,
    )
