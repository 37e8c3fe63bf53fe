"""The hub's exceptions, and nothing else: every layer raises these, two places catch them.

Owns the vocabulary of failure. `HubError` is the root; a caller's fault is a `Problem`, a wrong environment a `ConfigError`,
a failed request to a receiver a `DeliveryError`. It must never import another module of the hub.
Caught in `hub.api.problems` (turned into an answer) and in `hub.delivery` (turned into an outcome).
"""

from typing import Literal

Fault = Literal["receiver", "refused", "hub"]
Phase = Literal["none", "dns", "connect", "tls", "sent", "head", "body"]


class HubError(Exception):
    """Root of everything the hub raises on purpose; its text is one sentence that says what to do."""


class ConfigError(HubError):
    """The environment or the command line asks for something that cannot be."""


class Problem(HubError):
    """A request that is refused; becomes an `application/problem+json` answer (RFC 9457).

    `errors` holds one (field, message) pair per wrong field; `retry_after_s` becomes a whole-second Retry-After header.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: list[tuple[str, str]] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail or title
        self.errors = errors or []
        self.retry_after_s = retry_after_s


class DeliveryError(HubError):
    """A request that got no answer, and how far it came.

    `fault` decides what it costs: `receiver` counts against the hook; `refused` (the address policy) and `hub` (our own
    trouble, such as no file descriptors) are shown but never counted. `was_sent` is True once a byte of the request may have
    reached the receiver, so that a repeat may be a duplicate.
    """

    def __init__(
        self,
        reason: str,
        phase: Phase,
        fault: Fault = "receiver",
        peer: str | None = None,
        was_sent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.phase = phase
        self.fault = fault
        self.peer = peer
        self.was_sent = was_sent
