"""Attempts: each request of a delivery, written down for people to look at.

Owns their rows. Append only: it must never change what an attempt was.
"""

import json
from collections.abc import Sequence

from hub.rules.outcome import Outcome
from hub.store.database import Database
from hub.store.models import Attempt


def add(database: Database, attempts: Sequence[tuple[str, int, Outcome]]) -> None:
    """Write finished attempts: (delivery id, attempt number, outcome)."""
    database.executemany(
        "INSERT INTO attempt (delivery_id, number, kind, started_at, duration_s, phase, status, reason, peer, was_sent, url, format,"
        " request_headers, response_headers, response_body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                delivery_id,
                number,
                outcome.kind,
                outcome.started_at,
                outcome.duration_s,
                outcome.phase,
                outcome.status,
                outcome.reason,
                outcome.peer,
                outcome.was_sent,
                outcome.url,
                outcome.format,
                json.dumps(outcome.request_headers),
                json.dumps(outcome.response_headers),
                outcome.response_body,
            )
            for delivery_id, number, outcome in attempts
        ],
    )


def of_delivery(delivery_id: str) -> list[Attempt]:
    """In the order of their numbers."""
    return list(Attempt.select().where(Attempt.delivery_id == delivery_id).order_by(Attempt.number))


def count_unknown(delivery_id: str) -> int:
    """How often the hub stopped while it sent this one."""
    return int(Attempt.select().where(Attempt.delivery_id == delivery_id, Attempt.kind == "unknown").count())
