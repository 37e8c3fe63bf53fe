"""What becomes of a hook's secret and headers when it is made or changed.

Owns when a secret is generated, and that another receiver never gets what was entrusted to the one before.
Nothing is written here. Step before: the fields have been checked. Step after: `store.hooks` seals and writes
them.
"""

from dataclasses import replace

from connectors import signing
from hub.rules.hook_fields import UNSET, HookChange, is_same_receiver
from hub.store import destinations
from hub.store.hooks import Hook
from hub.store.secrets import SecretBox, SecretUnreadable


def of_new(wanted: HookChange, form: str) -> str | None:
    """The secret of a new hook: the one that was given, else one that its format or its handshake needs."""
    if isinstance(wanted.secret, str):
        return wanted.secret
    return signing.new_secret() if form == "standard" or wanted.handshake == "rest-hooks" else None


def completed(hook: Hook, change: HookChange) -> HookChange:
    """A change with what follows from it: another scheme, host or port gets neither the old secret nor the
    old headers, and a `standard` hook always has a secret.
    """
    if change.target_url is not UNSET and not is_same_receiver(change.target_url, hook.target_url):
        if change.headers is UNSET:
            change = replace(change, headers={})
        if change.secret is UNSET and hook.has_secret:
            change = replace(change, secret=signing.new_secret())

    form = hook.format if change.format is UNSET else change.format
    secret = hook.has_secret if change.secret is UNSET else change.secret
    if form == "standard" and not secret:
        change = replace(change, secret=signing.new_secret())
    return change


def for_handshake(box: SecretBox, hook: Hook, change: HookChange) -> tuple[HookChange, str]:
    """The secret that a target is asked to send back, and the change, which has it where it is a new one."""
    if isinstance(change.secret, str):
        return change, change.secret
    try:
        kept = destinations.secrets_of(box, hook) if change.secret is UNSET else ()
    except SecretUnreadable:
        kept = ()  # sealed with another key: it signs nothing any more
    if kept:
        return change, kept[0][0]
    made = signing.new_secret()
    return replace(change, secret=made), made
