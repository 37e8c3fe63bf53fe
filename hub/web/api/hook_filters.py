"""Filters of hooks in the document: as an object and as text. What a filter is, `rules.filters` says.

The schema is written by hand, so that it says which operator takes which value. Used by `hook_inputs` and
`hook_answers`.
"""

from typing import Annotated, Any

from pydantic import WithJsonSchema

from hub.rules.facts import FIELD_MAX, NO_PLAIN
from hub.rules.filter_rows import LIST_MAX, PATTERN_MAX, TAKES_NOTHING, TEXT_MAX
from hub.rules.filters import ROWS_MAX

_Json = dict[str, Any]

EXAMPLE: _Json = {"any": [{"all": [{"field": "state", "op": "=", "value": 3}]}]}
TEXT_EXAMPLE = 'state = 3\nfeature.name = "Checkout"\nor\ntags contains "urgent"'

_QUOTED = r'"([^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"'
_FIRST = rf"([^{NO_PLAIN}@][^{NO_PLAIN}]*|{_QUOTED})"
_NAME = rf"([^{NO_PLAIN}]+|{_QUOTED})"
_TEXT: _Json = {"type": "string", "maxLength": TEXT_MAX}
_NUMBER: _Json = {
    "anyOf": [{"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}, {"type": "number"}]
}
_SCALAR: _Json = {"anyOf": [_TEXT, *_NUMBER["anyOf"], {"type": "boolean"}, {"type": "null"}]}
_FIELD: _Json = {
    "type": "string",
    "maxLength": FIELD_MAX,
    "pattern": rf"^(@type|@occurred_at|@source|{_FIRST}(\.{_NAME})*)$",
    "description": "Names joined by dots; `@type`, `@occurred_at` and `@source` are the event's own",
}


def _row(operators: list[str], value: _Json) -> _Json:
    fields: _Json = {"field": _FIELD, "op": {"type": "string", "enum": operators}, "value": value}
    return {
        "type": "object",
        "required": [name for name in fields if name != "value" or value.get("type") != "null"],
        "properties": fields,
        "additionalProperties": False,
    }


_ROWS = [
    _row(["=", "!="], _SCALAR),
    _row([">", ">=", "<", "<="], {"anyOf": [_TEXT, *_NUMBER["anyOf"]]}),
    _row(["in"], {"type": "array", "minItems": 1, "maxItems": LIST_MAX, "items": _SCALAR}),
    _row(
        ["contains", "not_contains", "starts_with", "ends_with", "like"],
        {"type": "string", "minLength": 1, "maxLength": PATTERN_MAX},
    ),
    _row(list(TAKES_NOTHING), {"type": "null"}),
]


def _object(key: str, items: _Json) -> _Json:
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"type": "array", "minItems": 1, "maxItems": ROWS_MAX, "items": items}},
        "additionalProperties": False,
    }


OBJECT: _Json = {
    **_object("any", _object("all", {"anyOf": _ROWS})),
    "description": f"Groups, any of which must hold with all of its rows; {ROWS_MAX} rows together",
    "examples": [EXAMPLE],
}
_AS_TEXT: _Json = {
    "type": "string",
    "description": "One row a line, `or` on a line of its own between groups",
    "examples": [TEXT_EXAMPLE],
}
_DESCRIPTION = "Which events of these types are sent, by what stands in their data; null for all"

GivenFilter = Annotated[
    Any,
    WithJsonSchema({"anyOf": [OBJECT, _AS_TEXT, {"type": "null"}], "description": _DESCRIPTION}),
]
ShownFilter = Annotated[
    dict[str, Any] | None, WithJsonSchema({"anyOf": [OBJECT, {"type": "null"}], "description": _DESCRIPTION})
]
