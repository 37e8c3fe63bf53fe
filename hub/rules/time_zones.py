"""The names of time zones.

Owns which are known: those of the machine's tz database when they were first asked for. Pure. Used by
schedules and by the templates' filter `date`.
"""

from functools import cache
from zoneinfo import available_timezones


def is_time_zone(name: str) -> bool:
    """True for `Europe/Berlin` and its like."""
    return name in _known()


def time_zones() -> list[str]:
    """All of them, by name."""
    return sorted(_known())


@cache
def _known() -> frozenset[str]:
    # Each call of theirs reads hundreds of files.
    return frozenset(available_timezones())
