"""A message about an event, as people read it: a title, a link, who did it, and the facts that matter.

Owns the shape that the describers (`icescrum`, `github`, `gitlab`, `alerts`, `other`) make and that chats and
mails write in their own markup. Nothing here is escaped: the text is the event's own. All of it is bounded,
because a chat takes little and nobody reads more.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

TITLE_MAX = 200
FACT_MAX = 200
TEXT_MAX = 600
URL_MAX = 500
FACTS_MAX = 8

_UNSEEN = re.compile(r"<!--.*?(-->|$)", re.DOTALL)
"""Comments of Markdown and HTML, such as the advice of a template for pull requests."""
_BLANK_LINES = re.compile(r"\n\s*\n")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(\.\d+)?)?( ?UTC|Z|\+00:00)")

Tone = Literal["neutral", "good", "bad"]


@dataclass(frozen=True, slots=True)
class Message:
    """What a chat says of an event. Made by `message`, which bounds everything."""

    title: str
    """One line: what happened to what."""
    url: str = ""
    """Where to look at it: http or https, or empty."""
    facts: tuple[tuple[str, str], ...] = ()
    """Name and value, each one line, the most important first."""
    text: str = ""
    """Some lines in the words of whoever wrote them, such as a comment."""
    tone: Tone = "neutral"


def message(
    title: str,
    url: Any = "",
    facts: Iterable[tuple[str, Any]] = (),
    text: Any = "",
    tone: Tone = "neutral",
) -> Message:
    """A message of what was found: what is missing or empty is left out, what is long is cut."""
    told = [(name, line(value, FACT_MAX)) for name, value in facts]
    return Message(
        line(title, TITLE_MAX),
        _link(url),
        tuple((name, value) for name, value in told if value)[:FACTS_MAX],
        cut(_lines(text), TEXT_MAX),
        tone,
    )


def shown(value: Any) -> str:
    """A plain value as text: nothing for what is missing and for what has parts."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else ""


def line(value: Any, most: int = FACT_MAX) -> str:
    """A value on one line, cut."""
    return cut(" ".join(shown(value).split()), most)


def moment(value: Any) -> str:
    """A time in UTC as people read it; any other value on one line."""
    text = line(value)
    found = _MOMENT.fullmatch(text)
    return f"{found[1]} {found[2]} UTC" if found else text


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, with … where it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def at(data: Any, *path: str) -> Any:
    """What stands at a path of an object; None where there is nothing."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def listed(values: Any, name: str = "") -> str:
    """The items of a list, or a field of each, as one line."""
    if not isinstance(values, list):
        return ""
    named = [line(at(value, name) if name else value, 60) for value in values[:10]]
    return ", ".join(value for value in named if value)


def count(number: int, noun: str) -> str:
    """A number of things in words: `1 commit`, `3 commits`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _lines(text: Any) -> str:
    """What is seen of a text, with one empty line where it has many."""
    seen = _UNSEEN.sub("", shown(text)[: TEXT_MAX * 20].replace("\r\n", "\n"))
    return _BLANK_LINES.sub("\n\n", seen).strip()


def _link(url: Any) -> str:
    """Links that a person may press: never another scheme, nor one with blanks or line breaks in it."""
    if not isinstance(url, str) or len(url) > URL_MAX or any(c.isspace() or not c.isprintable() for c in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""
