"""The form of a source: its fields, what was typed into them, and what is wrong with it.

Owns the names of the fields: a kind's own settings are told apart by their beginning. Step before and after:
`sources`, which shows the form and saves what it says.
"""

from collections.abc import Sequence
from typing import Any

from connectors import inbound
from hub.errors import FieldError, Invalid
from hub.store.sources import Source
from hub.web.pages.table import PageRequest

LABELS = {
    "name": "Name",
    "prefix": "Event types begin with",
    "secret": "Secret",
    "rate_per_s": "Requests a second",
    "overlap_hours": "Overlap",
    "kind": "Kind",
}
SETTING = "s_"
"""What a kind's own settings are called in a form: they must not be taken for the fields that all have."""


def fields(kind: inbound.Source, typed: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": SETTING + setting.key,
            "label": setting.label,
            "help": setting.help,
            "value": typed.get(SETTING + setting.key, setting.default),
            "choices": [(choice, choice) for choice in setting.choices],
            "is_optional": not setting.is_required and not setting.choices,
        }
        for setting in kind.settings
    ]


def typed(request: PageRequest, kind: inbound.Source) -> dict[str, str]:
    names = ["name", "prefix", "rate_per_s", *(SETTING + setting.key for setting in kind.settings)]
    return {name: request.form.get(name, "").strip() for name in names}


def of_source(source: Source) -> dict[str, str]:
    rate = "" if source.rate_per_s is None else f"{source.rate_per_s:g}"
    settings = {SETTING + key: value for key, value in source.settings.items()}
    return {"name": source.name, "prefix": source.prefix, "rate_per_s": rate, **settings}


def settings(typed: dict[str, str], kind: inbound.Source) -> dict[str, str]:
    return {setting.key: typed[SETTING + setting.key] for setting in kind.settings}


def rate(text: str) -> float | None:
    """Raises: Invalid."""
    try:
        return float(text) if text else None
    except ValueError:
        raise Invalid([("rate_per_s", "must be a number such as 10, or empty")]) from None


def errors(errors: Sequence[FieldError], kind: inbound.Source) -> dict[str, str]:
    """Id of the field in the form → one sentence with its label."""
    labels = {**LABELS, **{f"settings.{setting.key}": setting.label for setting in kind.settings}}
    return {
        path.replace("settings.", SETTING): f"{labels.get(path, path)}: {message}."
        for path, message in errors
    }
