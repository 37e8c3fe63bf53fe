"""What a published body must look like, read strictly and without changing a byte.

Owns the reading of `POST /events` (docs/publish.md): one event, an array, or NDJSON. `data` is kept as the slice
that was received, because those bytes are signed and sent. JSON that readers disagree on is refused here, before
anything is stored: duplicate keys, NaN and infinities, lone surrogates, bytes that are no UTF-8, nesting beyond 64.
Step after: `operations.publishing`.

Raised are Malformed (it is no JSON), TooLarge, or Invalid (wrong fields): with every wrong field at once.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from hub.errors import FieldError, Invalid, Malformed, TooLarge
from hub.rules import catalogue
from hub.timestamps import parse_iso

DEPTH_MAX = 64
EVENTS_MAX = 1_000
KEY_MAX_LENGTH = 512
FIELDS = ("type", "data", "id", "occurred_at")
ERRORS_MAX = 100
_GRAVITY = (Malformed, TooLarge, Invalid)
"""Of several events' refusals the first of these names them all."""

_SURROGATE_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Unrolled: an alternative for each character would keep one entry a byte of a long text.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]')


@dataclass(frozen=True, slots=True)
class Published:
    """One event as it was published."""

    type: str
    data: bytes
    key: str | None
    """The caller's idempotency key."""
    occurred_at: float | None


def read_one_or_many(body: bytes, data_bytes_max: int) -> tuple[list[Published], bool]:
    """The events of a JSON body, and whether it was an array; `[3].data` names a field of its fourth."""
    _check_utf8(body, "body")
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        return [_read_item(body, "", data_bytes_max)], False
    items = _decode(body, list[msgspec.Raw], "body", "an array of events")
    return _read_items([(f"[{n}]", bytes(item)) for n, item in enumerate(items)], data_bytes_max), True


def read_lines(body: bytes, data_bytes_max: int) -> list[Published]:
    """The events of an NDJSON body, one a line; empty lines are passed over."""
    _check_utf8(body, "body")
    lines = [
        line for line in body.split(b"\n") if line.strip()
    ]  # not at \r, which is white space inside a value
    return _read_items([(f"[{n}]", line) for n, line in enumerate(lines)], data_bytes_max)


def read_object(body: bytes) -> dict[str, Any]:
    """A strictly read JSON object, for the calls whose body is no event."""
    _check_utf8(body, "body")
    _decode(body, dict[str, msgspec.Raw], "body", "a JSON object")
    if body.count(b"{") + body.count(b"[") > DEPTH_MAX and _depth(body) > DEPTH_MAX:
        raise Invalid([("body", f"is nested deeper than {DEPTH_MAX}")])
    if _has_lone_surrogate(body):
        raise Invalid([("body", _LONE_SURROGATE)])
    try:
        found = json.loads(body, object_pairs_hook=_without_duplicates, parse_float=_finite)
    except _Refused as refused:
        raise Invalid([(refused.name or "body", refused.message)]) from refused
    except ValueError as error:  # a whole number of more than 4,300 digits
        raise Invalid([("body", "holds a number too long to be read")]) from error
    return dict(found)


def _read_items(items: list[tuple[str, bytes]], data_bytes_max: int) -> list[Published]:
    if not 1 <= len(items) <= EVENTS_MAX:
        raise Invalid(
            [("body", f"there must be 1 to {EVENTS_MAX} events in one request, here are {len(items)}")]
        )
    read: list[Published] = []
    refusals: list[Invalid] = []
    for path, item in items:
        try:
            read.append(_read_item(item, path, data_bytes_max))
        except Invalid as refused:
            refusals.append(refused)
    if refusals:
        gravest = min((type(refused) for refused in refusals), key=_GRAVITY.index)
        raise gravest([error for refused in refusals for error in refused.errors][:ERRORS_MAX])
    return read


def _read_item(item: bytes, path: str, data_bytes_max: int) -> Published:
    fields = _decode(item, dict[str, msgspec.Raw], path or "body", "a JSON object with type and data")
    raw_data = bytes(fields["data"]) if "data" in fields else b""
    _check_strict(item, raw_data, path)
    errors = [
        (_at(path, name), f"there is no such field; an event has: {', '.join(FIELDS)}")
        for name in fields
        if name not in FIELDS
    ]
    event_type, key, occurred_at = (_value(fields, name) for name in ("type", "id", "occurred_at"))
    errors += _type_errors(event_type, _at(path, "type"))
    errors += _data_errors(raw_data, _at(path, "data"))
    if key is not None and not (isinstance(key, str) and 1 <= len(key) <= KEY_MAX_LENGTH):
        errors.append(
            (_at(path, "id"), f"your idempotency key must be a text of 1 to {KEY_MAX_LENGTH} characters")
        )
    moment = _moment(occurred_at, _at(path, "occurred_at"), errors)
    if errors:
        raise Invalid(errors)
    if len(raw_data) > data_bytes_max:
        raise TooLarge(
            [(_at(path, "data"), f"has {len(raw_data)} bytes; an event may have {data_bytes_max}")]
        )
    return Published(event_type, raw_data, key, moment)


def _value(fields: dict[str, msgspec.Raw], name: str) -> Any:
    # parse_int: a whole number of more than 4,300 digits is an error of Python's, and no field here is a
    # number.
    return json.loads(bytes(fields[name]), parse_int=float) if name in fields else None


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _check_utf8(body: bytes, field: str) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Malformed([(field, f"must be UTF-8; byte {error.start} is not")]) from error


def _decode(text: bytes, kind: Any, field: str, wanted: str) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise Invalid([(field, f"must be {wanted}")]) from error
    except RecursionError as error:
        raise Invalid([(field, f"is nested deeper than {DEPTH_MAX}")]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if _has_lone_surrogate(text):
            raise Invalid([(field, _LONE_SURROGATE)]) from error
        reason = str(error).removeprefix("JSON is malformed: ")
        raise Malformed([(field, f"is not valid JSON: {reason}")]) from error


_LONE_SURROGATE = "holds half of a surrogate pair (\\ud800 to \\udfff): no text can be made of it"


class _Refused(ValueError):
    def __init__(self, name: str | None, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


def _check_strict(item: bytes, raw_data: bytes, path: str) -> None:
    """Refuse what JSON readers disagree on. The item has been decoded once, so its grammar is right."""
    if item.count(b"{") + item.count(b"[") > DEPTH_MAX and _depth(item) > DEPTH_MAX + 1:
        raise Invalid([(_at(path, "data"), f"is nested deeper than {DEPTH_MAX}")])
    if _has_lone_surrogate(item):
        raise Invalid(
            [(_at(path, "data") if _has_lone_surrogate(raw_data) else path or "body", _LONE_SURROGATE)]
        )
    try:
        _read_strictly(item)
    except _Refused as refused:
        raise Invalid([(_blamed(refused, raw_data, path), refused.message)]) from refused


def _blamed(refused: _Refused, raw_data: bytes, path: str) -> str:
    try:
        _read_strictly(raw_data or b"null")
    except _Refused:
        return _at(path, "data")
    return _at(path, refused.name or "body")


def _read_strictly(text: bytes) -> None:
    json.loads(text, object_pairs_hook=_without_duplicates, parse_float=_finite, parse_int=str)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        raise _Refused(name, f"the key {name!r} stands there twice: readers would disagree on its value")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Refused(None, f"the number {text[:40]} is too large for any reader")
    return value


def _has_lone_surrogate(text: bytes) -> bool:
    if not _SURROGATE.search(text):
        return False
    return _SURROGATE.search(_SURROGATE_PAIR.sub(b"", text.replace(b"\\\\", b""))) is not None


def _depth(text: bytes) -> int:
    deepest = depth = 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest


def _type_errors(event_type: Any, field: str) -> list[FieldError]:
    if event_type is None:
        return [(field, "is missing: say which event type, such as story.create")]
    reason = catalogue.form_error(event_type) if isinstance(event_type, str) else catalogue.NO_EVENT_TYPE
    return [] if reason is None else [(field, reason)]


def _data_errors(raw: bytes, field: str) -> list[FieldError]:
    if not raw:
        return [(field, "is missing: give the full JSON object")]
    if not raw.startswith(b"{"):
        return [(field, "must be a JSON object")]
    return []


def _moment(value: Any, field: str, errors: list[FieldError]) -> float | None:
    if value is None:
        return None
    try:
        moment = parse_iso(value)
        if (
            not 0 <= moment < 253_402_300_799
        ):  # years 1970 to 9999, and still so when rounded to a millisecond
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        errors.append((field, "must be an ISO 8601 time, such as 2026-11-23T21:04:06Z"))
        return None
    return moment
