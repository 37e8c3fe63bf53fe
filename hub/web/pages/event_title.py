"""What an event is about, in a line.

Owns which of its words people know it by. It is part of what the event holds: shown to who may see that. Step
before: a list, a hook's deliveries or the event's own page has the event.
"""

import msgspec

from connectors.base import Event
from connectors.messages.describe import describe

CHARS_MAX = 100
NAMES = ("name", "title", "subject", "summary", "text")
"""Fields of an object that people know it by."""


def title_of(event: Event) -> str:
    """What people know the object by, or what a chat would say of it; empty when nothing in it says."""
    try:
        data = msgspec.json.decode(event.data, type=dict[str, msgspec.Raw])
        for name in NAMES:
            if name in data:
                value = msgspec.json.decode(data[name])
                if isinstance(value, str):
                    return value[:CHARS_MAX]
        return describe(event).title[:CHARS_MAX] if event.source_id is not None else ""
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ""
