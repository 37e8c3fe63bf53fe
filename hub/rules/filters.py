"""Filters: which events of the types that it wants a hook gets (docs/filters.md).

Owns what a filter is: groups of rows, of which any group must hold with all of its rows. Owns how it is read,
as an object or as text (`filter_text`), and why it did not let an event through. A filter that cannot be read
lets nothing through, and says so. Pure. Step before: a door or the store has one to read. Step after:
`matching` asks it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hub.errors import FieldError
from hub.rules import filter_text
from hub.rules.facts import Facts
from hub.rules.filter_rows import OPERATORS, TAKES_NOTHING, Row, row_of

ROWS_MAX = 30
ERRORS_MAX = 30
NAME = "filter"
STORED_KEPT = 2_000
"""Filters that are kept as they were read: lists of hooks read the same ones again and again."""

_ROW_KEYS = ("field", "op", "value")
_EXAMPLE = '{"any": [{"all": [{"field": "state", "op": "=", "value": 3}]}]}'
_NOTHING_PASSES = "its filter lets nothing through (it cannot be read)"
_NO_ROWS = "has no row: name at least one, such as state = 3"


@dataclass(frozen=True, slots=True)
class Failed:
    """The first row of a filter that an event did not pass."""

    path: str
    """`filter.any[0].all[2]`."""
    row: str
    """As text: `state = 3`."""
    found: str
    """What the event has there, shortened; it is part of the event's data."""

    @property
    def reason(self) -> str:
        if self.path == NAME:
            return _NOTHING_PASSES
        return f"the filter's row {self.row} failed (found {self.found})"

    @property
    def reason_unseen(self) -> str:
        """For those who must not see what events hold."""
        return _NOTHING_PASSES if self.path == NAME else f"the filter's row {self.row} failed"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that can be asked. Two are the same when they are written the same."""

    json: str
    """Its object in one line, as it is kept."""
    groups: tuple[tuple[Row, ...], ...] = field(compare=False, repr=False)

    def holds(self, facts: Facts) -> bool:
        known = facts.known
        for group in self.groups:
            for row in group:
                holds = row.holds
                answer = known.get(holds)
                if answer is None:
                    answer = known[holds] = holds(facts)
                if not answer:
                    break
            else:
                return True
        return False

    def failed(self, facts: Facts) -> Failed | None:
        """None when it holds."""
        if self.holds(facts):
            return None
        n, row = next((n, row) for n, row in enumerate(self.groups[0]) if not row.holds(facts))
        return Failed(f"{NAME}.any[0].all[{n}]", _text_of(row), row.found(facts))

    @property
    def text(self) -> str:
        """One row a line, `or` between groups."""
        return "\nor\n".join("\n".join(_text_of(row) for row in group) for group in self.groups)

    @property
    def object(self) -> dict[str, Any]:
        return dict(json.loads(self.json))


UNREADABLE = "its filter cannot be read"
"""What begins the reason of a hook that stands still for it."""


def is_unreadable(reason: str | None) -> bool:
    """Whether a hook stands still for its filter, by the reason why it is off."""
    return reason is not None and reason.startswith(UNREADABLE)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that stands where a filter should, and is none."""

    text: str
    """What stands there."""
    errors: tuple[FieldError, ...]

    @property
    def reason(self) -> str:
        path, message = self.errors[0]
        return f"{UNREADABLE}: {path} {message}"

    def failed(self, facts: Facts) -> Failed:
        return Failed(NAME, self.text[:100], "a filter that cannot be read")


def read(raw: object) -> Filter | Unreadable:
    """A filter as somebody gives it: its object, or its text."""
    if not isinstance(raw, str):
        return _of_object(raw, json.dumps(raw, default=str))
    groups, lines, errors = filter_text.read(raw)
    if errors:
        return Unreadable(raw, tuple(errors[:ERRORS_MAX]))
    found = _of_object({"any": [{"all": group} for group in groups]}, raw)
    if isinstance(found, Filter):
        return found
    return Unreadable(raw, tuple((path, _by_line(path, lines) + message) for path, message in found.errors))


@lru_cache(STORED_KEPT)
def stored(text: str) -> Filter | Unreadable:
    """A filter as it is kept."""
    try:
        return _of_object(json.loads(text), text)
    except (ValueError, RecursionError):
        return Unreadable(text, ((NAME, "is no JSON"),))


def _by_line(path: str, lines: Mapping[str, int]) -> str:
    number = lines.get(path.rpartition(".")[0])
    return f"line {number}: " if number else ""


def _of_object(raw: object, text: str) -> Filter | Unreadable:
    errors: list[FieldError] = []
    groups = [
        _group(group, f"{NAME}.any[{n}]", errors)
        for n, group in enumerate(_list_in(raw, "any", NAME, errors))
    ]
    rows = sum(map(len, groups))
    if not errors and rows > ROWS_MAX:
        errors.append((NAME, f"has {rows} rows; {ROWS_MAX} is the most"))
    if errors:
        return Unreadable(text, tuple(errors[:ERRORS_MAX]))
    canonical = {"any": [{"all": [_object_of(row) for row in group]} for group in groups]}
    return Filter(json.dumps(canonical), tuple(groups))


def _group(raw: object, path: str, errors: list[FieldError]) -> tuple[Row, ...]:
    rows = []
    for n, one in enumerate(_list_in(raw, "all", path, errors)):
        row = _row(one, f"{path}.all[{n}]", errors)
        rows += [] if row is None else [row]
    return tuple(rows)


def _row(raw: object, path: str, errors: list[FieldError]) -> Row | None:
    if not isinstance(raw, dict):
        errors.append((path, 'must be a row such as {"field": "state", "op": "=", "value": 3}'))
        return None
    wrong = _unknown(raw, _ROW_KEYS, path)
    for name in ("field", "op"):
        if not isinstance(raw.get(name), str):
            wrong.append((f"{path}.{name}", "is missing" if name not in raw else "must be a text"))
    if not wrong and raw["op"] in OPERATORS and raw["op"] not in TAKES_NOTHING and "value" not in raw:
        wrong.append((f"{path}.value", f"is missing: {raw['op']} takes one"))
    if wrong:
        errors += wrong
        return None
    row, reasons = row_of(raw["field"], raw["op"], raw.get("value"))
    errors += [(f"{path}.{name}", reason) for name, reason in reasons]
    return row


def _list_in(raw: object, key: str, path: str, errors: list[FieldError]) -> list[Any]:
    """The only member of an object, which must be a list with something in it."""
    if not isinstance(raw, dict):
        errors.append((path, f"must be a text, or an object such as {_EXAMPLE}"))
        return []
    if wrong := _unknown(raw, (key,), path):
        errors += wrong
        return []
    items = raw.get(key)
    if not isinstance(items, list):
        errors.append((f"{path}.{key}", "is missing" if key not in raw else "must be a list"))
        return []
    if not items:
        errors.append((f"{path}.{key}", _NO_ROWS))
    if len(items) > ROWS_MAX:
        errors.append((f"{path}.{key}", f"has {len(items)} entries; a filter can have {ROWS_MAX} rows"))
        return []
    return items


def _unknown(raw: dict[Any, Any], known: Iterable[str], path: str) -> list[FieldError]:
    names = [str(name)[:100] for name in raw if name not in known][:ERRORS_MAX]
    return [(f"{path}.{name}", f"is not known here; there is {', '.join(known)}") for name in names]


def _object_of(row: Row) -> dict[str, Any]:
    bare = {"field": row.field, "op": row.op}
    return bare if row.op in TAKES_NOTHING else {**bare, "value": row.value}


def _text_of(row: Row) -> str:
    return filter_text.written(row.field, row.op, row.value)
