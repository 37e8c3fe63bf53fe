"""What values are in a template: looked up, compared, taken as text, and escaped for where they go.

Owns the reading of JSON values; what cannot be found is None, and no value has attributes. Used by
`reader`, which counts what all this costs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hub.errors import HubError

VALUE_MAX = 65_536
"""Characters of one value."""

Text = Callable[[Any], str]
"""A value as text, with its cost counted."""


class TemplateRefused(HubError):
    """This event cannot be rendered within the bounds; nothing is wrong with the receiver."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A text that is written as it is: the filter `raw`."""

    text: str


class Escape(Protocol):
    """How values are written at one kind of place. One object a rendering: it may keep where it is."""

    def plain(self, text: str) -> str:
        """A text of the template itself."""

    def value(self, value: Any, text: Text) -> str:
        """A value of the event."""


class TextEscape:
    """Into text that people read: each value by the format's own escape."""

    def __init__(self, escape: Callable[[str], str] = lambda text: text) -> None:
        self._escape = escape

    def plain(self, text: str) -> str:
        return text

    def value(self, value: Any, text: Text) -> str:
        return self._escape(text(value))


class JsonEscape:
    """Into JSON: between quotes of the template a value is the inside of a string, elsewhere a whole
    value.
    """

    def __init__(self) -> None:
        self.is_in_string = False
        """Whether what comes next is within quotes of the template."""
        self._is_escaped = False

    def plain(self, text: str) -> str:
        for character in text:
            if self._is_escaped:
                self._is_escaped = False
            elif character == "\\":
                self._is_escaped = self.is_in_string
            elif character == '"':
                self.is_in_string = not self.is_in_string
        return text

    def value(self, value: Any, text: Text) -> str:
        if self.is_in_string:
            return json.dumps(text(value), ensure_ascii=False)[1:-1]
        if isinstance(value, str):
            return json.dumps(text(value), ensure_ascii=False)
        return text(value) if value is not None else "null"


def element(of: Any, key: str | int) -> Any:
    """A field of an object, or an item of a list (from its end by a negative number); else None."""
    if isinstance(of, dict):
        return of.get(str(key))
    if isinstance(of, list) and isinstance(key, int) and not isinstance(key, bool):
        return of[key] if -len(of) <= key < len(of) else None
    return None


def is_true(value: Any) -> bool:
    """Empty texts, lists and objects, 0, false and null are not."""
    return bool(value.text if isinstance(value, Raw) else value)


def text_of(value: Any) -> str:
    """As people read it: nothing for null and for what is missing, lists and objects as JSON."""
    match value:
        case str():
            return value
        case None:
            return ""
        case Raw():
            return value.text
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def compared(operator: str, left: Any, right: Any) -> tuple[bool, int]:
    """Whether it is so, and how much was looked at (characters, or 64 an item of a list).

    Texts compare with texts and numbers with numbers; lists and objects equal nothing.
    """
    match operator:
        case "eq":
            return _is_equal(left, right), _length(left)
        case "ne":
            return not _is_equal(left, right), _length(left)
        case "in":
            return _contains(right, left), _length(right)
        case "notin":
            return not _contains(right, left), _length(right)
    if not _are_alike(left, right):
        return False, 0
    answers = {"lt": left < right, "lteq": left <= right, "gt": left > right, "gteq": left >= right}
    return answers[operator], _length(left)


def _is_equal(left: Any, right: Any) -> bool:
    if left is None or right is None or isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return _are_alike(left, right) and bool(left == right)


def _are_alike(left: Any, right: Any) -> bool:
    """Both numbers or both texts."""
    if isinstance(left, str) and isinstance(right, str):
        return True
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in (left, right))


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    if isinstance(whole, dict):
        return isinstance(part, str) and part in whole
    return isinstance(whole, list) and any(_is_equal(item, part) for item in whole)


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return 64 * len(value) if isinstance(value, list) else 0
