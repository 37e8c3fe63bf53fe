"""The fields of a source that a person or a client sets, checked against what its kind asks for.

Owns what a name, a prefix, a secret and a kind's own settings may be. Pure. Step before: a door has read
them. Step after: `operations.sources` writes them.
"""

from collections.abc import Mapping

from connectors.inbound import Source
from hub.errors import FieldError
from hub.rules import brokers, keys, signing_secret
from hub.rules.matching import is_event_type

PREFIX_MAX = 60
RATE_MIN = 0.1
RATE_MAX = 10_000.0


def name_errors(name: str) -> list[FieldError]:
    reason = keys.label_error(name)
    return [] if reason is None else [("name", reason)]


def prefix_errors(prefix: str) -> list[FieldError]:
    if not prefix or (len(prefix) <= PREFIX_MAX and is_event_type(prefix)):
        return []
    message = (
        "must be empty, or words as an event type begins with, such as github, "
        f"of at most {PREFIX_MAX} characters"
    )
    return [("prefix", message)]


def rate_errors(rate_per_s: float | None) -> list[FieldError]:
    if rate_per_s is None or RATE_MIN <= rate_per_s <= RATE_MAX:
        return []
    return [("rate_per_s", f"must be from {RATE_MIN:g} to {RATE_MAX:g}, or null for as many as come")]


def secret_errors(kind: Source, secret: str) -> list[FieldError]:
    """Why this secret could prove nothing."""
    if kind.secret_from == "nowhere":
        return [("secret", f"{kind.name}: there is none, leave it out")]
    if errors := signing_secret.text_errors(secret):
        return errors
    reason = kind.secret_error(secret)
    return [] if reason is None else [("secret", reason)]


def settings_of(kind: Source, given: Mapping[str, str]) -> tuple[dict[str, str], list[FieldError]]:
    """All of the kind's settings, with its defaults for what is left out; and what is wrong with them."""
    known = {setting.key: setting for setting in kind.settings}
    errors: list[FieldError] = [
        (f"settings.{key[: keys.LABEL_MAX]}", f"there is no such setting; {_offered(known)}")
        for key in given
        if key not in known
    ]
    values = {key: given.get(key, setting.default).strip() for key, setting in known.items()}
    for key, value in values.items():
        setting = known[key]
        if setting.is_required and not value:
            errors.append((f"settings.{key}", f"is missing: {setting.help}"))
        elif setting.choices and value not in setting.choices:
            errors.append((f"settings.{key}", f"must be one of {', '.join(setting.choices)}"))
        elif reason := keys.label_error(value):
            errors.append((f"settings.{key}", reason))
    if not errors:
        errors = [(f"settings.{key}", message) for key, message in kind.settings_errors(values)]
    return values, errors


def broker_errors(
    kind: Source, values: Mapping[str, str], connections: Mapping[str, str]
) -> list[FieldError]:
    """What is wrong with the place that a source reads, where it reads from a broker. `connections`: those
    that its project may use, name → kind.
    """
    name, place = values.get("connection", ""), values.get("place", "")
    if not (kind.from_broker and name and place):
        return []
    if name not in connections:
        known = ", ".join(connections) or "none; an administrator makes one"
        message = f"there is no connection {name[:63]!a} for this project; there are: {known}"
        return [("settings.connection", message)]
    reason = brokers.source_place_error(brokers.KINDS[connections[name]], place)
    return [] if reason is None else [("settings.place", reason)]


def _offered(known: Mapping[str, object]) -> str:
    return f"there are: {', '.join(known)}" if known else "this kind has none"
