"""What is written in a template itself: numbers, texts, places in a list, what filters are given.

Owns which of them are good, so that nothing of a template can be what no request can hold. Step before:
`reader` has met one.
"""

from typing import Any, cast

from jinja2 import nodes

from hub.errors import HubError

NUMBER_MAX = 2**63
"""Of the numbers in a template."""


class TemplateWrong(HubError):
    """The source cannot be used; the text says what is wrong and in which line."""


def value_of(node: nodes.Const | nodes.Neg) -> Any:
    """What is written in the template. Only what JSON can say: `"\\ud800"` and `1e999` fit no request."""
    value = cast(nodes.Const, node.node).value if isinstance(node, nodes.Neg) else node.value
    if isinstance(value, str) and not _is_unicode(value):
        raise wrong(node, "a text holds half of a surrogate pair, or a NUL character")
    if isinstance(value, int | float) and not -NUMBER_MAX <= value <= NUMBER_MAX:
        raise wrong(node, "a number is too large")
    return -value if isinstance(node, nodes.Neg) else value


def _is_unicode(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def index_of(node: nodes.Getitem) -> str | int:
    match node.arg:
        case nodes.Const(value=str() | int()) | nodes.Neg(node=nodes.Const(value=int())):
            return cast(str | int, value_of(node.arg))
    raise wrong(node, "an index must be a number or a text, such as tasks[0]")


def constant_of(node: nodes.Node, filter_name: str) -> Any:
    match node:
        case nodes.Const() | nodes.Neg(node=nodes.Const(value=int() | float())):
            return value_of(node)
    raise wrong(node, f"what the filter {filter_name} is given must be a text or a number")


def wrong(node: nodes.Node, message: str) -> TemplateWrong:
    # Some nodes are made by Jinja itself, and have no line of their own.
    line = node.lineno or next((one.lineno for one in node.find_all(nodes.Node) if one.lineno), 1)
    return TemplateWrong(f"line {line}: {message}")
