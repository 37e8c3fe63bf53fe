"""One form of time, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.timestamps import iso, iso_or_none, parse_iso


@given(st.floats(0, 4_102_444_800))
def test_a_time_comes_back_to_the_millisecond(at: float) -> None:
    assert parse_iso(iso(at)) == pytest.approx(at, abs=0.0006)


def test_it_is_in_utc_with_three_digits_and_a_z() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_795_467_846.9999) == "2026-11-23T21:04:07.000Z"
    assert iso_or_none(None) is None
    assert iso_or_none(0.5) == "1970-01-01T00:00:00.500Z"


def test_an_offset_counts_and_none_means_utc() -> None:
    assert parse_iso("1970-01-01T01:00:00+01:00") == 0
    assert parse_iso("1970-01-01T00:00:00") == parse_iso("1970-01-01") == 0
    with pytest.raises(ValueError, match="Invalid isoformat"):
        parse_iso("yesterday")
