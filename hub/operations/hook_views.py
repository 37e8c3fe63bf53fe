"""What people and programs are shown of hooks beside what a hook is: whether they may edit it, the names of
its headers, and when a failing one is tried next.

Step before: `subscriptions` found or changed hooks. Step after: a door puts them into its own shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.operations import hook_credentials
from hub.operations.hook_access import origin_of
from hub.rules import format_fields
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
    target_url: str
    """As this requester may see it: the URL of a chat is a credential."""
    header_names: tuple[str, ...] = ()
    next_attempt_at: float | None = None
    """None but for a failing hook."""
    settings: dict[str, str] = field(default_factory=dict)
    """Secret ones are masked."""


def of(database: Database, box: SecretBox, requester: Requester, found: Sequence[Hook]) -> list[HookView]:
    """In the order given; one query for all of them, and none while no hook is failing."""
    failing = [hook for hook in found if hook.state == "failing"]
    times = database.read(lambda: hook_lists.next_attempts(failing)) if failing else {}
    return [_view(box, requester, hook, times.get(hook.id)) for hook in found]


def _view(box: SecretBox, requester: Requester, hook: Hook, next_attempt_at: float | None) -> HookView:
    can_edit = refusal(requester, origin_of(hook), "edit") is None
    return HookView(
        hook,
        can_edit,
        hook.target_url if can_edit else hook.shown_url,
        _header_names(box, hook),
        next_attempt_at,
        format_fields.shown_settings(hook.format, hook_credentials.settings_of(box, hook)),
    )


def _header_names(box: SecretBox, hook: Hook) -> tuple[str, ...]:
    try:
        return tuple(destinations.headers_of(box, hook))
    except SecretUnreadable:  # sealed with another key: the hook can still be looked at, and mended
        return ()
