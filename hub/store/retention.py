"""The end of what is kept: deliveries that were held too long, and whatever is older than the retention.

Never touches a delivery that is being sent. Each function is one bounded batch inside its caller's
transaction and returns its size: call again while there is more. Step before: `engine.scheduler`, by the
clock.
"""

from collections.abc import Sequence
from typing import Any

from peewee import JOIN, fn

from hub.ids import first_id
from hub.rules.settings import Settings
from hub.store import fan_outs, figures, projects, replays, sessions, sign_in_tries, sources
from hub.store.events import KEY_LIFETIME_S
from hub.store.history import OFF, OPEN
from hub.store.models import Attempt, Delivery, Event, EventKey, FanOut, Hook, Worker
from hub.store.redelivery import end_open

TIDY_MAX = 500
"""Rows that one batch touches: it shares the writer with the publishers."""


def expire_held(settings: Settings, now: float, rows_max: int = TIDY_MAX) -> int:
    """End what a switched-off hook's deliveries have waited for too long, and cancel a gone hook's; one
    batch, returns its size.
    """
    # Holding begins when the hook went off, or when the event came after that.
    off_before = max(0.0, now - settings.hold_days * 86_400)
    is_held_too_long = (
        Hook.state.in_(OFF) & (Hook.disabled_at <= off_before) & (Delivery.id < first_id("dlv", off_before))
    )
    found: list[tuple[str, str]] = []
    # One by one: each has its partial index; CROSS makes SQLite begin with the few hooks that are off.
    for state in OPEN:
        is_open = (Delivery.hook_id == Hook.id) & (Delivery.state == state)
        query = (
            Hook.select(Delivery.id, Hook.state)
            .join(Delivery, JOIN.CROSS)
            .where(Hook.disabled_at.is_null(False), is_open)
        )
        # Said of the hook alone first: a hook that went off lately is passed over without a look at its
        # million deliveries.
        query = query.where((Hook.state == "gone") | (Hook.disabled_at <= off_before))
        rows: Any = (
            query.where((Hook.state == "gone") | is_held_too_long).limit(rows_max - len(found)).tuples()
        )
        found += [(str(delivery_id), str(hook_state)) for delivery_id, hook_state in rows]
    cancelled = [delivery_id for delivery_id, state in found if state == "gone"]
    expired = [delivery_id for delivery_id, state in found if state != "gone"]
    return end_open(cancelled, "cancelled", "its hook is gone", now) + end_open(
        expired, "failed", f"held longer than {settings.hold_days:g} days", now
    )


def forget(settings: Settings, now: float, rows_max: int = TIDY_MAX) -> int:
    """Delete what is older than the retention, and what deleted projects have left: deliveries with their
    attempts, then events without any; one batch, returns its size.
    """
    cutoff = max(0.0, now - settings.retention_days * 86_400)
    forgotten = delete_finished(finished_before(cutoff, rows_max))
    forgotten += _forget_events((Event.id < first_id("evt", cutoff)) & Event.due_at.is_null(), rows_max)
    for project_id in projects.deleted_ids():
        if forgotten < rows_max:
            forgotten += _forget_project(project_id, rows_max - forgotten)

    EventKey.delete().where(EventKey.created_at < now - KEY_LIFETIME_S).execute()
    Worker.delete().where(Worker.seen_at < now - 86_400).execute()
    sessions.forget_over(now)
    sign_in_tries.forget_over(now)
    figures.forget_over(now)
    sources.forget_over(cutoff, now)
    return forgotten


def _forget_project(project_id: int, rows_max: int) -> int:
    fan_outs.forget_project(project_id)
    replays.forget_project(project_id)
    own = Delivery.select(Delivery.id).where(Delivery.project_id == project_id, _is_finished())
    forgotten = delete_finished([row.id for row in own.limit(rows_max)])
    return forgotten + _forget_events(Event.project_id == project_id, rows_max)


def _forget_events(which: Any, rows_max: int) -> int:
    """The oldest of these that no delivery needs, and of whose project none is promised."""
    used = Delivery.select().where(Delivery.event_id == Event.id)
    promised = FanOut.select().where(FanOut.project_id == Event.project_id)
    unused = Event.select(Event.id).where(which, ~fn.EXISTS(used), ~fn.EXISTS(promised))
    ids = [row.id for row in unused.order_by(Event.id).limit(rows_max)]
    Event.delete().where(Event.id.in_(ids)).execute()
    return len(ids)


def finished_before(cutoff: float, rows_max: int) -> list[str]:
    """The ids of the oldest finished deliveries that were made before `cutoff`."""
    old = Delivery.select(Delivery.id).where(Delivery.id < first_id("dlv", cutoff), _is_finished())
    return [row.id for row in old.order_by(Delivery.id).limit(rows_max)]


def delete_finished(delivery_ids: Sequence[str]) -> int:
    """Delete these with their attempts, except one that somebody has meanwhile had sent once more."""
    deleted = Delivery.delete().where(Delivery.id.in_(delivery_ids), _is_finished()).returning(Delivery.id)
    ids = [row.id for row in deleted.execute()]
    Attempt.delete().where(Attempt.delivery_id.in_(ids)).execute()
    return len(ids)


def _is_finished() -> Any:
    return Delivery.state.not_in((*OPEN, "sending"))
