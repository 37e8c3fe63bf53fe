"""What came of one attempt: the value that the sending side hands to the rules and the store.

Owns the vocabulary of results. Plain data, never a live object (a response, a handle, a row): an outcome
crosses threads. Step before: `hub.engine.delivery` makes it. Step after: `retry` and `health` judge it,
`hub.store.deliveries` writes it down.
"""

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from hub.errors import Phase, Phases

Kind = Literal["success", "failure", "later", "gone", "refused", "fault", "unknown"]
"""`success` · `failure` the receiver answered badly or not at all · `later` it is well and asks for a pause ·
`gone` it wants no more events · `refused` the address policy · `fault` the hub's own trouble · `unknown` cut
off by a crash of the hub. Only `failure` and `gone` count against the hook (docs/delivery.md, "What counts").
"""


class SentBody(msgspec.Struct, frozen=True):
    """The body that was sent, kept as what stood around the event's data: short, and never made again with a
    format that has changed since.
    """

    before: bytes
    after: bytes | None
    """None: the body does not hold the data as it is, and `before` is all of it."""

    @classmethod
    def of(cls, body: bytes, data: bytes) -> "SentBody":
        start = body.find(data)
        if start < 0:
            return cls(body, None)
        return cls(body[:start], body[start + len(data) :])

    def whole(self, data: bytes) -> bytes:
        return self.before if self.after is None else self.before + data + self.after


class Outcome(msgspec.Struct, frozen=True):
    """One finished attempt. Times are epoch seconds by the hub's clock."""

    kind: Kind
    started_at: float
    duration_s: float
    phase: Phase = "none"
    status: int | None = None
    reason: str | None = None
    """One sentence for people; None for a plain success."""
    blames_event: bool = False
    """With `failure`: this event alone may be to blame, where the hook has taken others since. With
    `refused`: it is.
    """
    stops_hook: bool = False
    """With `fault`: nothing can be sent to this hook until somebody mends it, and what it has is held."""
    resume_at: float | None = None
    """Not to be tried before, because the receiver asks for it; at most a day ahead."""
    phases_ms: Phases = ()
    peer: str | None = None
    was_sent: bool = False
    method: str = "POST"
    url: str = ""
    """Where it went: the hook's target may be another one later."""
    format: str = ""
    request_headers: dict[str, str] = msgspec.field(default_factory=dict)
    """As sent, secrets masked."""
    request_body: SentBody | None = None
    """None: nothing was built, or it is not known."""
    response_headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    response_body: bytes = b""
    """The first 8 KiB."""

    @property
    def is_answered(self) -> bool:
        """By a number of HTTP or SMTP, or by the words of a broker, which has none."""
        return self.status is not None or bool(self.response_body)

    @property
    def ended_at(self) -> float:
        return self.started_at + self.duration_s

    @property
    def host(self) -> str:
        """The host it went to; empty for a URL without one."""
        return urlsplit(self.url).hostname or ""
