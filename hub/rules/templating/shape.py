"""Whether a template that should make JSON could: told at save where that can be said for certain.

Owns what is certain. Without statements each value is a whole value of JSON, or within a text of the template
a part of that, whatever the event: the rest must be JSON around it. With statements only the beginning is
looked at. Pure. Step before: `format_fields` checks a hook. What is not said here is found by `rendering`.
"""

import json
from collections.abc import Iterator, Sequence

from jinja2 import nodes

from hub.rules.templating import template
from hub.rules.templating.values import JsonEscape

_BEGINNINGS = frozenset('{["-0123456789tfn')
_IN_NUMBERS = frozenset("+-.0123456789eE")


def no_json(source: str) -> str | None:
    """Why a source that was read never makes JSON; None where it may.

    Raises:
        TemplateWrong: it cannot be read.
    """
    template.read(source)
    body = template.parsed(source).body
    parts = [part for node in body if isinstance(node, nodes.Output) for part in node.nodes]
    first = parts[0] if parts and isinstance(body[0], nodes.Output) else None
    if isinstance(first, nodes.TemplateData):
        begins = first.data.lstrip()
        if begins and begins[0] not in _BEGINNINGS:
            return f"begins with {begins.split()[0][:20]!r}"
    if any(not isinstance(node, nodes.Output) for node in body) or any(map(_is_raw, body)):
        return None
    try:
        json.loads("".join(_filled(parts)))
    except _Unsure:
        return None
    except ValueError as error:
        return f"line {getattr(error, 'lineno', 1)}: {getattr(error, 'msg', error)}"
    except RecursionError:
        return None
    return None


class _Unsure(Exception):
    """Two values side by side may be one number."""


def _filled(parts: Sequence[nodes.Node]) -> Iterator[str]:
    """The text with something in place of each value that fits wherever any does."""
    place = JsonEscape()
    before = ""
    for n, part in enumerate(parts):
        if isinstance(part, nodes.TemplateData):
            before = place.plain(part.data)
            yield before
            continue
        if place.is_in_string:
            continue
        following = parts[n + 1] if n + 1 < len(parts) else None
        if n and not isinstance(parts[n - 1], nodes.TemplateData):
            raise _Unsure
        after = following.data if isinstance(following, nodes.TemplateData) else ""
        is_in_number = before[-1:] in _IN_NUMBERS or after[:1] in _IN_NUMBERS
        yield "1" if is_in_number and (before[-1:] or after[:1]) else '""'


def _is_raw(node: nodes.Node) -> bool:
    """Whether something in it is written as it is."""
    return any(one.name == "raw" for one in node.find_all(nodes.Filter))
