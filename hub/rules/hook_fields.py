"""What the fields of a hook may be, and what of a change may be shown.

Owns the checks that every door shares (contract §4 "Hook fields"), beyond the plain types that each door
reads by itself. Pure. It must never quote a secret: not in an error, not in what the audit keeps. Step after:
`subscriptions` makes or changes the hook.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors import signing
from hub.rules import catalogue as catalogues
from hub.rules.targets import Network, TargetRefused, check_url

SECRET_MAX = 256
HEADERS_MAX = 20
ERRORS_MAX = 100
SECRET_FIELDS = ("secret", "headers")
READABLE_FIELDS = (
    "target_url",
    "events",
    "name",
    "format",
    "verify_ssl",
    "manual_edit",
    "handshake",
    "origin_kind",
    "origin_app",
)


def errors_in(
    fields: dict[str, Any], catalogue: str, allow: Sequence[Network], *, is_new: bool
) -> list[tuple[str, str]]:
    """(field, message) for each wrong field; what a change leaves out is not asked for."""
    errors: list[tuple[str, str]] = []
    if is_new or "target_url" in fields:
        errors += _target_errors(fields.get("target_url"), allow)
    if is_new or "events" in fields:
        errors += _event_errors(fields.get("events"), catalogue)
    if len(fields.get("headers") or {}) > HEADERS_MAX:
        errors.append(("headers", f"there can be {HEADERS_MAX} of them"))
    return errors + secret_errors(fields.get("secret"))


def secret_errors(secret: str | None) -> list[tuple[str, str]]:
    """A secret that is no key would make a fault of every delivery."""
    if secret is None:
        return []
    if not 0 < len(secret) <= SECRET_MAX or "\0" in secret:
        return [("secret", f"must have 1 to {SECRET_MAX} characters and no NUL")]
    try:
        signing.key_bytes(secret)
    except ValueError as error:
        return [("secret", str(error))]
    return []


def is_same_receiver(url: str, other: str) -> bool:
    """True when two URLs lead to the same scheme, host and port: what was entrusted to the one may be sent to
    the other.
    """
    return _receiver(url) == _receiver(other)


def unique(patterns: list[str]) -> list[str]:
    """Each once, in the order given."""
    return list(dict.fromkeys(patterns))


def audited(values: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Changed fields for the audit trail: old and new value, or None where the value is a secret."""
    old = before or {}
    hidden = (*SECRET_FIELDS, "project_id")
    return {
        name: None if name in hidden else [old.get(name), value]
        for name, value in values.items()
        if value != old.get(name)
    }


def _target_errors(url: Any, allow: Sequence[Network]) -> list[tuple[str, str]]:
    if not url:
        return [("target_url", "is missing: say where to send to")]
    try:
        check_url(url, allow)
    except TargetRefused as refused:
        return [("target_url", str(refused))]
    return []


def _event_errors(patterns: list[str] | None, catalogue: str) -> list[tuple[str, str]]:
    if not patterns:
        return [("events", "is missing: name at least one event type or pattern, such as story.* or *")]
    reasons = [(n, catalogues.pattern_error(catalogue, pattern)) for n, pattern in enumerate(patterns)]
    return [(f"events[{n}]", reason) for n, reason in reasons if reason is not None][:ERRORS_MAX]


def _receiver(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname, parts.port
