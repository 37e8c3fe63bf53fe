"""JSON that all readers understand alike, and nothing else.

Refused are duplicate keys, numbers beyond a double, halves of surrogate pairs, bytes that are no UTF-8, a
byte order mark, and nesting beyond 64. Readers disagree on what these mean, and what the hub takes is signed
and sent on. Cost and memory grow with the size of a text and never faster. A large text is checked in pieces,
because Python's JSON reader lets no other thread run while it reads.

Raised are Malformed (it is no JSON) or Invalid (readers would disagree on it).
"""

import codecs
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from hub.errors import Invalid, Malformed

DEPTH_MAX = 64
PIECE_BYTES = 65_536
"""Read at once; some 3 ms at the most."""

_LONE_SURROGATE = "holds half of a surrogate pair (\\ud800 to \\udfff): no text can be made of it"
_TOO_DEEP = f"is nested deeper than {DEPTH_MAX}"
_SURROGATE_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Unrolled: an alternative for each character would keep one entry a byte of a long text.
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_STRINGS = re.compile(_STRING)
_KEY = re.compile(rb"\s*[{,]\s*" + _STRING + rb"\s*:\s*")
_ESCAPED_COLON = rb"\u003"  # or another of its neighbours, which are as rare
_END = re.compile(rb"\s*}\s*\Z")
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True, slots=True)
class Fault:
    """Why readers would disagree on a text."""

    message: str
    key: str | None = None
    """The one that stands there twice."""


def decode(text: bytes, kind: Any, field: str, wanted: str) -> Any:
    """The outermost structure of a JSON text; parts of type `Raw` are slices of it, as they came.

    `wanted` says what it must be, `field` names it in errors. Cheap: some milliseconds a megabyte.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise Invalid([(field, f"must be {wanted}")]) from error
    except RecursionError as error:
        raise Invalid([(field, _TOO_DEEP)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        check_utf8(text, field)
        if _has_lone_surrogate(text):
            raise Invalid([(field, _LONE_SURROGATE)]) from error
        reason = str(error).removeprefix("JSON is malformed: ")
        raise Malformed([(field, f"is not valid JSON: {reason}")]) from error


def fault_in(text: bytes, depth_max: int = DEPTH_MAX, piece_bytes: int = PIECE_BYTES) -> Fault | None:
    """What readers disagree on, in a text whose grammar and encoding are right; None when nothing."""
    if len(text) <= piece_bytes and _is_plain(text, depth_max):
        return None
    if _has_lone_surrogate(text):
        return Fault(_LONE_SURROGATE)
    try:
        if len(text) <= piece_bytes:
            _look_through(text, depth_max)
        else:
            for piece, levels in _pieces(text.strip(), depth_max, piece_bytes):
                _look_through(piece, levels)
    except _Faulty as faulty:
        return faulty.fault
    return None


def read_object(body: bytes) -> dict[str, Any]:
    """A whole JSON object, read; `errors` name the key that stands there twice, else `body`."""
    check_utf8(body, "body")
    decode(body, dict[str, Raw], "body", "a JSON object")
    fault = fault_in(body)
    if fault is not None:
        raise Invalid([(fault.key or "body", fault.message)])
    try:
        found = json.loads(body)
    except ValueError as error:  # a whole number of more than 4,300 digits
        raise Invalid([("body", "holds a number too long to be read")]) from error
    return dict(found)


def check_utf8(text: bytes, field: str) -> None:
    """Raises: Malformed."""
    if text.startswith(codecs.BOM_UTF8):
        raise Malformed([(field, "begins with a byte order mark (EF BB BF): send UTF-8 without one")])
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Malformed(
            [(field, "begins with the byte order mark of UTF-16, and must be UTF-8; byte 0 is not")]
        )
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise Malformed([(field, f"must be UTF-8; byte {error.start} is not")]) from error


class _Faulty(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _is_plain(text: bytes, depth_max: int) -> bool:
    """True where there surely is no fault, as in nearly every text; found at a third of the cost of looking
    for one.

    msgspec refuses numbers beyond a double and halves of surrogate pairs, and keeps one value a key. So where
    a key stands twice, what it has read holds fewer colons when it is written again: texts keep theirs, and
    gain none but by an escape.
    """
    if _ESCAPED_COLON in text or _is_deeper(text, depth_max):
        return False
    try:
        written = msgspec.json.encode(msgspec.json.decode(text))
    except (ValueError, RecursionError):  # msgspec's own errors are ValueErrors
        return False
    return written.count(b":") == text.count(b":")


def _look_through(text: bytes, levels: int) -> None:
    """Raises: _Faulty."""
    if _is_deeper(text, levels):
        raise _Faulty(Fault(_TOO_DEEP))
    _READER.decode(text.decode())


def _pieces(text: bytes, levels: int, piece_bytes: int) -> Iterator[tuple[bytes, int]]:
    """A text in pieces that can be read one by one, each with how deep it may be nested. Small members of a
    large object or array are put together in arrays.
    """
    if len(text) <= piece_bytes or text[:1] not in (b"{", b"["):
        yield text, levels
        return
    if not levels:
        raise _Faulty(Fault(_TOO_DEEP))
    together: list[bytes] = []
    size = 0
    for member in map(bytes, _members(text)):
        if len(member) > piece_bytes:
            yield from _pieces(member, levels - 1, piece_bytes)
            continue
        together.append(member)
        size += len(member)
        if size > piece_bytes:
            yield _array(together), levels
            together, size = [], 0
    yield _array(together), levels


def _array(members: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(members) + b"]"


def _members(text: bytes) -> list[Raw]:
    """The members of an array, or the values of an object, none of whose keys stands there twice."""
    if text.startswith(b"["):
        items: list[Raw] = msgspec.json.decode(text, type=list[Raw])
        return items
    by_key = msgspec.json.decode(text, type=dict[str, Raw])
    at = 0
    # Walk over what there is besides the values that were read: a second one under the same key would be in
    # the way.
    for value in by_key.values():
        key = _KEY.match(text, at)
        if key is None or not text.startswith(value, key.end()):
            break
        at = key.end() + len(memoryview(value))
    if not _END.match(text, at):
        json.loads(text, object_pairs_hook=_without_duplicates)
    return list(by_key.values())


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                message = f"the key {name!r} stands there twice: readers would disagree on its value"
                raise _Faulty(Fault(message, name))
            seen.add(name)
    return found


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Faulty(Fault(f"the number {text[:40]} is too large for any reader"))
    return value


# Made once: `json.loads` would make one for each text.
_READER = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_float=_finite, parse_int=str)


def _has_lone_surrogate(text: bytes) -> bool:
    if b"\\u" not in text or not _SURROGATE.search(text):
        return False
    return _SURROGATE.search(_SURROGATE_PAIR.sub(b"", text.replace(b"\\\\", b""))) is not None


def _is_deeper(text: bytes, levels: int) -> bool:
    if text.count(b"{") + text.count(b"[") <= levels:
        return False
    brackets = _STRINGS.sub(b"", text).translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(levels):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
