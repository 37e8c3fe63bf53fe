"""Changes: what is given, None among it."""

from dataclasses import dataclass

from hub.rules.changes import UNSET, Change, Unset


@dataclass(frozen=True, slots=True)
class Named(Change):
    name: str | Unset | None = UNSET
    size: int | Unset = UNSET


def test_none_is_given_and_what_is_left_out_is_not() -> None:
    assert Named().given() == {}
    assert Named(name=None).given() == {"name": None}
    assert Named("a", 0).given() == {"name": "a", "size": 0}
