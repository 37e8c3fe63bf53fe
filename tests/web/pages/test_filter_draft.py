"""The filter of a hook's form: rows as people type them, text, the way between both, and what is offered."""

import json

import pytest
from hypothesis import given
from starlette.datastructures import FormData

from hub.rules import filters
from hub.rules.facts import Facts
from hub.rules.filters import Filter, Unreadable
from hub.web.body import Form
from hub.web.pages import filter_draft
from hub.web.pages.filter_draft import FilterDraft, RowDraft
from tests.rules.test_filters import OBJECTS


def typed(*rows: tuple[str, str, str, str], **more: str) -> Form:
    names = ("filter_group", "filter_field", "filter_op", "filter_value")
    fields = [pair for row in rows for pair in zip(names, row, strict=True)]
    return FormData([*fields, *more.items()])  # type: ignore[return-value]


def text_of(draft: FilterDraft) -> str:
    found = filter_draft.read(draft)
    assert isinstance(found, Filter), found
    return found.text


def test_rows_are_read_as_people_write_them_and_empty_ones_are_none() -> None:
    draft = filter_draft.of_form(
        typed(
            ("0", " state ", "=", " 3 "), ("0", "name", "=", "done"), ("0", "code", "=", '"3"'), ("0", "", "=", ""),
            ("1", "tag", "in", "a, 2"), ("1", "tag", "in", "[true]"), ("1", "text", "contains", "3"), ("1", "x", "exists", "left"),
        )
    )  # fmt: skip
    assert text_of(draft) == (
        'state = 3\nname = "done"\ncode = "3"\nor\ntag in ["a", 2]\ntag in [true]\ntext contains "3"\nx exists'
    )
    assert filter_draft.read(filter_draft.of_form(typed(("0", "", "=", "")))) is None
    assert filter_draft.read(filter_draft.of_form(typed(filter_mode="text", filter_text=" \r\n"))) is None


@given(OBJECTS)
def test_a_filter_shown_as_rows_or_text_is_read_the_same_again(given_object: dict[str, object]) -> None:
    made = filters.read(given_object)
    assert isinstance(made, Filter)
    draft = filter_draft.of_filter(made)
    assert filter_draft.read(draft) == made
    assert filter_draft.read(FilterDraft(text=made.text, is_text=True)) == made


def test_buttons_add_and_remove_rows_and_turn_rows_to_text_and_back() -> None:
    rows = (("0", "a", "=", "1"), ("0", "b", "=", "2"), ("1", "c", "=", "3"))
    a, b, c, blank = RowDraft("a", "=", "1"), RowDraft("b", "=", "2"), RowDraft("c", "=", "3"), RowDraft()
    assert filter_draft.of_form(typed(*rows, filter_and="0")).groups == ((a, b, blank), (c,))
    assert filter_draft.of_form(typed(*rows, filter_or="1")).groups == ((a, b), (c,), (blank,))
    assert filter_draft.of_form(typed(*rows, filter_remove="2")).groups == ((a, b),)
    assert filter_draft.of_form(typed(filter_or="1")).shown_groups == ((blank,),)
    as_text = filter_draft.of_form(typed(*rows, filter_as="text"))
    assert (as_text.is_text, as_text.text) == (True, "a = 1\nb = 2\nor\nc = 3")
    back = filter_draft.of_form(typed(filter_as="rows", filter_mode="text", filter_text=as_text.text))
    assert back.groups == ((a, b), (c,))
    broken = filter_draft.of_form(typed(filter_as="rows", filter_mode="text", filter_text="a =="))
    assert (broken.is_text, broken.text) == (True, "a ==")
    assert filter_draft.of_form(typed(("0", "a b", "=", "1"), filter_as="text")).text == "a b = 1"
    half = filter_draft.of_form(typed(("0", "a", "=", ""), ("0", "b", "=", "done"), filter_as="text"))
    assert half.text == 'a =\nb = "done"'
    assert [[place for place, _ in group] for group in filter_draft.places(back.groups)] == [[0, 1], [2]]


def test_errors_are_told_by_their_row() -> None:
    found = filter_draft.read(filter_draft.of_form(typed(("0", "a", "=", "1"), ("0", "a b", ">", ""))))
    assert isinstance(found, Unreadable)
    assert list(filter_draft.errors_by_row(found)) == [(0, 1)]
    assert filter_draft.errors_by_row(None) == {}


def test_a_filter_that_cannot_be_read_is_shown_as_the_text_that_it_is() -> None:
    draft = filter_draft.of_filter(filters.stored("nonsense"))
    assert (draft.is_text, draft.text) == (True, "nonsense")


@pytest.mark.parametrize("key", ["state", "a b", "größe", "@id", "7", "x.y", 'q"', "data"])
def test_an_offered_field_finds_its_value(key: str) -> None:
    data = json.dumps({key: {"in": [{"deep": 3}, {"deep": "x" * 100}]}}).encode()
    [(name, values)] = filter_draft.offered([data, data])
    found = filters.read(f"{name} = 3")
    assert isinstance(found, Filter)
    assert found.holds(Facts("a.b", 0.0, data))
    assert values.startswith("3, ")
    assert len(values) < 50


def test_no_more_fields_are_offered_than_a_list_can_hold() -> None:
    wide = json.dumps({f"f{n}": n for n in range(1_000)}).encode()
    assert len(filter_draft.offered([wide, b"{}"])) == filter_draft.OFFERED_MAX
