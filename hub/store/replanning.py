"""Times that no rule could have planned: those of a clock that has since stepped back.

A machine whose clock was wrong leaves retries, open circuit breakers and leases years ahead. What lies beyond
the longest legal wait is planned anew, by its own step of the schedule. One bounded batch inside its caller's
transaction, which returns its size. Step before: `engine.scheduler`, at a start and then by the clock.
"""

from collections.abc import Callable, Sequence
from typing import Any

from hub.rules import retry
from hub.rules.settings import DEFINITIONS, Settings
from hub.store.database import Database
from hub.store.leases import LEASE_MARGIN_S

ROWS_MAX = 500

APART_S = 5.0
"""Two machines' ideas of now may differ by so much."""

LEASE_MAX_S = DEFINITIONS["attempt_timeout_s"].maximum + LEASE_MARGIN_S
"""Whatever is set now: a request that began under an older setting may still be on its way."""


def replan(
    database: Database, settings: Settings, now: float, chance: Callable[[], float], rows_max: int = ROWS_MAX
) -> int:
    """Bring lanes, retries and leases near that lie further ahead than any of them may."""
    schedule = settings.retry_schedule_s
    latest = now + retry.longest_wait_s(schedule)

    def planned_at(failures: int) -> float:
        return now + (retry.delay_s(schedule, failures, chance()) if failures else 0.0)

    return (
        _lanes(database, now, latest, planned_at, rows_max)
        + _retries(database, latest, planned_at, rows_max)
        + _leases(database, now + LEASE_MAX_S, rows_max)
    )


def _lanes(
    database: Database, now: float, latest: float, planned_at: Callable[[int], float], rows_max: int
) -> int:
    """A lane is ready at once, or when its breaker lets a probe through; that of a hook with nothing to do is
    found when it is armed.
    """
    found = _rows(
        database,
        "SELECT id, consecutive_failures, open_until FROM hook WHERE is_slow IN (?, ?) AND ready_at > ?"
        " AND (ready_at > ? OR open_until IS NULL OR open_until < ready_at) "
        f"LIMIT ?{database.lock_clause('hook')}",
        (False, True, now + APART_S, latest, rows_max),
    )
    planned = []
    for hook_id, failures, open_until in found:
        opens_at = planned_at(failures) if open_until is not None and open_until > latest else open_until
        planned.append((opens_at, max(now, opens_at or now), hook_id))
    database.executemany("UPDATE hook SET open_until = ?, ready_at = ? WHERE id = ?", planned)
    return len(found)


def _retries(database: Database, latest: float, planned_at: Callable[[int], float], rows_max: int) -> int:
    found = _rows(
        database,
        "SELECT id, failures FROM delivery WHERE state = 'retrying' AND next_at > ?"
        f" ORDER BY next_at DESC LIMIT ?{database.lock_clause('delivery')}",
        (latest, rows_max),
    )
    database.executemany(
        "UPDATE delivery SET next_at = ? WHERE id = ?",
        [(planned_at(failures), delivery_id) for delivery_id, failures in found],
    )
    return len(found)


def _leases(database: Database, latest: float, rows_max: int) -> int:
    """Cut, not ended: whoever holds it may be sending."""
    found = _rows(
        database,
        (
            "SELECT id FROM delivery WHERE state = 'sending' AND lease_until > ? "
            f"LIMIT ?{database.lock_clause('delivery')}"
        ),
        (latest, rows_max),
    )
    database.executemany(
        "UPDATE delivery SET lease_until = ? WHERE id = ?",
        [(latest, delivery_id) for (delivery_id,) in found],
    )
    return len(found)


def _rows(database: Database, sql: str, params: Sequence[Any]) -> list[Any]:
    return list(database.execute(sql, params).fetchall())
