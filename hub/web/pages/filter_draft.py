"""What somebody has typed into the filter of a hook's form: rows, or text.

Owns the way between the form's fields and a filter, both ways, and what is offered while typing. In a row a
value stands as people write it: `done` is a text, 3 a number, "3" a text again. Step before: `hook_draft`
reads the form. Step after: `rules.filters` says what is wrong, by the path of the row.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from hub.rules import filter_text, filters
from hub.rules.facts import FIELD
from hub.rules.filter_rows import OF_TEXT, TAKES_NOTHING
from hub.rules.filters import Filter, Unreadable
from hub.web.body import Form

BUTTONS = frozenset({"filter_and", "filter_or", "filter_remove", "filter_as"})
"""Buttons that change the filter's part of the form and save nothing."""
OFFERED_MAX = 200
MEMBERS_MAX = 3
DEPTH_MAX = 5
SAMPLES_SHOWN = 3
SAMPLE_CHARS = 30

_ROW = re.compile(r"filter\.any\[(\d+)\]\.all\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class RowDraft:
    """One row as typed."""

    field: str = ""
    op: str = "="
    value: str = ""


@dataclass(frozen=True, slots=True)
class FilterDraft:
    """A filter as typed: groups of rows, or text."""

    groups: tuple[tuple[RowDraft, ...], ...] = ()
    text: str = ""
    is_text: bool = False

    @property
    def shown_groups(self) -> tuple[tuple[RowDraft, ...], ...]:
        """There is a row to type into always."""
        return self.groups or ((RowDraft(),),)


def of_filter(stored: Filter | Unreadable | None) -> FilterDraft:
    if stored is None:
        return FilterDraft()
    if isinstance(stored, Unreadable):
        return FilterDraft(text=stored.text, is_text=True)
    groups = tuple(
        tuple(RowDraft(row.field, row.op, _shown(row.op, row.value)) for row in group)
        for group in stored.groups
    )
    return FilterDraft(groups, stored.text)


def of_form(form: Form) -> FilterDraft:
    """What has been typed, after the button that was pressed. Rows with nothing in them are none."""
    text = form.get("filter_text", "").replace("\r\n", "\n")
    draft = FilterDraft(_groups(form), text, form.get("filter_mode") == "text")
    if "filter_as" in form:
        return _turned(draft, form.get("filter_as") == "text")
    groups = draft.groups
    if "filter_and" in form:
        place = _number(form.get("filter_and", ""))
        groups = tuple((*group, RowDraft()) if n == place else group for n, group in enumerate(groups))
    elif "filter_or" in form and groups:
        groups = (*groups, (RowDraft(),))
    return replace(draft, groups=groups)


def read(draft: FilterDraft) -> Filter | Unreadable | None:
    """What it asks for; None when nothing was typed."""
    if draft.is_text:
        return filters.read(draft.text) if draft.text.strip() else None
    groups = [[_object(row) for row in group] for group in draft.groups]
    return filters.read({"any": [{"all": group} for group in groups]}) if groups else None


def errors_by_row(found: Filter | Unreadable | None) -> Mapping[tuple[int, int], str]:
    """(group, row) → what is wrong with it."""
    wrong: dict[tuple[int, int], str] = {}
    for path, message in found.errors if isinstance(found, Unreadable) else ():
        if match := _ROW.match(path):
            at = int(match[1]), int(match[2])
            said = f"{path.rpartition('.')[2].capitalize()} {message}."
            wrong[at] = f"{wrong[at]} {said}" if at in wrong else said
    return wrong


def offered(recent: Iterable[bytes]) -> list[tuple[str, str]]:
    """Fields of events' data with some of their values, in the order in which they were found."""
    values: dict[str, dict[str, None]] = {}
    for data in recent:
        for name, value in _fields_of(msgspec.json.decode(data), "", 0):
            if name in values or len(values) < OFFERED_MAX:
                values.setdefault(name, {})[value] = None
    return [(name, ", ".join(list(found)[:SAMPLES_SHOWN])) for name, found in values.items()]


def _groups(form: Form) -> tuple[tuple[RowDraft, ...], ...]:
    names = ("filter_group", "filter_field", "filter_op", "filter_value")
    removed = _number(form.get("filter_remove", ""))
    groups: dict[str, list[RowDraft]] = {}
    rows = zip(*(form.getlist(name) for name in names), strict=False)
    for place, (group, name, op, value) in enumerate(rows):
        if (name.strip() or value.strip()) and place != removed:
            groups.setdefault(group, []).append(RowDraft(name.strip(), op, value.strip()))
    return tuple(map(tuple, groups.values()))


def _turned(draft: FilterDraft, to_text: bool) -> FilterDraft:
    """As text, or as rows where the text can be read."""
    found = read(draft)
    if to_text and not draft.is_text:
        text = found.text if isinstance(found, Filter) else "\nor\n".join(map(_lines, draft.groups))
        return FilterDraft(text=text, is_text=True)
    if not to_text and draft.is_text:
        return draft if isinstance(found, Unreadable) else of_filter(found)
    return draft


def _lines(rows: Iterable[RowDraft]) -> str:
    """Rows that cannot be read, as near to their text as they are."""
    return "\n".join(
        filter_text.written(row.field, row.op, _value(row.op, row.value)).removesuffix(' ""') for row in rows
    )


def _object(row: RowDraft) -> dict[str, Any]:
    made: dict[str, Any] = {"field": row.field, "op": row.op}
    if row.op not in TAKES_NOTHING and row.value:
        made["value"] = _value(row.op, row.value)
    return made


def _value(op: str, text: str) -> Any:
    if op == "in":
        found = _json(text)
        return found if isinstance(found, list) else [_scalar(part.strip()) for part in text.split(",")]
    if op in OF_TEXT:
        return _json(text) if text.startswith('"') else text
    return _scalar(text)


def _scalar(text: str) -> Any:
    found = _json(text)
    return text if isinstance(found, list | dict) else found


def _json(text: str) -> Any:
    """Its value; what is no JSON is a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _shown(op: str, value: Any) -> str:
    """As `_value` reads it again."""
    if op in TAKES_NOTHING:
        return ""
    if isinstance(value, str) and value and value == value.strip() and _value(op, value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _fields_of(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for member in value[:MEMBERS_MAX]:
            yield from _fields_of(member, name, depth)
    elif isinstance(value, dict):
        for key, below in value.items() if depth < DEPTH_MAX else ():
            yield from _fields_of(below, f"{name}.{_named(key)}" if name else _first(key), depth + 1)
    elif name:
        shown = json.dumps(value, ensure_ascii=False)
        yield name, shown if len(shown) <= SAMPLE_CHARS else f"{shown[:SAMPLE_CHARS]}…"


def _first(key: str) -> str:
    """A field that is called data would be taken for the data itself."""
    return f"data.{key}" if key == "data" else _named(key)


def _named(key: str) -> str:
    is_plain = FIELD.fullmatch(key) and not {".", '"'} & set(key) and not key.startswith("@")
    return key if is_plain else json.dumps(key, ensure_ascii=False)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def places(groups: Sequence[Sequence[RowDraft]]) -> list[list[tuple[int, RowDraft]]]:
    """The rows with their number in the form, over all groups."""
    number = iter(range(sum(map(len, groups))))
    return [[(next(number), row) for row in group] for group in groups]
