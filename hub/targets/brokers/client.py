"""The seam of the brokers: how one is reached, what is put on it, and what a client of one does.

Owns three types and the ways in which a client fails. A client is made on first use, never before a fork,
and is called from many threads at once; there is one a process and connection. Step before: `transport`
made the message. Step after: a module of its own speaks to each kind of broker.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hub.errors import DeliveryError


@dataclass(frozen=True, slots=True)
class Broker:
    """How to reach one: what a connection says, opened."""

    name: str
    kind: str
    url: str
    """Without user or password. Its text has passed `hub.rules.brokers.hosts_of`."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    """Certificates in PEM that are trusted instead of the usual ones."""
    verify_ssl: bool = True
    projects: frozenset[str] | None = None
    """The keys of the projects that may use it; None: all."""
    last_error: str | None = field(default=None, compare=False)
    """Why it could not be used, as far as anybody has told."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is put on a broker."""

    place: str
    """What stands after `broker://NAME/`, filled in."""
    event_id: str
    event_type: str
    key: str
    """Messages with the same key stay in order, where the broker knows such a thing."""
    headers: Mapping[str, str]
    """Each goes into the message's own headers or attributes, where it has any."""
    body: bytes


class Client(Protocol):
    """One broker, from one process. Raises DeliveryError and nothing else; makes nothing on the broker."""

    def publish(self, message: Message, timeout_s: float) -> str:
        """Put a message there and wait, never beyond `timeout_s`, until it is the broker's: the broker's own
        words about it.
        """
        ...

    def check(self, timeout_s: float) -> None:
        """Connect and log in; send nothing."""
        ...

    def close(self) -> None:
        """Let go of the connection; whoever still waits may fail."""
        ...


def refused(reason: str) -> DeliveryError:
    """It cannot be sent as things are here: nothing is counted."""
    return DeliveryError(reason, "none", "refused")


def unreachable(reason: str) -> DeliveryError:
    """The broker is down, or the login is refused: counted, and nothing has arrived."""
    return DeliveryError(reason, "connect")


def not_taken(reason: str) -> DeliveryError:
    """The broker says no: nobody takes it, it is full, the place is wrong. Counted, and nothing has
    arrived.
    """
    return DeliveryError(reason, "head", was_sent=True)


def unanswered(reason: str) -> DeliveryError:
    """It was sent and nothing came back: counted, and it may have arrived."""
    return DeliveryError(reason, "sent", was_sent=True)


def too_large(reason: str) -> DeliveryError:
    """This event alone is to blame."""
    return DeliveryError(reason, "none", blames_event=True)
