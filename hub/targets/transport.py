"""The seam between the door and what is behind it: what is asked of a transport, and what it brings back.

Owns three types. A transport speaks one protocol, for the URL schemes it is registered with. Step before:
`hub.targets.outbound` picked it by the scheme. Step after: the format judges the answer.
"""

from typing import Protocol

import msgspec

from connectors.base import Answer, Event, Parcel
from hub.errors import Phase, Phases

LOST = "fault of the hub: nobody knows what came of a request"
"""For the log: a job could not be told how it ended."""


class Request(msgspec.Struct, frozen=True):
    """What to send, and where to. Both deadlines begin with the name lookup; the total one ends
    everything.
    """

    url: str
    parcel: Parcel
    verify_ssl: bool = True
    total_timeout_s: float = 15
    connect_timeout_s: float = 5
    event: Event | None = None
    """What it tells of, for transports that need its id, type or project besides the parcel."""
    key: str = ""
    """Requests with the same key stay in order, where the transport knows such a thing."""


class Receipt(msgspec.Struct, frozen=True):
    """A request that was answered: the answer, and how the exchange went."""

    answer: Answer
    phase: Phase
    """`body` once a byte of a body came, else `head`."""
    peer: str | None
    """The address that answered."""
    duration_s: float
    note: str | None = None
    """What befell the answer's body, if anything did: it changes nothing about what the answer means."""
    phases_ms: Phases = ()


class Job(Protocol):
    """A request that is sent among many at once. Each is called on the sending thread, which waits for it:
    neither may take long or raise, but for `request`. One of the two ends it, once.
    """

    def request(self) -> Request:
        """What to send: asked for when it is about to be sent."""
        ...

    def answered(self, receipt: Receipt) -> None: ...

    def failed(self, error: Exception) -> None:
        """A DeliveryError, or what `request` raised."""
        ...


class Transport(Protocol):
    """One way to send. Shared by all sender threads of a process."""

    def send(self, request: Request) -> Receipt:
        """Send one request and wait for its answer, never beyond its total deadline. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Close all idle connections; those in use close when their request ends."""
        ...
