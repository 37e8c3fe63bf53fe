"""What a published body must look like, read strictly and without changing a byte.

Owns the reading of `POST /events` (docs/publish.md): one event, an array, or NDJSON. `data` is kept as the
slice that was received, because those bytes are signed and sent; what readers disagree on is refused
(`strict_json`). Sizes and counts are looked at before anything is read. Step after: `operations.publishing`.

Raised are Malformed (it is no JSON), TooLarge, or Invalid (wrong fields): with every wrong field at once.
"""

import json
import re
from itertools import islice
from typing import Any

import msgspec
from msgspec import Raw

from hub.errors import FieldError, Invalid, Malformed, TooLarge
from hub.rules import catalogue, strict_json
from hub.timestamps import parse_iso

EVENTS_MAX = 1_000
KEY_MAX_LENGTH = 512
ENVELOPE_BYTES_MAX = 65_536
"""What an event may have besides its data."""
FIELDS = ("type", "data", "id", "occurred_at", "deliver_at")
LATER_MAX_S = 30 * 86_400
"""How far ahead an event may be due."""
ERRORS_MAX = 100

_GRAVITY = (Malformed, TooLarge, Invalid)
"""Of several events' refusals the first of these names them all."""
_NONE = Raw()
_Items = msgspec.defstruct(
    "_Items", [(f"item{n}", Raw, _NONE) for n in range(EVENTS_MAX + 1)], array_like=True
)
"""An array of which only so many items are read, however many follow."""


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    """An event whose fields have the right names and kinds."""

    type: str
    data: Raw
    id: str | None = None
    occurred_at: str | None = None
    deliver_at: str | None = None


_PLAIN = msgspec.json.Decoder(_Plain)
_LINES = re.compile(rb"[^\n]+")  # not at \r, which is white space inside a value
_ALIASES = {
    **dict.fromkeys(
        ("event_type", "eventType", "event", "event_name", "name", "topic", "kind", "action"), "type"
    ),
    **dict.fromkeys(("payload", "body", "message", "object", "content", "attributes", "properties"), "data"),
    **dict.fromkeys(("event_id", "eventId", "idempotency_key", "idempotencyKey", "key", "uid", "uuid"), "id"),
    **dict.fromkeys(("timestamp", "time", "date", "created_at", "occurredAt", "happened_at"), "occurred_at"),
}
"""What other hubs call our fields."""


class Published(msgspec.Struct, frozen=True):
    """One event as it was published."""

    type: str
    data: bytes
    key: str | None
    """The caller's idempotency key."""
    occurred_at: float | None
    deliver_at: float | None = None
    """When it is due; who gets it is asked then. None: at once."""


def read_one_or_many(body: bytes, data_bytes_max: int) -> tuple[list[Published], bool]:
    """The events of a JSON body, and whether it was an array; `[3].data` names a field of its fourth."""
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        return [_read_item(body, "", data_bytes_max)], False
    found = strict_json.decode(body, _Items, "body", "an array of events")
    items = [item for item in msgspec.structs.astuple(found) if item is not _NONE]
    return _read_items(items, data_bytes_max), True


def read_lines(body: bytes, data_bytes_max: int) -> list[Published]:
    """The events of an NDJSON body, one a line; empty lines are passed over."""
    lines = (line.group() for line in _LINES.finditer(body))
    return _read_items(list(islice((line for line in lines if line.strip()), EVENTS_MAX + 1)), data_bytes_max)


def _read_items(items: list[Any], data_bytes_max: int) -> list[Published]:
    if not 1 <= len(items) <= EVENTS_MAX:
        found = len(items) if len(items) <= EVENTS_MAX else "more"
        raise Invalid([("body", f"there must be 1 to {EVENTS_MAX} events in one request, here are {found}")])
    read: list[Published] = []
    refusals: list[Invalid] = []
    for n, item in enumerate(items):
        try:
            read.append(_read_item(bytes(item), f"[{n}]", data_bytes_max))
        except Invalid as refused:
            refusals.append(refused)
    if refusals:
        gravest = min((type(refused) for refused in refusals), key=_GRAVITY.index)
        raise gravest([error for refused in refusals for error in refused.errors][:ERRORS_MAX])
    return read


def _read_item(item: bytes, path: str, data_bytes_max: int) -> Published:
    if len(item) > data_bytes_max + ENVELOPE_BYTES_MAX:
        raise _too_large(path, f"more than {data_bytes_max}", data_bytes_max)
    return _read_plain(item, data_bytes_max) or _read_thoroughly(item, path, data_bytes_max)


def _read_plain(item: bytes, data_bytes_max: int) -> Published | None:
    """An event with nothing to object to, read in a third of the time; None: look at it thoroughly, and say
    what is wrong.
    """
    try:
        found = _PLAIN.decode(item)
        if strict_json.fault_in(item, strict_json.DEPTH_MAX + 1) is not None:
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    data = bytes(found.data)
    if len(data) > data_bytes_max or len(item) - len(data) > ENVELOPE_BYTES_MAX or data[:1] != b"{":
        return None

    errors: list[FieldError] = []
    moment = _moment(found.occurred_at, "", errors)
    due = _moment(found.deliver_at, "", errors)
    has_key = found.id is None or 1 <= len(found.id) <= KEY_MAX_LENGTH
    if errors or not has_key or catalogue.form_error(found.type):
        return None
    return Published(found.type, data, found.id, moment, due)


def _read_thoroughly(item: bytes, path: str, data_bytes_max: int) -> Published:
    strict_json.check_utf8(item, path or "body")
    fields = strict_json.decode(item, dict[str, Raw], path or "body", "a JSON object with type and data")
    data = bytes(fields["data"]) if "data" in fields else b""
    if len(data) > data_bytes_max:
        raise _too_large(path, f"{len(data)}", data_bytes_max)
    if len(item) - len(data) > ENVELOPE_BYTES_MAX:
        raise TooLarge([(path or "body", f"may have {ENVELOPE_BYTES_MAX} bytes besides its data")])
    _check_strict(item, data, path)

    errors = _unknown_fields(fields, path)
    event_type, key = _value(fields, "type"), _value(fields, "id")
    errors += _type_errors(event_type, _at(path, "type"))
    errors += _data_errors(data, _at(path, "data"))
    if key is not None and not (isinstance(key, str) and 1 <= len(key) <= KEY_MAX_LENGTH):
        errors.append(
            (_at(path, "id"), f"your idempotency key must be a text of 1 to {KEY_MAX_LENGTH} characters")
        )
    moment = _moment(_value(fields, "occurred_at"), _at(path, "occurred_at"), errors)
    due = _moment(_value(fields, "deliver_at"), _at(path, "deliver_at"), errors)
    if errors:
        raise Invalid(errors)
    return Published(event_type, data, key, moment, due)


def due_error(event: Published, now: float) -> str | None:
    """Why an event cannot be due when it says; None when it can. A time that has gone by means at once."""
    if event.deliver_at is None or event.deliver_at <= now + LATER_MAX_S:
        return None
    return f"may be at most {LATER_MAX_S // 86_400} days ahead"


def _too_large(path: str, found: str, data_bytes_max: int) -> TooLarge:
    return TooLarge([(_at(path, "data"), f"has {found} bytes; an event may have {data_bytes_max}")])


def _check_strict(item: bytes, data: bytes, path: str) -> None:
    """Refuse what JSON readers disagree on, and say where: in the data, or in the event around it."""
    fault = strict_json.fault_in(item, strict_json.DEPTH_MAX + 1)
    if fault is None:
        return
    in_data = strict_json.fault_in(data) if data else None
    if in_data is not None:
        raise Invalid([(_at(path, "data"), in_data.message)])
    raise Invalid([(_at(path, fault.key) if fault.key else path or "body", fault.message)])


def _unknown_fields(fields: dict[str, Raw], path: str) -> list[FieldError]:
    return [
        (_at(path, name), f"there is no such field{_instead(name)}; an event has: {', '.join(FIELDS)}")
        for name in fields
        if name not in FIELDS
    ][:ERRORS_MAX]


def _instead(name: str) -> str:
    return f": call it {_ALIASES[name]}" if name in _ALIASES else ""


def _value(fields: dict[str, Raw], name: str) -> Any:
    # parse_int: a whole number of more than 4,300 digits is an error of Python's, and no field here is a
    # number.
    return json.loads(bytes(fields[name]), parse_int=float) if name in fields else None


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


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
    except (ValueError, TypeError):
        errors.append((field, "must be an ISO 8601 time, such as 2026-11-23T21:04:06Z"))
        return None
    if not 0 <= moment < 253_402_300_799:  # still so when it is rounded to a millisecond
        errors.append((field, "must lie in the years 1970 to 9999"))
        return None
    return moment
