"""Changes: what is asked for of a thing's fields, and what is to stay as it is.

Owns the mark of a field that is not given: None is a value. Pure. Step before: a door has read what was sent.
Step after: an operation checks and writes what was given.
"""

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final


class Unset(Enum):
    UNSET = "not given"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Change:
    """The fields of a subclass may each be UNSET."""

    def given(self) -> dict[str, Any]:
        """Name → value of what is not UNSET."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not UNSET}
