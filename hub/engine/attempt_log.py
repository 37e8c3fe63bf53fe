"""The lines of the log that tell attempts: one each, written together.

Owns what such a line says: no payload, no header, no URL (it may hold a credential). JSON logs get its fields
as keys. A write for each line would have the thread that sends give up the interpreter as often. Step before:
attempts have ended. Step after: `hub.logs` writes.
"""

import logging
from collections.abc import Iterable

import msgspec

from hub import logs
from hub.rules.outcome import Outcome

log = logging.getLogger("hub.engine.delivery")


class Ended(msgspec.Struct, frozen=True):
    """An attempt, and what came of it."""

    event_id: str
    hook_id: str
    delivery_id: str
    attempt: int
    outcome: Outcome


def tell(attempts: Iterable[Ended]) -> None:
    if log.isEnabledFor(logging.INFO):
        logs.write_together([_record(one) for one in attempts])


def _record(ended: Ended) -> logging.LogRecord:
    outcome = ended.outcome
    fields: dict[str, str | int] = {
        "event": ended.event_id,
        "hook": ended.hook_id,
        "delivery": ended.delivery_id,
        "attempt": ended.attempt,
        "outcome": outcome.kind,
        "status": outcome.status or "-",
        "phase": outcome.phase,
        "ms": round(outcome.duration_s * 1000),
    }
    line = "attempt " + " ".join([f"{name}={value}" for name, value in fields.items()])
    if outcome.reason:  # a redirect's names a URL
        is_redirect = outcome.status is not None and 300 <= outcome.status < 400
        fields["reason"] = f"answered {outcome.status}" if is_redirect else outcome.reason
        line += f" reason={fields['reason']!r}"
    return log.makeRecord(log.name, logging.INFO, "", 0, line, (), None, extra={"fields": fields})
