"""What is wrong with a value is said in the caller's words, whichever call it was meant for."""

import re
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field

from hub.web.api.models import Input, Name
from hub.web.routes import CALLS
from hub.web.wording import ENTRIES_MAX, ERRORS_MAX, made_of


class Inner(Input):
    name: Name


class Order(Input):
    name: Name = ""
    note: Annotated[str, Field(min_length=1, max_length=5)] | None = None
    colour: Literal["red", "green", "blue"] = "red"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    is_urgent: bool = False
    parts: Annotated[list[Annotated[str, Field(max_length=3)]], Field(min_length=2, max_length=3)] | None = (
        None
    )
    marks: dict[str, str] | None = None
    inner: Inner | None = None
    since: Annotated[str, AfterValidator(lambda text: text)] = Field("", description="When")


class Needed(Input):
    name: str


WRONG = [
    ({"name": "a" * 201}, {"name": "may have 200 characters, not 201"}),
    ({"name": 5}, {"name": "must be a text, not a number"}),
    ({"name": None}, {"name": "must be a text, not null"}),
    ({"note": ""}, {"note": "must not be empty"}),
    ({"note": "abcdef"}, {"note": "may have 5 characters, not 6"}),
    ({"note": ["a"]}, {"note": "must be a text, not a list"}),
    ({"colour": "pink"}, {"colour": "must be one of red, green, blue"}),
    ({"count": 0}, {"count": "must be 1 or more"}),
    ({"count": 10}, {"count": "must be 9 or less"}),
    ({"count": 1.5}, {"count": "must be a whole number, without a point"}),
    ({"count": "1"}, {"count": "must be a whole number, not a text"}),
    ({"share": 0}, {"share": "must be more than 0"}),
    ({"share": True}, {"share": "must be a number, not true or false"}),
    ({"is_urgent": "true"}, {"is_urgent": "must be true or false, not a text"}),
    ({"parts": "abc"}, {"parts": "must be a list, not a text"}),
    ({"parts": ["a"]}, {"parts": "must have at least 2 entries, not 1"}),
    ({"parts": ["a"] * 4}, {"parts": "may have 3 entries, not 4"}),
    ({"parts": ["a", "abcd"]}, {"parts[1]": "may have 3 characters, not 4"}),
    ({"marks": []}, {"marks": "must be an object, not a list"}),
    ({"marks": {"a": 1}}, {"marks.a": "must be a text, not a number"}),
    ({"inner": {"name": 1, "nam": 2}}, {"inner.name": "must be a text, not a number", "inner.nam": "there is no such field"}),
    ({"inner": 7}, {"inner": "must be an object, not a number"}),
    ({"color": "red"}, {"color": "there is no such field: did you mean colour?"}),
    ([], {"body": "must be an object, not a list"}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "said"), WRONG, ids=[str(values)[:40] for values, _ in WRONG])
def test_each_fault_says_what_to_write_instead(values: Any, said: dict[str, str]) -> None:
    found = made_of(Order, values)
    assert isinstance(found, list)
    assert dict(found) == said


def test_a_field_that_is_missing_and_one_that_is_like_no_other_are_named() -> None:
    found = made_of(Needed, {"quantity": 1})
    assert isinstance(found, list)
    assert dict(found) == {"name": "is missing", "quantity": "there is no such field; there are: name"}


BODIES = {call.body.__name__: call.body for call in CALLS if call.body is not None}
KINDS: list[Any] = [
    None,
    True,
    7,
    1e400,
    -5,
    "",
    "x",
    "x" * 5000,
    "\0",
    [],
    [[]],
    ["x"] * 2000,
    {},
    {"x": {}},
    {"x" * 300: "y" * 9000},
]
THEIRS = re.compile(
    r"input should|value should|valid\b|validation|required|extra inputs|string should|expected|pydantic|python",
    re.I,
)


def every_fault() -> Iterator[tuple[str, str]]:
    for model in BODIES.values():
        for name in [*model.model_json_schema().get("properties", {}), "event_type", ""]:
            for value in KINDS:
                found = made_of(model, {name: value})
                yield from found if isinstance(found, list) else ()
        for value in KINDS:
            found = made_of(model, value)
            yield from found if isinstance(found, list) else ()


def test_no_call_answers_in_the_words_of_a_library() -> None:
    said = set(every_fault())
    assert len(said) > 100
    assert sorted({message for _, message in said if THEIRS.search(message)}) == []


def test_many_wrong_fields_cost_no_more_than_can_be_told() -> None:
    """Looking for what each of them meant took seconds."""
    began = time.thread_time()
    wrong = made_of(Order, {f"field{n}": 1 for n in range(ENTRIES_MAX)})
    assert isinstance(wrong, list)
    assert len(wrong) == ERRORS_MAX
    assert time.thread_time() - began < 1


def test_an_endless_list_is_refused_unseen() -> None:
    """140,000 wrong entries took 1.5 s and 230 MB."""
    for name, value in (
        ("parts", list(range(5001))),
        ("marks", {f"k{n}": n for n in range(5001)}),
        ("x", [1] * 6000),
    ):
        assert made_of(Order, {name: value}) == [
            (name, f"has {len(value)} entries: at most 5000 are looked at")
        ]


def test_a_body_of_endless_fields_is_refused_unseen() -> None:
    wrong = made_of(Order, {f"field{n}": 1 for n in range(ENTRIES_MAX + 1)})
    assert wrong == [("body", "has 5001 fields: at most 5000 are looked at")]


def test_an_object_of_any_kind_may_have_any_number_of_entries() -> None:
    class Sample(Input):
        data: dict[str, Any]

    assert isinstance(made_of(Sample, {"data": {f"k{n}": n for n in range(6000)}}), Sample)
