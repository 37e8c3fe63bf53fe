"""What people and programs are shown of hooks beside what a hook is: whether they may edit it, the names of
its headers, and when a failing one is tried next.

Step before: `subscriptions` found or changed hooks. Step after: a door puts them into its own shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.operations.hook_access import origin_of
from hub.rules.access import Requester, refusal
from hub.store import destinations, hook_lists
from hub.store.database import Database
from hub.store.hooks import Hook
from hub.store.secrets import SecretBox, SecretUnreadable


@dataclass(frozen=True, slots=True)
class HookView:
    """A hook as one requester sees it."""

    hook: Hook
    can_edit: bool
    header_names: tuple[str, ...] = ()
    next_attempt_at: float | None = None
    """None but for a failing hook."""


def of(database: Database, box: SecretBox, requester: Requester, found: Sequence[Hook]) -> list[HookView]:
    """In the order given; one query for all of them, and none while no hook is failing."""
    failing = [hook for hook in found if hook.state == "failing"]
    times = database.read(lambda: hook_lists.next_attempts(failing)) if failing else {}
    return [
        HookView(
            hook,
            can_edit=refusal(requester, origin_of(hook), "edit") is None,
            header_names=_header_names(box, hook),
            next_attempt_at=times.get(hook.id),
        )
        for hook in found
    ]


def _header_names(box: SecretBox, hook: Hook) -> tuple[str, ...]:
    try:
        return tuple(destinations.headers_of(box, hook))
    except SecretUnreadable:  # sealed with another key: the hook can still be looked at, and mended
        return ()
