"""The log of deliveries: found, shown, expired and forgotten.

Owns how a delivery's state is shown, the end of held ones, and retention. It must never touch a delivery that
is being sent. What is held or cancelled is derived from the hook, not written into its deliveries: switching
a hook with a million waiting ones off or on is one row, and they are tidied up later, in batches.
"""

from typing import Any

from peewee import JOIN, fn

from hub.ids import first_id
from hub.rules.settings import Settings
from hub.store.database import Database
from hub.store.events import KEY_LIFETIME_S
from hub.store.models import Attempt, Delivery, Event, EventKey, Hook, Worker

TIDY_MAX = 500
"""Rows that one tidying transaction touches: it shares the writer with the publishers."""

OPEN = ("waiting", "retrying")
FINAL_STATES = ("delivered", "failed", "refused", "cancelled")
_OFF = ("disabled", "auto_disabled")
SHOWN_STATES = ("waiting", "retrying", "held", "sending", "delivered", "failed", "refused", "cancelled")


def shown_state(delivery: Delivery, hook: Hook | None) -> str:
    """The state as people see it."""
    if delivery.state not in OPEN or hook is None:
        return str(delivery.state)
    if hook.deleted_at or hook.state == "gone":
        return "cancelled"
    return "held" if hook.state in _OFF else str(delivery.state)


def find(
    project_id: int,
    *,
    hook_id: str | None = None,
    event_id: str | None = None,
    state: str | None = None,
    type: str | None = None,
    origin_app: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[tuple[Delivery, Hook]]:
    """Deliveries with their hooks, newest first; `state` is a shown one."""
    query = (
        Delivery.select(Delivery, Hook)
        .join(Hook, on=(Hook.id == Delivery.hook_id), attr="hook")
        .where(Delivery.project_id == project_id)
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    if hook_id:
        query = query.where(Delivery.hook_id == hook_id)
    if origin_app:
        query = query.where(Hook.origin_kind == "app", Hook.origin_app == origin_app)
    if event_id:
        query = query.where(Delivery.event_id == event_id)
    if type:
        query = query.where(Delivery.type == type)
    if before:
        query = query.where(Delivery.id < before)
    if state:
        query = query.where(_is_shown_as(state))
    return [(row, row.hook) for row in query]  # type: ignore[attr-defined]  # the join above sets it


def get(project_id: int, delivery_id: str) -> tuple[Delivery, Hook] | None:
    query = (
        Delivery.select(Delivery, Hook)
        .join(Hook, on=(Hook.id == Delivery.hook_id), attr="hook")
        .where(Delivery.id == delivery_id, Delivery.project_id == project_id)
    )
    row = query.first()
    return None if row is None else (row, row.hook)


def of_events(hook_id: str, event_ids: list[str]) -> dict[str, Delivery]:
    """A hook's deliveries of these events, by event; of several the latest."""
    query = (
        Delivery.select()
        .where(Delivery.hook_id == hook_id, Delivery.event_id.in_(event_ids))
        .order_by(Delivery.id)
    )
    return {str(row.event_id): row for row in query}


def first_retry_at(hook_id: str) -> float | None:
    """When the first of a hook's retrying deliveries is due."""
    query = Delivery.select(Delivery.next_at).where(Delivery.hook_id == hook_id, Delivery.state == "retrying")
    found: float | None = query.order_by(Delivery.next_at).limit(1).scalar()
    return found


def backlog() -> int:
    """How many deliveries wait, at this moment: a scan of two small indexes, not for a hot path."""
    return sum(int(Delivery.select().where(Delivery.state == state).count()) for state in OPEN)


def expire_held(database: Database, settings: Settings, now: float) -> int:
    """End what a switched-off hook's deliveries have waited for too long, and cancel a gone hook's; one
    batch, returns its size.
    """
    # Holding begins when the hook went off, or when the event came after that.
    off_before = max(0.0, now - settings.hold_days * 86_400)
    is_held_too_long = (
        Hook.state.in_(_OFF) & (Hook.disabled_at <= off_before) & (Delivery.id < first_id("dlv", off_before))
    )
    found: list[tuple[str, str]] = []
    for state in (
        OPEN
    ):  # one by one: each has its partial index; CROSS makes SQLite begin with the few hooks that are off
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
            query.where((Hook.state == "gone") | is_held_too_long).limit(TIDY_MAX - len(found)).tuples()
        )
        found += [(str(delivery_id), str(hook_state)) for delivery_id, hook_state in rows]
    cancelled = [delivery_id for delivery_id, state in found if state == "gone"]
    expired = [delivery_id for delivery_id, state in found if state != "gone"]
    return _end(cancelled, "cancelled", "its hook is gone", now) + _end(
        expired, "failed", f"held longer than {settings.hold_days:g} days", now
    )


def forget(database: Database, settings: Settings, now: float) -> int:
    """Delete what is older than the retention: deliveries with their attempts, then events without any; one
    batch, returns its size.
    """
    cutoff = now - settings.retention_days * 86_400
    is_finished = Delivery.state.not_in((*OPEN, "sending"))
    old = (
        Delivery.select(Delivery.id)
        .where(Delivery.id < first_id("dlv", max(0.0, cutoff)), is_finished)
        .order_by(Delivery.id)
    )
    # Asked again in the deletion: somebody may have it sent once more at this moment.
    deleted = (
        Delivery.delete()
        .where(Delivery.id.in_([row.id for row in old.limit(TIDY_MAX)]), is_finished)
        .returning(Delivery.id)
    )
    ids = [row.id for row in deleted.execute()]
    Attempt.delete().where(Attempt.delivery_id.in_(ids)).execute()
    used = Delivery.select().where(Delivery.event_id == Event.id)
    unused = Event.select(Event.id).where(Event.id < first_id("evt", max(0.0, cutoff)), ~fn.EXISTS(used))
    event_ids = [row.id for row in unused.order_by(Event.id).limit(TIDY_MAX)]
    Event.delete().where(Event.id.in_(event_ids)).execute()
    EventKey.delete().where(EventKey.created_at < now - KEY_LIFETIME_S).execute()
    Worker.delete().where(Worker.seen_at < now - 86_400).execute()
    return len(ids) + len(event_ids)


def _end(ids: list[str], state: str, reason: str, now: float) -> int:
    values: dict[str, Any] = {"state": state, "reason": reason, "finished_at": now, "next_at": None}
    return (
        int(Delivery.update(values).where(Delivery.id.in_(ids), Delivery.state.in_(OPEN)).execute())
        if ids
        else 0
    )


def _is_shown_as(state: str) -> Any:
    is_open = Delivery.state.in_(OPEN)
    if state == "held":
        return is_open & Hook.state.in_(_OFF) & Hook.deleted_at.is_null()
    if state == "cancelled":
        return (Delivery.state == "cancelled") | (
            is_open & ((Hook.state == "gone") | Hook.deleted_at.is_null(False))
        )
    if state in OPEN:
        return (Delivery.state == state) & Hook.state.in_(("active", "failing")) & Hook.deleted_at.is_null()
    return Delivery.state == state
