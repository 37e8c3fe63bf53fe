"""Server settings, the failure limit first: default, unit, range, what a change does; saved values count at
once.

Owns `/settings`. Values are written as people write them and read by `rules.settings`, as on the command
line.
"""

import re
from collections.abc import Mapping
from typing import Any

from hub.errors import Invalid
from hub.rules import settings
from hub.rules.settings import DEFINITIONS, Definition
from hub.web.body import Form
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, Redirect, View

GROUPS = (
    ("When a target fails", ("failure_limit", "retry_schedule_s", "hold_days")),
    ("One request", ("attempt_timeout_s", "connect_timeout_s", "max_in_flight_per_hook")),
)
"""What is in none of them stands under Limits, so that a new setting is never missing."""
LABELS = {
    "failure_limit": "Failure limit",
    "retry_schedule_s": "Retry schedule",
    "hold_days": "Hold",
    "attempt_timeout_s": "Time-out",
    "connect_timeout_s": "Time-out of the connection",
    "max_in_flight_per_hook": "Requests at once, per hook",
    "max_event_bytes": "Largest event",
    "max_request_bytes": "Largest request",
    "max_held_bytes": "Bodies held at a time",
    "max_hooks_per_project": "Hooks per project",
    "retention_days": "Retention",
}

_LONG = re.compile(r"(?<![\d.])\d{4,}")


def show(request: PageRequest) -> View:
    saved = request.services.settings.get(request.requester).as_dict()
    return _form(saved, {key: _written(value) for key, value in saved.items()}, {})


def save(request: PageRequest) -> View | Redirect:
    """All fields come with the form; those that are as it showed them are no change, whatever somebody else
    has made of them meanwhile.
    """
    saved = request.services.settings.get(request.requester).as_dict()
    typed = {key: _typed(request.form, key, _written(value)) for key, value in saved.items()}
    errors: dict[str, str] = {}
    given: dict[str, Any] = {}
    for key, text in typed.items():
        if text == _written(saved[key]):
            continue
        try:
            given |= settings.checked({key: settings.read(key, text)})
        except Invalid as refused:
            errors[key] = f"{label(key)} {refused.errors[0][1]}."
    if errors:
        return _form(saved, typed, errors)
    changed = {key: value for key, value in given.items() if value != saved[key]}
    if not changed:
        return Redirect("/settings", "Nothing was changed.")
    request.services.settings.update(request.requester, changed)
    names = ", ".join(
        f"{label(key)}: {_written(saved[key])} → {_written(value)}" for key, value in changed.items()
    )
    counted = words.counted(len(changed), "change", "changes")
    return Redirect("/settings", f"Saved {counted}, in force at once. {names}.")


def _typed(form: Form, key: str, saved: str) -> str:
    text = form.get(key, saved).strip()
    return saved if text == form.get(f"shown.{key}") else text


def label(key: str) -> str:
    return LABELS.get(key, key.replace("_", " "))


def _form(saved: Mapping[str, Any], typed: Mapping[str, str], errors: Mapping[str, str]) -> View:
    named = {key for _, keys in GROUPS for key in keys}
    groups = [*GROUPS, ("Limits", tuple(key for key in DEFINITIONS if key not in named))]
    shown = [(name, [_row(key, saved[key], typed[key]) for key in keys]) for name, keys in groups]
    changed = sum(typed[key] != _written(saved[key]) for key in saved)
    values = {"here": "settings", "groups": shown, "errors": errors, "changed": changed}
    return View(values, 422 if errors else 200, "server/settings.html")


def _row(key: str, saved: Any, typed: str) -> dict[str, Any]:
    definition = DEFINITIONS[key]
    return {
        "key": key,
        "label": label(key),
        "help": f"{definition.help}.",
        "value": typed,
        "unit": definition.unit,
        "is_list": definition.is_list,
        "default": _default(definition),
        "range": _LONG.sub(lambda found: f"{int(found[0]):,}", definition.bounds.capitalize()),
        "shown": _written(saved),
        "was": _written(saved) if typed != _written(saved) else "",
    }


def _default(definition: Definition) -> str:
    if definition.is_list:
        return ", ".join(_span(step) for step in definition.default)
    return words.number(definition.default) if definition.is_whole else _written(definition.default)


def _span(seconds: float) -> str:
    """`5 s`, `1 min`, `2 h`, `1 day`."""
    for size, one, many in ((86_400, "day", "days"), (3600, "h", "h"), (60, "min", "min")):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{count} {one if count == 1 else many}"
    return f"{seconds:g} s"


def _written(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, list | tuple):
        return ", ".join(f"{step:g}" for step in value)
    return f"{value:.15g}"


PAGES = (
    Page("GET", "/settings", show, "server/settings.html", ("admin",)),
    Page("POST", "/settings", save, "server/settings.html", ("admin",)),
)
