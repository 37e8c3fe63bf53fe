"""What a receiver's answer means: success, or whom it blames.

Owns the types of an answer and of a judgement, and the meaning of HTTP's statuses: 2xx, a redirect, 410, 429
and the rest. A format says where its receivers mean something else. Pure. Step before: a transport brings an
answer. Step after: `hub.rules.retry` and `hub.rules.health` decide what follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

GONE = 410
TOO_MANY_REQUESTS = 429
EVENT_STATUSES = frozenset({400, 409, 413, 415, 422, 500})
"""Answers that can be about one event; the others (404, 401, 502 …) and no answer at all are about the
receiver.
"""
SHOWN_MAX = 300
"""Characters of a receiver's own words that a reason repeats."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered, over whichever transport."""

    status: int | None
    """HTTP's status or SMTP's reply code; None where a transport has no numbers: it was taken."""
    words: str = ""
    """The receiver's own words beside the status, such as SMTP's reply text; HTTP has none."""
    headers: Sequence[tuple[str, str]] = ()
    """In their order, names as they came."""
    body: bytes = b""
    """The first 8 KiB."""

    def header(self, name: str) -> str:
        """The first value of a header, in any letter case; empty when there is none."""
        lower = name.lower()
        return next((value for found, value in self.headers if found.lower() == lower), "")


Blame = Literal["receiver", "event", "later", "gone", "hub"]
"""Whom a failure blames, and so what it costs:

`receiver` counts against the hook and uses up a step of the retry schedule · `event` the same, but not
against a hook that has taken others since: this event alone is refused · `later` the receiver is well and
asks for a pause: nothing is counted, no step is used · `gone` the receiver wants no more events: the
subscription is over · `hub` the hub's own trouble: nothing is counted.
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer means."""

    blames: Blame | None = None
    """None: success."""
    reason: str | None = None
    """One sentence for people; None for a plain success."""
    after_s: float | None = None
    """With `later`: the seconds that the answer's body asks to wait. None: as its Retry-After header says."""


def judged(answer: Answer) -> Judgement:
    """Of HTTP: 2xx is success, everything else a failure, redirects too (docs/delivery.md, "What counts")."""
    status = answer.status
    if status is None or 200 <= status < 300:
        return Judgement()
    if 300 <= status < 400:
        return Judgement("receiver", _redirect(status, answer.header("location")))
    reason = f"answered {status}"
    if status == TOO_MANY_REQUESTS:
        return Judgement("later", reason)
    if status == GONE:
        return Judgement("gone", reason)
    return Judgement("event" if status in EVENT_STATUSES else "receiver", reason)


def _redirect(status: int, location: str) -> str:
    if not location:
        return f"answered {status}"
    shown = "".join(c if c.isprintable() else "?" for c in location[:SHOWN_MAX])
    return (
        f"answered {status}, a redirect to {shown}: redirects are not followed, so the hook must name the "
        "final URL"
    )
