"""What people are told by themselves: of which kinds, when, and in which words.

Owns the kinds of notices, a person's choice between four ways, and when a mail is due: storms gather first,
and nobody gets more than one in a quarter of an hour. Pure; times are epoch seconds. Step before:
`store.notices` keeps what happened. Step after: `engine.notices` sends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "gone",
    "auto_disabled",
    "failing",
    "recovered",
    "deliveries_failed",
    "source_refuses",
    "schedule_missed",
    "connection",
    "hub",
]
Choice = Literal["at_once", "hourly", "daily", "off"]
CHOICES: tuple[Choice, ...] = get_args(Choice)

URGENT: tuple[Kind, ...] = ("gone", "auto_disabled", "connection", "hub")
"""Told at once to whoever has not chosen; the others daily."""
PASSING: tuple[Kind, ...] = ("recovered", "deliveries_failed", "schedule_missed")
"""Nothing ends them: they are over once they have been told."""

FAILING_S = 6 * 3600.0
"""A hook that fails is worth telling after so long."""
GATHER_S = 120.0
BETWEEN_S = 900.0
_EVERY_S: dict[Choice, float] = {"at_once": BETWEEN_S, "hourly": 3600.0, "daily": 86_400.0}

REFUSALS_MIN = 5
REFUSES_S = 3600.0
"""A source refuses everything when it took nothing for so long, and refused this often."""

_WORDS: dict[Kind, str] = {
    "gone": "Its target wants no more events",
    "auto_disabled": "Switched off after too many failures",
    "failing": "Failing for six hours and more",
    "recovered": "Works again",
    "deliveries_failed": "Deliveries were given up",
    "source_refuses": "Refuses everything that comes",
    "schedule_missed": "Missed its time",
    "connection": "The connection to a broker is down",
    "hub": "The hub itself",
}


@dataclass(frozen=True, slots=True)
class Told:
    """Up to when a person has been told."""

    choice: Choice | None = None
    """None: not chosen."""
    mailed_at: float | None = None
    told_until: float | None = None


def is_due(told: Told, open_notices: Iterable[tuple[Kind, float]], now: float) -> bool:
    """Whether a mail to this person is due; of each notice its kind and since when it is news."""
    if told.choice == "off":
        return False
    since = told.mailed_at
    for kind, news_at in open_notices:
        is_new = told.told_until is None or news_at > told.told_until
        waited_s = float("inf") if since is None else now - since
        if is_new and news_at <= now - GATHER_S and waited_s >= _EVERY_S[_choice(told, kind)]:
            return True
    return False


def words(kind: Kind) -> str:
    """What has happened, as a line's beginning."""
    return _WORDS[kind]


def _choice(told: Told, kind: Kind) -> Choice:
    if told.choice is not None:
        return told.choice
    return "at_once" if kind in URGENT else "daily"
