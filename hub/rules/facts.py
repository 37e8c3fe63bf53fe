"""The facts of an event that filters look at: the values at a field, whichever hook asks.

Owns how a field is written and found: names joined by dots, lists that stand for any of their members, the
bounds of every search. The event is decoded when the first field is asked for, and once; each field is
searched once, however many hooks ask for it. Pure, and for one thread at a time. Step before: an event is
routed, replayed or tried. Step after: `filter_rows` compares what was found.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from connectors.base import Event
from hub.timestamps import iso

VALUES_MAX = 1_000
"""Values that one row looks at; a row that would have to look at more to be sure does not hold."""

NODES_MAX = 2 * VALUES_MAX
"""The same with the lists that hold them, which may be empty."""

FIELD_MAX = 200
"""Characters of a field."""

OWN = ("@type", "@occurred_at", "@source")
"""What is known of an event beside its data."""

Path = tuple[str, ...]
"""Where a field is: one of OWN alone, or `data` and the names below it."""

NO_PLAIN = r'\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000".=!<>'
"""Blanks, and what has a meaning of its own: a name that holds one goes in quotation marks."""

_NAME = rf'(?:[^{NO_PLAIN}]+|"(?:[^"\\]|\\.)*")'
FIELD = re.compile(rf"{_NAME}(?:\.{_NAME})*")
_NAMES = re.compile(_NAME)
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a field."""

    values: tuple[Any, ...]
    """In place of a list its members, those of lists within it too."""
    is_there: bool
    """True also for null and for an empty list."""
    is_cut: bool
    """There are more values than were looked at."""


_MISSING = Found((), False, False)


def path_of(field: str) -> Path:
    """Where a field is. Raises: ValueError, with what to write instead."""
    if len(field) > FIELD_MAX:
        raise ValueError(f"has {len(field)} characters; {FIELD_MAX} is the most")
    if field.startswith("@"):
        if field not in OWN:
            raise ValueError(f'must be one of {", ".join(OWN)}, or a name in quotation marks: "@id"')
        return (field,)
    if not FIELD.fullmatch(field):
        raise ValueError(
            'must be names joined by dots, such as feature.name; other names go in quotation marks: "a b".c'
        )
    names = tuple(_unquoted(name) for name in _NAMES.findall(field))
    if names[0] == "data" and len(names) > 1:
        return names
    return ("data", *names)


class Facts:
    """Of one event."""

    def __init__(
        self, event_type: str, occurred_at: float | str, data: bytes, source: str | None = None
    ) -> None:
        """`occurred_at`: epoch seconds, or the time as it is sent."""
        self.type = event_type
        self._occurred_at = occurred_at
        self._source = source
        self._raw = data
        self._data: Any = _NOTHING
        self._found: dict[Path, Found] = {}
        self.known: dict[object, bool] = {}
        """Row → whether it holds, of those that were asked: a thousand hooks may have the same one."""

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(event.type, event.timestamp, event.data, event.source_id)

    def at(self, path: Path) -> Found:
        found = self._found.get(path)
        if found is None:
            found = self._found[path] = self._own(path[0]) if len(path) == 1 else self._search(path[1:])
        return found

    def _own(self, name: str) -> Found:
        if name == "@type":
            return Found((self.type,), True, False)
        if name == "@occurred_at":
            at = self._occurred_at
            return Found((at if isinstance(at, str) else iso(at),), True, False)
        return _MISSING if self._source is None else Found((self._source,), True, False)

    def _search(self, names: Path) -> Found:
        if self._data is _NOTHING:
            self._data = _decoded(self._raw)
        node = self._data
        for name in names:
            if type(node) is not dict:
                break
            node = node.get(name, _NOTHING)
            if node is _NOTHING:
                return _MISSING
        else:
            if type(node) is not list:
                return Found((node,), True, False)
        return _search_lists(self._data, names)


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:  # a whole number beyond 64 bits: still one that can be compared
        return json.loads(data, parse_int=float)


def _search_lists(data: Any, names: Path) -> Found:
    """All values at a field, through every list on the way."""
    nodes, is_cut = [data], False
    for name in names:
        if not _is_place(name):
            nodes, is_more = _members(nodes)
            is_cut |= is_more
        nodes = [below for node in nodes if (below := _below(node, name)) is not _NOTHING]
    values, is_more = _members(nodes)
    return Found(tuple(values), bool(nodes), is_cut or is_more)


def _members(nodes: list[Any]) -> tuple[list[Any], bool]:
    """The nodes with lists replaced by what is in them, and whether there were more than may be looked at."""
    members: list[Any] = []
    pending = nodes[NODES_MAX::-1]
    for _ in range(NODES_MAX):
        if not pending:
            return members, False
        if len(members) == VALUES_MAX:
            break
        node = pending.pop()
        if type(node) is list:
            pending += node[NODES_MAX::-1]
        else:
            members.append(node)
    return members, True


def _below(node: Any, name: str) -> Any:
    if type(node) is dict:
        return node.get(name, _NOTHING)
    if type(node) is list and int(name) < len(node):
        return node[int(name)]
    return _NOTHING


def _is_place(name: str) -> bool:
    """A number picks one member of a list."""
    return name.isascii() and name.isdecimal()


def _unquoted(name: str) -> str:
    if not name.startswith('"'):
        return name
    try:
        return str(json.loads(name))
    except ValueError:
        raise ValueError(f"holds a name that cannot be read: {name}") from None
