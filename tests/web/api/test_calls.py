"""Calls: a handler's body becomes the answer that its call declares, and nothing else."""

import json
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel, ValidationError

from hub.web.api.calls import encoder


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
    assert json.loads(encoder(list[Short])([body, body])) == [answered, answered]


def test_the_bytes_of_an_event_stay_as_they_are() -> None:
    event = msgspec.Raw(b'{"name":  1.10}')
    assert encoder(Short)(event) == bytes(event)
    assert encoder(list[Short])([event, event]) == b'[{"name":  1.10},{"name":  1.10}]'


@pytest.mark.parametrize("body", [{}, {"name": 1}, None])
def test_a_body_that_does_not_fit_is_a_fault_of_ours(body: Any) -> None:
    with pytest.raises(ValidationError):
        encoder(Short)(body)
