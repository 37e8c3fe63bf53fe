"""Filters as text: one row a line, `or` on a line of its own between groups.

Owns the way between rows and their text, which loses nothing either way; empty lines mean nothing. Values are
JSON, so that 3 and "3" stay two things. What a row may be, `filter_rows` says. Pure.
"""

import json
from typing import Any

from hub.errors import FieldError
from hub.rules.facts import FIELD
from hub.rules.filter_rows import TAKES_NOTHING

CHARS_MAX = 50_000

RawRow = dict[str, Any]
_SIGNS = "=!<>"


class _Misread(Exception):
    def __init__(self, part: str, reason: str) -> None:
        super().__init__(reason)
        self.part = part
        self.reason = reason


def read(text: str) -> tuple[list[list[RawRow]], dict[str, int], list[FieldError]]:
    """Groups of rows as objects, not yet checked; the line of each row, by its path; and what cannot be read,
    by the path of the row and its part.
    """
    groups: list[list[RawRow]] = [[]]
    lines: dict[str, int] = {}
    errors: list[FieldError] = []
    if len(text) > CHARS_MAX:
        return groups, lines, [("filter", f"has {len(text)} characters; {CHARS_MAX} is the most")]
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if line.lower() == "or":
            groups.append([])
        elif line:
            path = f"filter.any[{len(groups) - 1}].all[{len(groups[-1])}]"
            lines[path] = number
            try:
                groups[-1].append(_row(line))
            except _Misread as misread:
                groups[-1].append({})
                errors.append((f"{path}.{misread.part}", f"line {number}: {misread.reason}"))
    if not any(groups) and not errors:
        errors.append(("filter", "is empty: write a row such as state = 3, or null to have no filter"))
    elif not all(groups):
        n = next(n for n, group in enumerate(groups) if not group)
        errors.append((f"filter.any[{n}].all", "has no row: `or` stands between rows"))
    return groups, lines, errors


def written(field: str, op: str, value: object) -> str:
    """A row as its line."""
    if op in TAKES_NOTHING:
        return f"{field} {op}"
    return f"{field} {op} {json.dumps(value, ensure_ascii=False)}"


def _row(line: str) -> RawRow:
    start = 1 if line.startswith("@") else 0
    match = FIELD.match(line, start)
    if match is None:
        raise _Misread("field", f"begin with a field such as feature.name, not {line[:40]}")
    field, rest = line[: match.end()], line[match.end() :]
    op, rest = _op(rest)
    if op in TAKES_NOTHING and not rest:
        return {"field": field, "op": op}
    if not rest:
        raise _Misread("value", f"write a value after {op}")
    try:
        value = json.loads(rest, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _Misread("value", _no_value(rest)) from None
    return {"field": field, "op": op, "value": value}


def _op(rest: str) -> tuple[str, str]:
    """The operator and what follows it; signs need no blanks around them."""
    stripped = rest.lstrip()
    if stripped[:1] and stripped[0] in _SIGNS:
        op = stripped[: len(stripped) - len(stripped.lstrip(_SIGNS))]
        return op, stripped[len(op) :].strip()
    if not stripped or stripped is rest:
        raise _Misread(
            "op", f"write an operator such as = after the field{f', not {rest[:40]}' if rest else ''}"
        )
    op, _, value = stripped.partition(" ")
    return op, value.strip()


def _no_value(text: str) -> str:
    if text[0] in '"[{':
        return f"this value cannot be read as JSON: {text[:40]}"
    return f'texts stand in quotation marks: "{text[:40]}"; and each row on a line of its own'


def _no_constant(text: str) -> Any:
    raise ValueError(text)
