"""The message of made-up data."""

import json
from typing import Any

from connectors.base import Event
from connectors.messages.describe import describe
from connectors.messages.message import Message


def told(code: str, data: Any) -> Message:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return describe(Event("evt_1", code, "2026-11-23T21:04:06.123Z", "WEB", raw))
