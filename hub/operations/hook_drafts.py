"""Drafts: what a new hook is made of, and what a change changes.

Owns the defaults of a new hook, and that a field which has its value already is no change: a hook can be
read, one field changed, and all of it written back. Nothing is written here. Step before: a door has read the
fields. Step after: `subscriptions` checks and writes what is left.
"""

from dataclasses import dataclass, replace

from hub.operations import hook_access, hook_credentials
from hub.rules import access, catalogue, health, hook_fields, pace, recipients
from hub.rules.access import Action, Requester
from hub.rules.changes import UNSET
from hub.rules.health import Health
from hub.rules.hook_fields import SECRET_FIELDS, HookChange
from hub.rules.pace import Pace
from hub.store.hooks import Hook, NewHook
from hub.store.projects import Project
from hub.store.secrets import SecretBox

_COMPARED = tuple(name for name in hook_fields.FIELDS if name not in (*SECRET_FIELDS, "enabled"))


@dataclass(frozen=True, slots=True)
class Draft:
    """A hook as it is, and what is asked to be changed of it."""

    hook: Hook
    change: HookChange

    def completed(self, box: SecretBox) -> "Draft":
        """With what follows from a checked change for the secret and the headers. Raises: Invalid."""
        change = hook_credentials.unmasked(box, self.hook, self.change)
        return Draft(self.hook, hook_credentials.completed(self.hook, change))


def of_new(requester: Requester, project: Project, wanted: HookChange) -> NewHook:
    """A new hook of checked fields, with the defaults of its app and project."""
    assert wanted.target_url is not UNSET, "the fields have been checked"
    assert wanted.events is not UNSET, "the fields have been checked"
    if wanted.format is not UNSET:
        form = wanted.format
    elif recipients.is_mail(wanted.target_url):
        form = hook_fields.MAIL_FORMAT
    else:
        form = hook_access.app_format(requester.app) or catalogue.default_format(project.catalogue)

    own = ("target_url", "events", "format", "secret", *pace.FIELDS)
    given = wanted.given()
    return NewHook(
        project_id=project.id,
        target_url=wanted.target_url,
        events=hook_fields.unique(wanted.events),
        format=form,
        origin_kind=access.origin_of(requester),
        origin_app=requester.app,
        created_by=requester.name,
        secret=hook_credentials.of_new(wanted, form),
        pace=Pace(**{name: given[name] for name in pace.FIELDS if name in given}),
        **{name: value for name, value in given.items() if name not in own},
    )


def of_change(requester: Requester, project: Project, hook: Hook | None, given: HookChange) -> Draft:
    """What the fields that are given change of a hook; allowed, but not checked.

    Raises: NotFound; Conflict, its origin forbids it; Forbidden.
    """
    seen = hook_access.visible(requester, project, hook)
    change = _differing(seen, given)
    action: Action = "switch" if change.given().keys() == {"enabled"} else "edit"
    hook_access.allowed(requester, project, seen, action)
    return Draft(seen, change)


def switched(hook: Hook, is_on: bool, requester: Requester, now: float) -> Health:
    """The health of a hook once this requester has switched it on or off."""
    if is_on:
        return health.enabled(hook.health)
    return health.disabled(hook.health, f"switched off by {requester.name}", now)


def _differing(hook: Hook, given: HookChange) -> HookChange:
    """Without the fields that have their value already. Secrets and headers are sealed, so they count as
    different; so does `enabled`, which alone takes no more than the right to switch.
    """
    if given.events is not UNSET:
        given = replace(given, events=hook_fields.unique(given.events))
    values = given.given()
    same = {name: UNSET for name in _COMPARED if name in values and values[name] == hook.value(name)}
    return replace(given, **same)
