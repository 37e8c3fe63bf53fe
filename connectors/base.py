"""The contract between the hub and its connectors: the words both sides share.

Owns the types a connector is made of. A connector is one outside app: how its hooks are sent to (`Format`),
what a person may do with them (`EditRule`), and where its set-up is described. Connectors use the standard
library and this module; they never import the hub, so that one can be written and tested alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Event:
    """One published event as a format sees it. `data` is the object's JSON, byte for byte as it was
    published.
    """

    id: str
    type: str
    timestamp: str
    """ISO 8601 in UTC with milliseconds, e.g. `2026-11-23T21:04:06.123Z`: when it happened."""
    project: str
    """The project's key."""
    data: bytes


@runtime_checkable
class Format(Protocol):
    """How an event becomes a request: pure, the same bytes for the same event on every attempt."""

    key: str
    content_type: str

    def body(self, event: Event) -> bytes:
        """The exact bytes to send; they are signed as they are."""
        ...

    def headers(self, event: Event, delivery_id: str, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
        """What this format adds to the headers that every delivery carries (contract §7).

        `secrets` holds the hook's live secrets, newest first; several while a rotation overlaps, none when it
        has none.
        """
        ...


@dataclass(frozen=True, slots=True)
class EventTypeInfo:
    """One event type as lists and dropdowns show it (`GET /event-types`)."""

    code: str
    name: str
    description: str
    group: str
    """The heading it stands under, in words for people: `Story`, `Acceptance test`."""


class EditRule(StrEnum):
    """What a person may do by hand with a hook that an app made (contract §5)."""

    FULL = "full"
    SWITCH = "switch"
    """Switch it on and off, test it, redeliver, delete it."""
    NONE = "none"
    """Look at it and test it."""


@dataclass(frozen=True, slots=True)
class Connector:
    """One outside app that hooks come from."""

    key: str
    name: str
    edit_rule: EditRule
    format: str | None
    """The format of its hooks, or None for the project's default."""
    summary: str
    """How it subscribes, in one sentence for people."""
    docs: str
    """The page in `docs/` that says how to set it up, e.g. `connect/zapier.md`."""
    reverse_unsubscribe: bool = False
    """True: when one of its hooks is deleted or auto-disabled, its target is sent one DELETE (REST hooks,
    Zapier).
    """
