"""Calls: a handler's body becomes the answer that its call declares, and nothing else."""

import json
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel, ValidationError

from hub.web.api.calls import LIST_BYTES_MAX, encoder, within_bytes


class Short(BaseModel):
    name: str
    note: str | None = None


class Long(Short):
    secret: str


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (Short(name="a"), {"name": "a"}),
        (Short(name="a", note=None), {"name": "a", "note": None}),
        ({"name": "ä"}, {"name": "ä"}),
        (Long(name="a", secret="s"), {"name": "a"}),
        ({"name": "a", "secret": "s"}, {"name": "a"}),
    ],
    ids=[
        "what is left out stays out",
        "null where null was given",
        "from plain values",
        "of a subclass",
        "of more",
    ],
)
def test_an_answer_shows_what_is_declared_and_nothing_else(body: Any, answered: Any) -> None:
    assert json.loads(encoder(Short)(body)) == answered


def test_the_bytes_of_an_event_stay_as_they_are() -> None:
    event = msgspec.Raw(b'{"name":  1.10}')
    assert encoder(Short)(event) == bytes(event)


@pytest.mark.parametrize("body", [{}, {"name": 1}, None])
def test_a_body_that_does_not_fit_is_a_fault_of_ours(body: Any) -> None:
    with pytest.raises(ValidationError):
        encoder(Short)(body)


def test_a_list_ends_before_it_is_too_large_and_has_one_item_at_least() -> None:
    third = b"x" * (LIST_BYTES_MAX // 3)
    assert within_bytes(iter([third] * 5)) == [third] * 3
    assert within_bytes(iter([third * 4, third])) == [third * 4]
    assert within_bytes(iter([])) == []
