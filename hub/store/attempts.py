"""Attempts: each request of a delivery, written down for people to look at.

Owns their rows. Append only: it must never change what an attempt was.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hub.errors import Phases
from hub.rules.outcome import Outcome, SentBody
from hub.store import models
from hub.store.database import Database

SHOWN_MAX = 200
"""Attempts of one delivery that are shown: by hand it may be sent as often as anybody likes."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a delivery, and what came of it."""

    number: int
    """From 1."""
    outcome: Outcome

    def body(self, data: bytes | None) -> bytes | None:
        """The body that was sent, given the event's data; None when nothing was sent or it is not known any
        more.
        """
        sent = self.outcome.request_body
        return None if sent is None or data is None else sent.whole(data)


def add(database: Database, attempts: Sequence[tuple[str, int, Outcome]]) -> None:
    """Write finished attempts: (delivery id, attempt number, outcome)."""
    database.execute_rows(
        "INSERT INTO attempt (delivery_id, number, kind, started_at, duration_s, phase, status, reason, peer,"
        " was_sent, url, format, method, request_headers, body_before, body_after, response_headers, "
        "response_body, phases) {rows}",
        "text integer text float8 float8 text integer text text"
        " boolean text text text text bytea bytea text bytea text",
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
                outcome.method,
                _json(outcome.request_headers),
                None if outcome.request_body is None else outcome.request_body.before,
                None if outcome.request_body is None else outcome.request_body.after,
                _json(outcome.response_headers),
                outcome.response_body,
                _phases(outcome.phases_ms),
            )
            for delivery_id, number, outcome in attempts
        ],
    )


def _json(headers: dict[str, str] | list[tuple[str, str]]) -> str:
    try:
        return msgspec.json.encode(headers).decode()
    except UnicodeEncodeError:  # half of a pair of surrogates, which only the slow encoder escapes
        return json.dumps(headers)


def _phases(spent_ms: Phases) -> str | None:
    """One format for all costs a quarter of one for each."""
    return " ".join(["%.3g"] * len(spent_ms)) % tuple(spent_ms) or None


def of_delivery(delivery_id: str, limit: int = SHOWN_MAX) -> list[Attempt]:
    """The last ones, in the order of their numbers."""
    table = models.Attempt
    rows = table.select().where(table.delivery_id == delivery_id).order_by(table.number.desc()).limit(limit)
    return [_attempt(row) for row in rows][::-1]


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt came to, without what was sent and answered."""

    kind: str
    status: int | None
    reason: str | None
    duration_s: float


def last_of(delivery_ids: Sequence[str]) -> dict[str, Result]:
    """Delivery → its last attempt; without those that were never tried."""
    table = models.Attempt
    columns = (table.delivery_id, table.kind, table.status, table.reason, table.duration_s)
    rows: Any = (
        table.select(*columns)
        .where(table.delivery_id.in_(list(delivery_ids)))
        .order_by(table.number)
        .tuples()
    )
    return {delivery_id: Result(*result) for delivery_id, *result in rows}


def count_unknown(delivery_id: str) -> int:
    """How often the hub stopped while it sent this one."""
    table = models.Attempt
    return int(table.select().where(table.delivery_id == delivery_id, table.kind == "unknown").count())


def _attempt(row: Any) -> Attempt:
    outcome = Outcome(
        kind=row.kind,
        started_at=row.started_at,
        duration_s=row.duration_s,
        phase=row.phase,
        phases_ms=tuple(float(spent_ms) for spent_ms in (row.phases or "").split()),
        status=row.status,
        reason=row.reason,
        peer=row.peer,
        was_sent=bool(row.was_sent),
        url=row.url,
        method=row.method,
        format=row.format,
        request_headers=json.loads(row.request_headers),
        request_body=_sent_body(row.body_before, row.body_after),
        response_headers=[(name, value) for name, value in json.loads(row.response_headers)],
        response_body=bytes(row.response_body),
    )
    return Attempt(row.number, outcome)


def _sent_body(before: Any, after: Any) -> SentBody | None:
    return None if before is None else SentBody(bytes(before), None if after is None else bytes(after))
