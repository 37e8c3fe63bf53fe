"""Wrong values in the caller's words: which field, and what to write instead.

Owns the way from pydantic's errors to ours. Step before: `body` or a query string gave plain values; step
after: a handler gets a model whose fields are right. An error of pydantic that comes from anywhere else is a
bug of ours.
"""

import difflib
import re
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub.errors import FieldError, Invalid

M = TypeVar("M", bound=BaseModel)
Location = tuple[int | str, ...]

ERRORS_MAX = 100
ENTRIES_MAX = 5_000
"""Entries of a list or an object that a call looks at; none has a use for nearly as many."""
_SAID_BY_A_VALIDATOR = ("value_error", "refused")
_KINDS = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
"""pydantic's names of errors of kind → what a value must be."""
_RULES = {
    "missing": "is missing",
    "greater_than": "must be more than {gt:.10g}",
    "greater_than_equal": "must be {ge:.10g} or more",
    "less_than": "must be less than {lt:.10g}",
    "less_than_equal": "must be {le:.10g} or less",
    "string_pattern_mismatch": "must have the form {pattern}",
    "string_unicode": "must be text that can be written as UTF-8",
}
"""pydantic's names of errors → what is said instead, with the values it gives."""
NUMBER_PATTERN = r"^[1-9][0-9]{0,9}$"
_ID_PATTERN = re.compile(r"\^(\w+)_\[0-9a-f\]\{32\}\$")


def validated(model: type[M], values: Any) -> M:
    """The model made of `values`. Raises: Invalid with every wrong field."""
    made = made_of(model, values)
    if isinstance(made, list):
        raise Invalid(made)
    return made


def made_of(model: type[M], values: Any) -> M | list[FieldError]:
    """The model made of `values`, or every wrong field."""
    if too_many := _too_many(model, values):
        return too_many
    try:
        return model.model_validate(values)
    except ValidationError as refused:
        # No more than anybody is told: each costs a search for the field that was meant.
        errors = refused.errors(include_url=False)[:ERRORS_MAX]
        return [(_field(one["loc"]), _message(one, model)) for one in errors]


def _too_many(model: type[BaseModel], values: Any) -> list[FieldError]:
    """The fields with so many entries that looking at each, and at what is wrong with it, would take too
    long.
    """
    if not isinstance(values, dict):
        return []
    if len(values) > ENTRIES_MAX:
        return [("body", f"has {len(values)} fields: at most {ENTRIES_MAX} are looked at")]
    free = {name for name, field in model.model_fields.items() if field.annotation == dict[str, Any]}
    return [
        (name, f"has {len(value)} entries: at most {ENTRIES_MAX} are looked at")
        for name, value in values.items()
        if isinstance(value, list | dict) and len(value) > ENTRIES_MAX and name not in free
    ][:ERRORS_MAX]


def _field(location: Location) -> str:
    """("headers", "X-A") → `headers.X-A`; ("events", 2) → `events[2]`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "body"


def _message(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    if kind in _SAID_BY_A_VALIDATOR:
        return error["msg"].removeprefix("Value error, ")
    if kind.startswith("int_") and isinstance(given, float):
        return "must be a whole number, without a point"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {_kind_of(given)}"
    if kind == "extra_forbidden":
        return _unknown_field(error["loc"], model)
    if kind == "literal_error":
        return f"must be one of {_listed(context['expected'])}"
    if kind.endswith("too_long"):
        return f"may have {context['max_length']} {_unit_of(given)}, not {len(given)}"
    if kind.endswith("too_short"):
        return _too_short(context["min_length"], given)
    if kind == "string_pattern_mismatch" and (found := _ID_PATTERN.fullmatch(context["pattern"])):
        return f"must be an id, {found[1]}_ and 32 hex digits, such as the last one of the page before"
    if kind == "string_pattern_mismatch" and context["pattern"] == NUMBER_PATTERN:
        return "must be a number, such as the id of the last one of the page before"
    return _RULES[kind].format_map(context) if kind in _RULES else error["msg"]


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "a number")


def _unit_of(value: Any) -> str:
    return "characters" if isinstance(value, str) else "entries"


def _too_short(least: int, given: Any) -> str:
    return (
        "must not be empty"
        if least == 1
        else f"must have at least {least} {_unit_of(given)}, not {len(given)}"
    )


def _listed(expected: str) -> str:
    """`'a', 'b' or 'c'` → `a, b, c`."""
    return expected.replace("'", "").replace(" or ", ", ")


def _unknown_field(location: Location, model: type[BaseModel]) -> str:
    if len(location) != 1:
        return "there is no such field"
    known = _documented(model)
    near = difflib.get_close_matches(str(location[0])[:100], known, n=1, cutoff=0.5)
    instead = f": did you mean {near[0]}?" if near else ""
    return f"there is no such field{instead or '; there are: ' + ', '.join(known)}"


@cache
def _documented(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields that the document shows, with other names that it knows for them."""
    return tuple(model.model_json_schema().get("properties", ()))
