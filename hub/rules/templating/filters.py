"""The filters of templates: a closed list, each a small pure function.

Owns their names and what each may be given. Of a value that it is not for a filter makes an empty text or the
value itself, never an error, because one odd event must not stop a hook. What they are given is constant and
checked when a template is saved. The length of what they make is counted by `reader`.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from hub.rules.templating.values import Raw, Text, element
from hub.rules.time_zones import is_time_zone

Filter = Callable[[Any, Text], Any]

LENGTH_MAX = 65_536
DIGITS_MAX = 10
DATE_DEFAULT = "%Y-%m-%d %H:%M"
_DATE_PARTS = "YmdHMSbBaAyjZz"


def prepared(name: str, arguments: Sequence[Any]) -> Filter:
    """The filter of that name with what it is given.

    Raises:
        ValueError: there is none, or it cannot be given that; the text says what is right.
    """
    if name not in FILTERS:
        raise ValueError(f"there is no filter {name}: use {', '.join(FILTERS)}")
    make, most = FILTERS[name]
    if len(arguments) > most:
        raise ValueError(f"the filter {name} takes {most or 'nothing'} in its parentheses")
    return make(*arguments)


def _of_text(function: Callable[[str], Any]) -> Callable[[], Filter]:
    return lambda: lambda value, text: function(text(value))


def _length() -> Filter:
    return lambda value, text: len(value) if isinstance(value, str | list | dict) else 0


def _default(instead: Any = "") -> Filter:
    return lambda value, text: instead if value is None or value == "" else value


def _truncate(length: Any = 255, end: Any = "…") -> Filter:
    if not _is_whole(length) or not 0 < length <= LENGTH_MAX:
        raise ValueError(f"truncate takes a number of characters from 1 to {LENGTH_MAX}")
    if not isinstance(end, str) or len(end) > length:
        raise ValueError("the end that truncate puts must be a text that is shorter than the whole")

    def truncate(value: Any, text: Text) -> str:
        whole = text(value)
        return whole if len(whole) <= length else whole[: length - len(end)] + end

    return truncate


def _json() -> Filter:
    def as_json(value: Any, text: Text) -> str:
        if value is None:
            return "null"
        shown = text(value)
        # Only a text is no JSON yet: it lacks its quotes.
        return json.dumps(shown, ensure_ascii=False) if isinstance(value, str) else shown

    return as_json


def _join(between: Any = ", ", field: Any = None) -> Filter:
    if not isinstance(between, str) or not isinstance(field, str | None):
        raise ValueError('join takes what stands between, and a field: tags | join(", ", "name")')

    def join(value: Any, text: Text) -> str:
        if not isinstance(value, list):
            return text(value)
        return between.join(text(item if field is None else element(item, field)) for item in value)

    return join


def _end(index: int) -> Callable[[], Filter]:
    def end(value: Any, text: Text) -> Any:
        return value[index] if isinstance(value, str | list) and value else None

    return lambda: end


def _round(digits: Any = 0) -> Filter:
    if not _is_whole(digits) or not 0 <= digits <= DIGITS_MAX:
        raise ValueError(f"round takes a number of digits from 0 to {DIGITS_MAX}")

    def rounded(value: Any, text: Text) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return value
        return round(value) if digits == 0 else round(value, digits)

    return rounded


def _date(shape: Any = DATE_DEFAULT, zone: Any = "UTC") -> Filter:
    if not isinstance(shape, str) or re.search(rf"%(?![{_DATE_PARTS}%])", shape):
        allowed = " ".join(f"%{part}" for part in _DATE_PARTS)
        raise ValueError(f'date takes a shape such as "%d %b %Y %H:%M", made of {allowed}')
    if not isinstance(zone, str) or not is_time_zone(zone):
        raise ValueError('the zone that date takes must be a name such as "Europe/Berlin"')
    there = ZoneInfo(zone)

    def date(value: Any, text: Text) -> str:
        moment = _moment(value, there)
        return text(value) if moment is None else moment.strftime(shape)

    return date


def _moment(value: Any, zone: tzinfo) -> datetime | None:
    """An ISO time (UTC where it names no zone), or seconds since 1970."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value[:40])
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        else:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return None


def _raw() -> Filter:
    return lambda value, text: Raw(text(value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


FILTERS: dict[str, tuple[Callable[..., Filter], int]] = {
    "upper": (_of_text(str.upper), 0),
    "lower": (_of_text(str.lower), 0),
    "trim": (_of_text(str.strip), 0),
    "length": (_length, 0),
    "default": (_default, 1),
    "truncate": (_truncate, 2),
    "json": (_json, 0),
    "join": (_join, 2),
    "first": (_end(0), 0),
    "last": (_end(-1), 0),
    "date": (_date, 2),
    "round": (_round, 1),
    "url_encode": (_of_text(lambda text: quote(text, safe="")), 0),
    "raw": (_raw, 0),
}
"""Name → what makes it, and how many values it may be given."""
