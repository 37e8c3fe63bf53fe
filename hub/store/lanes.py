"""Lanes: when a claim should look at a hook, and how much it may take.

Owns a hook's `ready_at`, `in_flight` and the row lock under which both change. A lane with nothing to do, no room or no permission is
parked (`ready_at` NULL) and costs a claim nothing, however many deliveries wait behind it; whoever ends the reason arms it again.
It must never look at a delivery's content. Every caller is inside a transaction.
"""

from collections.abc import Collection, Iterable
from typing import Any

from hub.rules.health import LIVE, Health
from hub.store.database import Database
from hub.store.models import Hook, Project

_HEALTH = (
    "state",
    "consecutive_failures",
    "counted_until",
    "ramp",
    "gate_at",
    "last_error",
    "last_success_at",
    "disabled_reason",
    "disabled_at",
    "is_slow",
)


def arm(database: Database, hook_ids: Collection[str], now: float) -> None:
    """Let a claim look at these hooks: at once, or when their gate opens. Hooks that are not sent to stay parked."""
    # In the order of ids, so that two processes that arm the same hooks never wait for each other in a circle.
    database.executemany(
        "UPDATE hook SET ready_at = CASE WHEN gate_at > ? THEN gate_at WHEN ready_at < ? THEN ready_at ELSE ? END"
        " WHERE id = ? AND state IN ('active', 'failing')",
        [(now, now, now, hook_id) for hook_id in sorted(hook_ids)],
    )


def arm_project(database: Database, project_id: int, now: float) -> None:
    """After an archived project came back: let a claim look at all its hooks."""
    database.execute(
        "UPDATE hook SET ready_at = ? WHERE project_id = ? AND state IN ('active', 'failing') AND ready_at IS NULL", (now, project_id)
    )


def take_ready(database: Database, now: float, *, is_slow: bool, limit: int) -> list[Hook]:
    """The hooks that a claim may look at, longest waiting first, locked; those of archived projects are parked in passing."""
    if limit <= 0:
        return []
    ready = Hook.select().where(Hook.is_slow == is_slow, Hook.ready_at <= now).order_by(Hook.ready_at).limit(limit)
    found = list(database.for_update(ready, skip_locked=True))
    archived = _archived({hook.project_id for hook in found})
    blocked = {hook.id for hook in found if hook.project_id in archived or hook.state not in LIVE}
    park(database, blocked)
    return [hook for hook in found if hook.id not in blocked]


def park(database: Database, hook_ids: Iterable[str]) -> None:
    database.executemany("UPDATE hook SET ready_at = NULL WHERE id = ?", [(hook_id,) for hook_id in sorted(hook_ids)])


def _archived(project_ids: set[int]) -> set[int]:
    if not project_ids:
        return set()
    rows = Project.select(Project.id).where(Project.id.in_(sorted(project_ids)), Project.archived_at.is_null(False))
    return {project.id for project in rows}


def lock(database: Database, hook_ids: Collection[str]) -> dict[str, Hook]:
    """The rows of these hooks, locked in the order of their ids."""
    if not hook_ids:
        return {}
    rows = database.for_update(Hook.select().where(Hook.id.in_(sorted(hook_ids))).order_by(Hook.id))
    return {str(hook.id): hook for hook in rows}


def health_of(hook: Hook) -> Health:
    return Health(**{name: getattr(hook, name) for name in _HEALTH})


def set_health(hook: Hook, health: Health, **more: Any) -> None:
    """Write a hook's health, and what else changes with it; the row must be locked."""
    values = {name: getattr(health, name) for name in _HEALTH}
    Hook.update({**values, **more}).where(Hook.id == hook.id).execute()


def mark_slow(database: Database, hook_ids: Collection[str]) -> None:
    """Requests to these hooks hang at this moment: let them share the slow hooks' part of the senders."""
    database.executemany("UPDATE hook SET is_slow = ? WHERE id = ? AND NOT is_slow", [(True, hook_id) for hook_id in sorted(hook_ids)])
