"""Keys of projects, and the names that people see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.keys import LABEL_MAX, is_project_key, label_error, project_key_error


@pytest.mark.parametrize("key", ["AB", "A1", "TRAVEL", "A234567890"])
def test_a_key_is_two_to_ten_capitals_and_digits_beginning_with_a_letter(key: str) -> None:
    assert is_project_key(key)
    assert project_key_error(key) is None


@pytest.mark.parametrize(
    "key", ["", "A", "a", "ab", "1A", "A-B", "A B", "ABCDEFGHIJK", "ÄB", "AB\n", "AB\0", "A٣"]
)
def test_anything_else_is_none(key: str) -> None:
    assert not is_project_key(key)
    assert "upper-case" in str(project_key_error(key))


@pytest.mark.parametrize(
    "text", ["", "x" * LABEL_MAX, "Voyages\u00a0: à pied", "旅行", "👩‍💻", "שלום", "<b>", "a\u200bb"]
)
def test_a_name_may_be_any_plain_text(text: str) -> None:
    assert label_error(text) is None


@pytest.mark.parametrize(
    "text", ["x" * (LABEL_MAX + 1), "a\nb", "\0", "\x7f", "\x85", "\udcff", "a\u202eb", "\u2066"]
)
def test_a_name_that_is_too_long_or_would_look_like_another_is_refused(text: str) -> None:
    assert "UTF-8 text of at most 200 characters" in str(label_error(text))


@given(st.text())
def test_what_is_taken_can_be_written_down_on_one_line(text: str) -> None:
    if label_error(text) is None:
        text.encode()
        assert not set(text) & {"\n", "\r", "\0", "\x1b"}
