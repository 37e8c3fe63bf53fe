"""Numbers with units as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.quantities import read, split


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10", "failures in a row", 10),
        (" 10 ", "hooks", 10),
        ("-1", "hooks", -1),
        ("0.5", "seconds", 0.5),
        (".5", "seconds", 0.5),
        ("1e3", "seconds", 1000),
        ("15.0", "seconds", 15),
        ("1,048,576", "bytes", 1_048_576),
        ("1_048_576", "bytes", 1_048_576),
        ("1 048 576", "bytes", 1_048_576),
        ("2MB", "bytes", 2_000_000),
        ("2 MiB", "bytes", 2_097_152),
        ("2mib", "bytes", 2_097_152),
        ("0.5 kB", "bytes", 500),
        ("1 GiB", "bytes", 2**30),
        ("100 bytes", "bytes", 100),
        ("5m", "seconds", 300),
        ("1.5 hours", "seconds", 5400),
        ("250s", "seconds", 250),
        ("1d", "seconds", 86_400),
        ("2w", "days", 14),
        ("7 days", "days", 7),
        ("12h", "days", 0.5),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, unit: str, value: float) -> None:
    found = read(text, unit)
    assert found == value
    assert isinstance(found, type(value))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "seconds"),
        (".", "seconds"),
        ("five", "seconds"),
        ("NaN", "seconds"),
        ("Infinity", "seconds"),
        ("1e", "hooks"),
        ("0x10", "hooks"),
        ("1,5", "seconds"),
        ("1,0000", "bytes"),
        ("2M", "bytes"),
        ("2 MB", "seconds"),
        ("5m", "bytes"),
        ("5s", "hooks"),
        ("٣", "hooks"),
        ("1 2", "hooks"),
        ("9" * 41, "hooks"),
        ("1e999x", "hooks"),
    ],
)
def test_what_is_no_number_is_refused_with_an_example(text: str, unit: str) -> None:
    with pytest.raises(ValueError, match=f"no number of {unit}: write "):
        read(text, unit)


@pytest.mark.parametrize(
    "text", ["5, 60, 300", "5,60,300", "[5, 60, 300]", "5 60 300", " [5,60, 300 ] ", "5\t60  300"]
)
def test_a_list_is_split_with_or_without_brackets_and_commas(text: str) -> None:
    assert split(text) == ["5", "60", "300"]


def test_a_list_may_be_empty_and_its_members_may_have_units() -> None:
    assert split("") == split("[]") == split(" [ ] ") == []
    assert split("5 s, 1 m, 2 h") == ["5 s", "1 m", "2 h"]


@given(st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False)))
def test_what_python_prints_is_read_back(number: float) -> None:
    assert read(repr(number), "hooks") == number


@given(st.text(max_size=60), st.sampled_from(["seconds", "days", "bytes", "hooks"]))
def test_any_text_is_a_number_or_refused_and_nothing_else(text: str, unit: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(read(text, unit), int | float)
