"""Signing in: how long it lasts, and how long wrong passwords make the next try wait.

Owns these numbers. Pure; times are epoch seconds. Nobody is ever shut out for good: a wait ends by itself, is
never longer than `WAIT_MAX_S`, and a quiet hour forgets what was before.
"""

SESSION_IDLE_S = 7 * 86_400.0
"""A session that nobody has used for so long is over."""
SESSION_LIFE_S = 30 * 86_400.0
"""A session is over after so long, however much it is used."""
SEEN_EVERY_S = 60.0
"""So often at the most is it noted that a session was used."""

TRIES_OF_ACCOUNT = 10
TRIES_OF_ADDRESS = 50
"""More than of an account: a whole office may share an address."""
WAIT_FIRST_S = 60.0
WAIT_MAX_S = 900.0
FORGET_S = 3_600.0


def is_over(created_at: float, seen_at: float, now: float) -> bool:
    """True for a session that no longer counts."""
    return now >= created_at + SESSION_LIFE_S or now >= seen_at + SESSION_IDLE_S


def failures_now(failures: int, tried_at: float, now: float) -> int:
    """The failures in a row that still count."""
    return 0 if now >= tried_at + FORGET_S else failures


def wait_s(failures: int, tries: int) -> float:
    """How long after the last failure the next try has to wait: nothing at first, then ever twice as long."""
    if failures < tries:
        return 0.0
    return min(WAIT_MAX_S, WAIT_FIRST_S * 2.0 ** min(failures - tries, 10))
