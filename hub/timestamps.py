"""Points in time as text: ISO 8601 in UTC, and back.

Owns the one form that the API, the payloads and the logs use. It must never read a clock.
"""

from datetime import UTC, datetime


def iso(epoch_s: float) -> str:
    """`2026-11-23T21:04:06.123Z`."""
    return (
        datetime.fromtimestamp(round(epoch_s, 3), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def iso_or_none(epoch_s: float | None) -> str | None:
    return None if epoch_s is None else iso(epoch_s)


def parse_iso(text: str) -> float:
    """Epoch seconds of an ISO 8601 time; without an offset it is UTC.

    Raises:
        ValueError: it is no such time.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
