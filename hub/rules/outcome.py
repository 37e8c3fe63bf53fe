"""What came of one attempt: the value that the sending side hands to the rules and the store.

Owns the vocabulary of results. Pure data. It must never hold a live object (a response, a handle, a row): an
outcome crosses threads. Step before: `delivery` makes it. Step after: `retry` and `health` judge it,
`store.deliveries` writes it down.
"""

from dataclasses import dataclass, field
from typing import Literal

from hub.errors import Phase

Kind = Literal["success", "failure", "gone", "refused", "fault", "unknown"]
"""`success` 2xx · `failure` everything else that a receiver answers or fails to answer · `gone` 410 ·
`refused` the address policy · `fault` the hub's own trouble · `unknown` cut off by a crash of the hub. Only
`failure` and `gone` count against the hook (contract §8.2).
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One finished attempt. Times are epoch seconds by the hub's clock."""

    kind: Kind
    started_at: float
    duration_s: float
    phase: Phase = "none"
    status: int | None = None
    reason: str | None = None
    """One sentence for people; None for a plain success."""
    retry_after: str | None = None
    """The receiver's Retry-After header as it came."""
    peer: str | None = None
    was_sent: bool = False
    url: str = ""
    """Where it went: the hook's target may be another one later."""
    format: str = ""
    request_headers: dict[str, str] = field(default_factory=dict)
    """As sent, secrets masked."""
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    response_body: bytes = b""
    """The first 8 KiB."""

    @property
    def ended_at(self) -> float:
        return self.started_at + self.duration_s
