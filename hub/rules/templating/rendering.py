"""What a hook's template makes of an event, for the format it is sent in.

Owns the names that a template knows beside the fields of the object (`data`, `event`, `events`, `project`),
and that what should be JSON is JSON. Step before: `engine.delivery` builds a request. Step after: the format
sends it.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NoReturn

import msgspec

from connectors.base import Event, Format
from hub.rules.templating import template
from hub.rules.templating.values import Escape, JsonEscape, TemplateRefused, TextEscape


def rendered(source: str, event: Event, form: Format, together: Sequence[Event] = ()) -> str:
    """The text for one event, or for several that go `together`; the same on every attempt.

    Raises:
        TemplateRefused: it costs too much, makes too much, or makes no JSON where the format sends JSON.
        TemplateWrong: the source cannot be used; it was checked when it was saved.
    """
    escape: Escape = JsonEscape() if form.makes == "json" else TextEscape(form.escape)
    names = _names(event, together)
    size = sum(len(one.data) for one in together) or len(event.data)
    made = template.read(source).render(names["data"], names, escape, size)
    if form.makes == "json":
        _check_json(made)
    elif not made.strip():
        raise TemplateRefused("makes no text of this event")
    return made


def _names(event: Event, together: Sequence[Event]) -> dict[str, Any]:
    events = [_about(one) for one in together or (event,)]
    about = _about(event)
    return {"data": about.pop("data"), "event": about, "events": events, "project": event.project}


def _about(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "timestamp": event.timestamp,
        "occurred_at": event.timestamp,
        "project": event.project,
        "data": _parsed(event.data),
    }


@lru_cache(maxsize=2)
def _parsed(data: bytes) -> Any:
    """The object of an event; the last ones are kept, because a hundred hooks may render the same."""
    try:
        return msgspec.json.decode(data)  # a quarter of the time of Python's reader
    except (msgspec.DecodeError, UnicodeDecodeError):  # a whole number beyond 64 bits
        return json.loads(data)


def _check_json(made: str) -> None:
    try:
        json.loads(made, parse_constant=_no_constant)
    except ValueError as error:
        raise TemplateRefused(f"makes no JSON of this event: {error}") from None
    except RecursionError:
        raise TemplateRefused("makes JSON of this event that is nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
