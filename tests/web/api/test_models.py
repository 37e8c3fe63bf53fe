"""What several calls take: patterns of the document that say what the rules hold, and inputs that are strict."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from hub.rules.keys import PROJECT_KEY_PATTERN
from hub.rules.matching import is_event_type
from hub.web.api.models import EVENT_TYPE_PATTERN, EventPattern, EventTypeInput, Text


@given(st.from_regex(EVENT_TYPE_PATTERN, fullmatch=True) | st.text("abZ_.*9 \n", max_size=12))
def test_the_document_and_the_rule_call_the_same_an_event_type(text: str) -> None:
    assert bool(re.fullmatch(EVENT_TYPE_PATTERN[1:-1], text)) == is_event_type(text) or len(text) > 128


@pytest.mark.parametrize(
    ("text", "fits"), [("*", True), ("story.*", True), ("story", True), ("st*", False), ("*.a", False)]
)
def test_a_pattern_is_everything_a_prefix_or_one_type(text: str, fits: bool) -> None:
    pattern = TypeAdapter(EventPattern).json_schema()["pattern"]
    assert bool(re.search(pattern, text)) is fits


@pytest.mark.parametrize(
    ("text", "fits"), [("AB", True), ("A1", True), ("A", False), ("1A", False), ("ab", False)]
)
def test_a_project_key_is_shown_as_the_rule_has_it(text: str, fits: bool) -> None:
    assert bool(re.search(PROJECT_KEY_PATTERN, text)) is fits


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "a.b", "nmae": "x"},
        {"id": 5},
        {"id": "a.b", "name": "x" * 201},
        {"id": "a.b", "description": "x" * 1001},
        {"id": "a.b", "description": "\0"},
    ],
)
def test_an_input_takes_no_other_field_no_other_type_and_no_nul(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EventTypeInput.model_validate(wrong)


def test_text_without_a_nul_is_taken_as_it_is() -> None:
    assert TypeAdapter(Text).validate_python(" <b>\n") == " <b>\n"
