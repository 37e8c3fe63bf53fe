"""What to say of an event: by whoever knows its kind, else in general.

Step before: a chat's format needs a message and the hook has no template of its own.
"""

import json
from typing import Any

from connectors.base import PING_EVENT_TYPE, Event
from connectors.messages import alerts, github, gitlab, icescrum, other
from connectors.messages.message import Message, message

_KNOWN = (icescrum.describe, github.describe, gitlab.describe, alerts.describe)


def describe(event: Event) -> Message:
    """The message of an event."""
    if event.type == PING_EVENT_TYPE:
        return message("Test from hookhub", facts=[("Project", event.project)], text="This hook works.")
    found = json.loads(event.data)
    data: dict[str, Any] = found if isinstance(found, dict) else {}
    for known in _KNOWN:
        told = known(event.type, data)
        if told is not None:
            return told
    return other.describe(event.type, data)
