"""What an attempt has come to: the outcome of an answer, or of none.

Owns what is kept of either. Whom an answer blames is the format's judgement, whom a failure blames the
transport's. Pure. Step before: `delivery` has an answer, or knows why there is none. Step after:
`hub.store.deliveries.record`.
"""

from typing import Any

from connectors.base import Answer, Judgement
from hub.errors import DeliveryError, Fault
from hub.rules.masking import Credentials
from hub.rules.outcome import Kind, Outcome
from hub.rules.retry import resume_at
from hub.targets.http.answer import KEEP_BODY_BYTES
from hub.targets.transport import Receipt

_KINDS: dict[str | None, Kind] = {
    None: "success",
    "receiver": "failure",
    "event": "failure",
    "later": "later",
    "gone": "gone",
    "hub": "fault",
}


def answered(
    receipt: Receipt,
    judgement: Judgement,
    credentials: Credentials,
    started_at: float,
    sent: dict[str, Any],
) -> Outcome:
    """What an answer came to; what it repeats of the hook's credentials is masked."""
    answer: Answer = receipt.answer
    reason = judgement.reason or receipt.note
    ended_at = started_at + receipt.duration_s
    return Outcome(
        _KINDS[judgement.blames],
        started_at,
        receipt.duration_s,
        phase=receipt.phase,
        phases_ms=receipt.phases_ms,
        status=answer.status,
        reason=reason and credentials.masked_text(reason),
        blames_event=judgement.blames == "event",
        resume_at=resume_at(judgement.after_s, answer.header("retry-after"), ended_at)
        if judgement.blames
        else None,
        peer=receipt.peer,
        was_sent=True,
        response_headers=credentials.masked_headers(answer.headers),
        response_body=credentials.masked(answer.body, is_cut=len(answer.body) >= KEEP_BODY_BYTES),
        **sent,
    )


_UNANSWERED: dict[Fault, Kind] = {"receiver": "failure", "refused": "refused", "hub": "fault"}


def unanswered(error: DeliveryError, started_at: float, duration_s: float, sent: dict[str, Any]) -> Outcome:
    return Outcome(
        _UNANSWERED[error.fault] if error.after_s is None else "later",
        started_at,
        duration_s,
        phase=error.phase,
        phases_ms=error.phases_ms,
        reason=error.reason,
        blames_event=error.blames_event,
        stops_hook=error.stops_hook,
        resume_at=None if error.after_s is None else started_at + duration_s + error.after_s,
        peer=error.peer,
        was_sent=error.was_sent,
        **sent,
    )
