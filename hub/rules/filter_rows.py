"""One row of a filter: a field, an operator, a value, and whether it holds for an event.

Owns the operators (docs/filters.md): which values each takes and what it means. A row is compiled when it is
made. No user's text ever becomes a regular expression, and no operator takes longer than the text it looks at
is long. Step before: `filters` or `filter_text` has read a row. Step after: `filters` asks one after the
other.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from typing import Any

from hub.rules.facts import Facts, Path, path_of

Value = str | int | float | bool | None
Test = Callable[[Any], bool]

OPERATORS = {
    "=": "is",
    "!=": "is not",
    ">": "is more than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
    "in": "is one of",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "like": "is like",
    "exists": "is there",
    "missing": "is missing",
}
"""Operator → what people read."""

TAKES_NOTHING = ("exists", "missing")
PATTERN_MAX = 200
TEXT_MAX = 1_000
LIST_MAX = 100
SHARED_MAX = 10_000
LOOKED_AT_MAX = 65_536
"""Characters of a value that `contains` and `like` look at."""
SIGNS_LOOKED_AT_MAX = 4_096
"""The same where there is a `?`, of all values together: each costs a step of Python, 0.2 µs."""
FOUND_VALUES = 3
FOUND_MAX = 80

_ORDERED = (">", ">=", "<", "<=")
OF_TEXT = ("contains", "not_contains", "starts_with", "ends_with", "like")
OP_SHOWN_MAX = 20
"""Characters of what stands in an operator's place that an error repeats."""
_OTHER_NAMES = {"==": "=", "===": "=", "is": "=", "equals": "=", "<>": "!=", "not": "!=", "matches": "like"}
_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be asked. Made by `row_of`."""

    field: str
    op: str
    value: Value | tuple[Value, ...]
    holds: Callable[[Facts], bool] = dataclass_field(repr=False)

    def found(self, facts: Facts) -> str:
        """What stands at its field, for people; short."""
        found = facts.at(path_of(self.field))
        if not found.values:
            return "an empty list" if found.is_there else "no such field"
        shown = ", ".join(_shown(value) for value in found.values[:FOUND_VALUES])
        more = len(found.values) - FOUND_VALUES
        return f"{shown} and {more}{' or' if found.is_cut else ''} more" if more > 0 else shown


def row_of(field: str, op: str, value: Any) -> tuple[Row | None, list[tuple[str, str]]]:
    """The row, or what is wrong with it: (`field`, `op` or `value`, what to write instead)."""
    wrong = []
    path: Path = ()
    try:
        path = path_of(field)
    except ValueError as error:
        wrong.append(("field", str(error)))
    reason = _op_error(op)
    if reason:
        wrong.append(("op", reason))
    elif reason := _value_error(op, value):
        wrong.append(("value", reason))
    if wrong:
        return None, wrong
    kept = tuple(value) if isinstance(value, list) else value
    return Row(field, op, kept, _shared(path, op, json.dumps(value))), []


def _op_error(op: str) -> str | None:
    if op in OPERATORS:
        return None
    instead = _OTHER_NAMES.get(op.lower())
    if instead:
        return f"must be {instead}"
    return f"must be one of {' '.join(OPERATORS)}, not {op[:OP_SHOWN_MAX]}"


def _value_error(op: str, value: Any) -> str | None:
    if op in TAKES_NOTHING:
        return None if value is None else f"must be left out: {op} takes none"
    if op == "in":
        if not isinstance(value, list) or not 1 <= len(value) <= LIST_MAX:
            return f"must be a list of 1 to {LIST_MAX} values, such as [1, 2]"
        return next((reason for one in value if (reason := _scalar_error(one))), None)
    if op in OF_TEXT:
        if not isinstance(value, str) or not 1 <= len(value) <= PATTERN_MAX:
            return f"must be a text of 1 to {PATTERN_MAX} characters, in quotation marks"
    elif op in _ORDERED and (isinstance(value, bool) or not isinstance(value, str | int | float)):
        return "must be a number, or a text in quotation marks"
    return _scalar_error(value)


def _scalar_error(value: Any) -> str | None:
    if isinstance(value, str):
        if len(value) > TEXT_MAX:
            return f"has {len(value)} characters; {TEXT_MAX} is the most"
        return None if value.isprintable() or _is_unicode(value) else "holds half of a surrogate pair"
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if value in _INTEGERS else "must be a number of at most 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else "must be a finite number"
    return "must be a text, a number, true, false or null"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(SHARED_MAX)
def _shared(path: Path, op: str, value: str) -> Callable[[Facts], bool]:
    """Rows that are the same are one, so that an event answers it once. By the value's JSON: for Python 1 is
    true and 1.0.
    """
    found = json.loads(value)
    return _compiled(path, op, tuple(found) if isinstance(found, list) else found)


def _compiled(path: Path, op: str, value: Any) -> Callable[[Facts], bool]:
    if op == "exists":
        return lambda facts: facts.at(path).is_there
    if op == "missing":
        return lambda facts: not facts.at(path).is_there and not facts.at(path).is_cut
    if op in ("!=", "not_contains"):
        return _none(path, _equal(value) if op == "!=" else _contains(value))
    if op == "like" and "?" in value:
        return _any_like(path, _fits_signs(value))
    tests: dict[str, Callable[[Any], Test]] = {
        "=": _equal,
        "in": _one_of,
        "contains": _contains,
        "starts_with": lambda start: lambda found: type(found) is str and found.startswith(start),
        "ends_with": lambda end: lambda found: type(found) is str and found.endswith(end),
        "like": _fits_parts,
    }
    return _any(path, tests[op](value) if op in tests else _ordered(op, value))


def _any(path: Path, test: Test) -> Callable[[Facts], bool]:
    def holds(facts: Facts) -> bool:
        for value in facts.at(path).values:  # noqa: SIM110 - a generator would take twice the time
            if test(value):
                return True
        return False

    return holds


def _any_like(path: Path, fits: Callable[[str], bool]) -> Callable[[Facts], bool]:
    """Whether a text fits, of those within the first SIGNS_LOOKED_AT_MAX characters of them all."""

    def holds(facts: Facts) -> bool:
        left = SIGNS_LOOKED_AT_MAX
        for value in facts.at(path).values:
            if type(value) is str and fits(value[:left]):
                return True
            left -= len(value) if type(value) is str else 0
            if left <= 0:
                return False
        return False

    return holds


def _none(path: Path, test: Test) -> Callable[[Facts], bool]:
    def holds(facts: Facts) -> bool:
        found = facts.at(path)
        return not found.is_cut and not any(map(test, found.values))

    return holds


def _equal(wanted: Value) -> Test:
    if wanted is None or isinstance(wanted, bool):
        return lambda found: found is wanted
    if isinstance(wanted, str):
        return lambda found: found == wanted
    # For Python true is 1.
    return lambda found: found == wanted and type(found) is not bool


def _one_of(wanted: tuple[Value, ...]) -> Test:
    texts = frozenset(one for one in wanted if isinstance(one, str))
    others = [_equal(one) for one in wanted if not isinstance(one, str)]
    return lambda found: found in texts if type(found) is str else any(test(found) for test in others)


def _ordered(op: str, wanted: str | int | float) -> Test:
    """Numbers by size, texts by their characters: times in ISO 8601 come out by time."""
    kinds = (str,) if isinstance(wanted, str) else (int, float)
    compare: dict[str, Test] = {
        ">": lambda found: found > wanted,
        ">=": lambda found: found >= wanted,
        "<": lambda found: found < wanted,
        "<=": lambda found: found <= wanted,
    }
    test = compare[op]
    return lambda found: type(found) in kinds and test(found)


def _contains(part: str) -> Test:
    return lambda found: type(found) is str and found.find(part, 0, LOOKED_AT_MAX) >= 0


def _fits_parts(pattern: str) -> Test:
    """Without `?`: the parts between the stars, each at the first place where it is; Python finds them in
    linear time.
    """
    if "*" not in pattern:
        return _equal(pattern)
    first, *between, last = pattern.split("*")

    def fits(found: Any) -> bool:
        if type(found) is not str:
            return False
        text = found[:LOOKED_AT_MAX]
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return False
        for part in between:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return fits


def _fits_signs(pattern: str) -> Callable[[str], bool]:
    """With `?`: one step a character, whatever the pattern. A bit says that so many signs of the pattern fit
    the text so far (the Shift-And algorithm of Baeza-Yates and Gonnet).
    """
    signs = pattern.replace("*", "")
    anything = sum(1 << n for n, sign in enumerate(signs) if sign == "?")
    by_sign = {
        sign: anything | sum(1 << n for n, one in enumerate(signs) if one == sign) for sign in set(signs)
    }
    stars = 0
    at = 0
    for sign in pattern:
        if sign == "*":
            stars |= 1 << at
        else:
            at += 1
    # Nearly every text lacks it, and Python says so a thousand times faster than the steps below.
    longest = max(pattern.replace("*", "?").split("?"), key=len)

    def fits(text: str) -> bool:
        if longest not in text:
            return False
        state = 1
        for sign in text:
            state = ((state & by_sign.get(sign, anything)) << 1) | (state & stars)
            if not state:
                return False
        return bool(state >> at)

    return fits


def _shown(value: Any) -> str:
    if type(value) is dict:
        return "an object"
    cut = value[:FOUND_MAX] if type(value) is str else value
    return json.dumps(cut, ensure_ascii=False)[:FOUND_MAX] + (
        "…" if cut is not value and cut != value else ""
    )
