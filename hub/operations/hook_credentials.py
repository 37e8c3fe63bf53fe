"""What becomes of a hook's secret and headers when it is made or changed.

Owns when a secret is generated, and that another receiver never gets what was entrusted to the one before.
Nothing is written here. Step before: the fields have been checked. Step after: `store.hooks` seals and writes
them.
"""

from collections.abc import Mapping
from dataclasses import replace

from connectors import registry, signing
from hub.errors import Invalid
from hub.logs import MASK
from hub.rules import hook_fields
from hub.rules.changes import UNSET
from hub.rules.hook_fields import HookChange, is_same_receiver
from hub.store import destinations
from hub.store.hooks import Hook
from hub.store.secrets import SecretBox, SecretUnreadable


def of_new(wanted: HookChange, form: str) -> str | None:
    """The secret of a new hook: the one that was given, else one that its format or its handshake needs."""
    if isinstance(wanted.secret, str):
        return wanted.secret
    return new_secret(form) if form == "standard" or wanted.handshake == "rest-hooks" else None


def new_secret(form: str) -> str:
    """A secret as the receivers of this format can use it."""
    found = registry.find_format(form)
    if found is None:  # no longer installed: nothing is sent in it
        return signing.new_secret()
    return signing.new_secret(has_prefix=found.knows_prefix)


def unmasked(box: SecretBox, hook: Hook, change: HookChange) -> HookChange:
    """A change without what is the same as before, and with the values that masks stand for: clients read a
    hook and write all of it back. A mask keeps the value of the same header for the same receiver.

    Raises: Invalid, a mask stands for nothing.
    """
    if change.secret is not UNSET and change.secret == _newest_secret(box, hook):
        change = replace(change, secret=UNSET)
    is_same = change.target_url is UNSET or is_same_receiver(change.target_url, hook.target_url)
    if change.headers is not UNSET:
        known = _headers(box, hook)
        headers = _unmasked("headers", change.headers, known if is_same else {})
        change = replace(change, headers=UNSET if is_same and headers == known else headers)
    if change.settings is not UNSET:
        set_before = settings_of(box, hook)
        settings = _unmasked("settings", change.settings, set_before if is_same else {})
        change = replace(change, settings=UNSET if settings == set_before else settings)
    return change


def _unmasked(field: str, given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """With the known value wherever a mask stands for it; names count in any letter case. Raises: Invalid."""
    kept = {name.lower(): value for name, value in known.items()}
    masked = [name for name, value in given.items() if value == MASK]
    if lost := [hook_fields.mask_error(f"{field}.{name}") for name in masked if name.lower() not in kept]:
        raise Invalid(lost)
    return {**given, **{name: kept[name.lower()] for name in masked}}


def completed(hook: Hook, change: HookChange) -> HookChange:
    """A change with what follows from it: another scheme, host or port gets neither the old secret nor the
    old headers, and a `standard` hook always has a secret; settings are of one format.

    Raises: Invalid.
    """
    form = _format(hook, change)
    if change.target_url is not UNSET and not is_same_receiver(change.target_url, hook.target_url):
        if change.headers is UNSET:
            change = replace(change, headers={})
        if change.secret is UNSET and hook.has_secret:
            change = replace(change, secret=new_secret(form))
        if change.settings is UNSET and hook.sealed_settings is not None:
            raise Invalid(
                [("settings", "must be given with another receiver: they were given for the old one")]
            )
    elif change.format is not UNSET and change.settings is UNSET and hook.sealed_settings is not None:
        change = replace(change, settings={})

    secret = hook.has_secret if change.secret is UNSET else change.secret
    if form == "standard" and not secret:
        change = replace(change, secret=new_secret(form))
    return change


def for_handshake(box: SecretBox, hook: Hook, change: HookChange) -> tuple[HookChange, str]:
    """The secret that a target is asked to send back, and the change, which has it where it is a new one."""
    if isinstance(change.secret, str):
        return change, change.secret
    kept = _newest_secret(box, hook) if change.secret is UNSET else None
    if kept is not None:
        return change, kept
    made = new_secret(_format(hook, change))
    return replace(change, secret=made), made


def _format(hook: Hook, change: HookChange) -> str:
    return hook.format if change.format is UNSET else change.format


def _newest_secret(box: SecretBox, hook: Hook) -> str | None:
    """None also for one that was sealed with another key: it signs nothing any more."""
    try:
        return next((secret for secret, _ in destinations.secrets_of(box, hook)), None)
    except SecretUnreadable:
        return None


def settings_of(box: SecretBox, hook: Hook) -> dict[str, str]:
    """None of them where they were sealed with another key."""
    try:
        return destinations.settings_of(box, hook)
    except SecretUnreadable:
        return {}


def _headers(box: SecretBox, hook: Hook) -> dict[str, str]:
    """None of them where they were sealed with another key."""
    try:
        return destinations.headers_of(box, hook)
    except SecretUnreadable:
        return {}
