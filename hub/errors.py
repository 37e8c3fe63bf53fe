"""The hub's exceptions, and nothing else: every layer raises these, few places catch them.

`HubError` is the root. What a caller asks for and cannot have is a `Refusal`: its subclass says why, in the
words of the layer that refuses, never as an HTTP status. A wrong environment is a `ConfigError`, a request
that got no answer a `DeliveryError`. Caught in `hub.web.problems` and `hub.cli` (told to whoever asked) and
in `hub.engine.delivery` (turned into an outcome).
"""

from collections.abc import Sequence
from typing import Literal

Fault = Literal["receiver", "refused", "hub"]
Phase = Literal["none", "dns", "connect", "tls", "sent", "head", "body"]
Phases = tuple[float, ...]
"""Milliseconds that a request spent in each of the phases from `dns` to `body`, in their order; empty where
nothing was begun. A connection that was kept spends none in the first three.
"""
FieldError = tuple[str, str]
"""The field's path, such as `events[2]`, and what to write instead."""


class HubError(Exception):
    """Root of everything the hub raises on purpose; its text is one sentence that says what to do."""


class ConfigError(HubError):
    """The environment or the command line asks for something that cannot be."""


class Refusal(HubError):
    """Something that was asked for and is refused; nothing has changed. Doors turn its type into their own
    answer.
    """

    title = "Refused"

    def __init__(self, detail: str, *, title: str = "", errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.title = title or type(self).title
        self.errors = list(errors)


class Invalid(Refusal):
    """Wrong fields: one (field, message) pair each, all of them at once."""

    title = "Wrong fields"

    def __init__(self, errors: Sequence[FieldError], *, title: str = "") -> None:
        super().__init__(
            "; ".join(f"{field}: {message}" for field, message in errors), title=title, errors=errors
        )


class Malformed(Invalid):
    """It cannot even be read: no JSON, no UTF-8."""

    title = "Malformed JSON"


class TooLarge(Invalid):
    """It is larger than anybody may send."""

    title = "Too large"


class NotFound(Refusal):
    """There is no such thing, or it must look so to whoever asks."""

    title = "Not found"


class Forbidden(Refusal):
    """Whoever asks may not do this: scope, role, or an archived project."""

    title = "Forbidden"


class Conflict(Refusal):
    """It cannot be done as things are now: its origin forbids it, the name is taken, it is over."""

    title = "Conflict"


class ChangedMeanwhile(Conflict):
    """It is no longer as whoever asks has seen it."""

    title = "Changed meanwhile"


class Expired(Refusal):
    """It was there once and is over for good."""

    title = "Over"


class Busy(Refusal):
    """Not now: there is no room for it. The same may be asked again after `retry_after_s` seconds."""

    title = "Busy"

    def __init__(self, detail: str, *, retry_after_s: int, title: str = "") -> None:
        super().__init__(detail, title=title)
        self.retry_after_s = retry_after_s


class StoreUnavailable(HubError):
    """The database cannot be used now: full, locked or away. Nothing was stored; the same may be asked again.

    Its text is for people; `detail` is what the database's library said, for the log.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class StoreUndecided(StoreUnavailable):
    """The database was asked to take a change and has not said whether it did."""


class DeliveryError(HubError):
    """A request that got no answer, and how far it came.

    `fault` decides what it costs: `receiver` counts against the hook; `refused` (the address policy) and
    `hub` (our own trouble, such as no file descriptors) are shown but never counted. `was_sent` is True once
    a byte of the request may have reached the receiver, so that a repeat may be a duplicate.
    `blames_event`, with the fault `receiver`: this event alone may be to blame, as one that is too large.
    `after_s`, with it: it was not tried, and is to be so many seconds from now; nothing is counted.
    `stops_hook`, with the fault `hub`: nothing can be sent to this hook until somebody mends it.
    """

    def __init__(
        self,
        reason: str,
        phase: Phase,
        fault: Fault = "receiver",
        peer: str | None = None,
        was_sent: bool = False,
        phases_ms: Phases = (),
        blames_event: bool = False,
        stops_hook: bool = False,
        after_s: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.phase = phase
        self.fault = fault
        self.peer = peer
        self.was_sent = was_sent
        self.phases_ms = phases_ms
        self.blames_event = blames_event
        self.stops_hook = stops_hook
        self.after_s = after_s


class EventRefused(DeliveryError):
    """Nothing was sent, because of this one event: another may well be sent to the same receiver."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "none", "refused", blames_event=True)
