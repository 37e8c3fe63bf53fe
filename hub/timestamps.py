"""Points in time as text: ISO 8601 in UTC, and back.

Owns the one form that the API, the payloads and the logs use. It must never read a clock.
"""

from datetime import UTC, datetime
from functools import lru_cache


def iso(epoch_s: float) -> str:
    """`2026-11-23T21:04:06.123Z`."""
    second, millisecond = divmod(round(epoch_s * 1000), 1000)
    return f"{_second(second)}.{millisecond:03d}Z"


@lru_cache(maxsize=1024)
def _second(epoch_s: int) -> str:
    """Many times are of the same second, those of what happens now."""
    return datetime.fromtimestamp(epoch_s, UTC).replace(tzinfo=None).isoformat()


def iso_or_none(epoch_s: float | None) -> str | None:
    return None if epoch_s is None else iso(epoch_s)


def parse_iso(text: str) -> float:
    """Epoch seconds of an ISO 8601 time; without an offset it is UTC.

    Raises:
        ValueError: it is no such time.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
