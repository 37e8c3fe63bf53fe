"""Wrong values in the caller's words: which field, and what to write instead.

Owns the way from pydantic's errors to ours. Step before: `body` or a query string gave plain values; step after: a
handler gets a model whose fields are right. An error of pydantic that comes from anywhere else is a bug of ours.
"""

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub.errors import FieldError, Invalid

ERRORS_MAX = 100
ID_PATTERN = re.compile(r"\^(\w+)_\[0-9a-f\]\{32\}\$")

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], values: Any) -> M:
    """The model made of `values`. Raises: Invalid with every wrong field."""
    made = made_of(model, values)
    if isinstance(made, list):
        raise Invalid(made)
    return made


def made_of(model: type[M], values: Any) -> M | list[FieldError]:
    """The model made of `values`, or every wrong field."""
    try:
        return model.model_validate(values)
    except ValidationError as refused:
        return [(_field(one["loc"]), _message(one)) for one in refused.errors(include_url=False)[:ERRORS_MAX]]


def _field(location: tuple[int | str, ...]) -> str:
    """("headers", "X-A") → `headers.X-A`; ("events", 2) → `events[2]`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"


def _message(error: ErrorDetails) -> str:
    if error["type"] == "literal_error":
        return f"must be one of {_either(error['ctx']['expected'])}"
    if error["type"] == "string_pattern_mismatch" and (kind := ID_PATTERN.fullmatch(error["ctx"]["pattern"])):
        return f"must be an id, {kind[1]}_ and 32 hex digits, such as the last one of the page before"
    return error["msg"].removeprefix("Value error, ")


def _either(expected: str) -> str:
    """`'a', 'b' or 'c'` → `a, b, c`."""
    return expected.replace("'", "").replace(" or ", ", ")
