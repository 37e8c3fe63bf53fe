"""Changes: what is given, None among it, and to what."""

from dataclasses import dataclass

import pytest

from hub.errors import ChangedMeanwhile
from hub.rules.changes import UNSET, Change, Unset, check_unchanged


@dataclass(frozen=True, slots=True)
class Named(Change):
    name: str | Unset | None = UNSET
    size: int | Unset = UNSET


def test_none_is_given_and_what_is_left_out_is_not() -> None:
    assert Named().given() == {}
    assert Named(name=None).given() == {"name": None}
    assert Named("a", 0).given() == {"name": "a", "size": 0}


def test_what_others_have_changed_meanwhile_is_refused_to_whoever_says_what_they_saw() -> None:
    for seen in (None, 2.5):
        check_unchanged("hook", 2.5, seen)
    for seen in (2.0, 3.0, float("nan")):
        with pytest.raises(ChangedMeanwhile, match="this hook was changed"):
            check_unchanged("hook", 2.5, seen)
