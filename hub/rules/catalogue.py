"""Which event types a project knows, and what to say about one it does not (docs/publish.md).

What an open project has seen is in the store; here is what it may see.
"""

import difflib
from functools import cache, lru_cache

from connectors.base import EventTypeInfo
from connectors.icescrum.catalogue import EVENT_TYPES
from hub.rules.matching import OWN_EVENT_TYPES, PING_EVENT_TYPE, is_event_type, is_pattern, matches

OPEN = "open"
CATALOGUES: tuple[str, ...] = (OPEN, "icescrum")
NO_PING = "hook.ping cannot be subscribed to: it is what a test sends to the one hook that is tested"
NO_EVENT_TYPE = "must be words joined by dots, each beginning with a lower-case letter, such as story.create"
CODE_SHOWN_MAX = 100
OWN_TYPES = tuple(EventTypeInfo(code, code, text, "hook") for code, text in OWN_EVENT_TYPES.items())


@cache
def types_of(catalogue: str) -> dict[str, EventTypeInfo] | None:
    """Code → type of a catalogue; None for an open project, which takes any well-formed one."""
    return None if catalogue == OPEN else {info.code: info for info in EVENT_TYPES}


def default_format(catalogue: str) -> str:
    return "standard" if catalogue == OPEN else catalogue


def form_error(code: str) -> str | None:
    """Why an event of this type cannot be published to any project; None when it can."""
    if not is_event_type(code):
        return NO_EVENT_TYPE
    if code in OWN_EVENT_TYPES or code == PING_EVENT_TYPE:
        return f"{code} is the hub's own: only the hub publishes it"
    return None


def type_error(catalogue: str, code: str) -> str | None:
    """Why an event of this type cannot be published to this project; None when it can."""
    if reason := form_error(code):
        return reason
    known = types_of(catalogue)
    if known is None or code in known:
        return None
    return f"{code} is not in the project's {catalogue} catalogue{_nearest(code, catalogue)}"


def filter_error(catalogue: str, code: str) -> str | None:
    """Why nothing of this type can be in a project's log; None when it can, the hub's own types among
    them.
    """
    if not code:
        return "names an empty type: leave it out"
    if "*" in code:
        return f"{code[:CODE_SHOWN_MAX]!r} is a pattern: name each event type by itself"
    if code in OWN_EVENT_TYPES or code == PING_EVENT_TYPE:
        return None
    if not is_event_type(code):
        return f"{code[:CODE_SHOWN_MAX]!r} is no event type, such as story.create"
    return type_error(catalogue, code)


def pattern_error(catalogue: str, pattern: str) -> str | None:
    """Why a hook cannot subscribe to this pattern; None when it can."""
    if "," in pattern:
        return f"{pattern!r} names several: give them as a list, each by itself"
    if not is_pattern(pattern):
        return f"{pattern!r} is no pattern: use *, story.* or an event type such as story.create"
    known = types_of(catalogue)
    if known is None:
        return NO_PING if pattern == PING_EVENT_TYPE else None
    if pattern == "*" or any(matches(pattern, code) for code in (*known, *OWN_EVENT_TYPES)):
        return None
    return (
        f"{pattern!r} matches no event type of the project's {catalogue} "
        f"catalogue{_nearest(pattern, catalogue)}"
    )


@lru_cache(1_000)
def _nearest(text: str, catalogue: str) -> str:
    """Kept, because it costs half a millisecond and an array may be wrong in the same way a thousand
    times.
    """
    near = difflib.get_close_matches(text, [*(types_of(catalogue) or ()), *OWN_EVENT_TYPES], n=1)
    return f"; did you mean {near[0]}?" if near else "; GET /api/v1/event-types lists them"
