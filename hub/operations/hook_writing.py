"""Changes of a hook, written: each with its audit entry, in the caller's transaction.

Owns what belongs to one change. Step before: `subscriptions` has locked the hook and seen to it that this
requester may do that. Step after: `store.hooks` has the new row, `engine.hook_states` does what follows.
"""

from dataclasses import replace

from hub.engine.hook_states import HookStates
from hub.operations import hook_access, hook_drafts
from hub.operations.hook_drafts import Draft
from hub.rules import hook_fields
from hub.rules.access import Requester
from hub.rules.changes import UNSET
from hub.rules.health import Switched
from hub.store import audit, hooks
from hub.store.database import Database
from hub.store.hooks import Hook
from hub.store.secrets import SecretBox


def configure(box: SecretBox, requester: Requester, draft: Draft, now: float) -> Hook:
    """Write the fields of a draft, but for `enabled`."""
    hook, change = draft.hook, replace(draft.change, enabled=UNSET)
    values = change.given()
    if not values:
        return hook
    secrets = hook_fields.secret_fields(hook.format, values.get("format", hook.format))
    before = {name: hook.value(name) for name in values if name not in secrets}
    fields = hook_fields.audited(values, before, secrets)
    audit.add(now, requester, "hook.changed", hook.id, hook.project_id, fields)
    return hooks.update(box, hook, change, now)


def switch(
    database: Database, hook_states: HookStates, requester: Requester, hook: Hook, is_on: bool, now: float
) -> Hook:
    """Raises: Conflict, it is gone."""
    hook_access.check_not_gone(hook)
    after = hook_drafts.switched(hook, is_on, requester, now)
    if after.state == hook.state:
        return hook
    changed = hooks.switch(database, hook, after, now)
    # Without a reason: what follows names who did it already.
    hook_states.changed([Switched(hook.id, hook.project_id, hook.state, after.state)], requester, now)
    return changed


def take_over(requester: Requester, hook: Hook, now: float) -> Hook:
    """Give an app's or an API client's hook to the page."""
    taken = hooks.give_to_page(hook, now)
    before = {"origin_kind": hook.origin_kind, "origin_app": hook.origin_app}
    after = {"origin_kind": taken.origin_kind, "origin_app": taken.origin_app}
    fields = hook_fields.audited(after, before)
    audit.add(now, requester, "hook.taken_over", hook.id, hook.project_id, fields)
    return taken
