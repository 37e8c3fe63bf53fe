"""Changes: what is asked for of a thing's fields, and what is to stay as it is.

Owns the mark of a field that is not given, None being a value, and what becomes of a change to what others
have changed meanwhile. Pure. Step before: a door has read what was sent. Step after: an operation checks and
writes what was given.
"""

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final

from hub.errors import ChangedMeanwhile


class Unset(Enum):
    UNSET = "not given"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Change:
    """The fields of a subclass may each be UNSET."""

    def given(self) -> dict[str, Any]:
        """Name → value of what is not UNSET."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not UNSET}


def check_unchanged(noun: str, found: float, seen: float | None) -> None:
    """Of a thing's version, or the time of its last change: as it is, and as whoever asks has seen it; None:
    they do not say. Raises: ChangedMeanwhile.
    """
    if seen is not None and seen != found:
        raise ChangedMeanwhile(f"this {noun} was changed after it was last looked at")
