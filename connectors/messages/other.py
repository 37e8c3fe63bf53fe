"""Messages about events of no kind that we know: what most objects have in common, and never their JSON."""

from typing import Any

from connectors.messages.message import Message, at, line, message

_TITLES = ("title", "name", "subject", "summary", "displayName", "label", "key", "id")
_LINKS = ("url", "html_url", "permalink", "link", "web_url", "href")
_TEXTS = ("message", "text", "body", "description", "comment", "reason")
_PEOPLE = ("user", "actor", "author", "sender", "owner", "creator", "by")
_LEFT_OUT = {*_TITLES, *_LINKS, *_TEXTS, *_PEOPLE, "class", "type", "object"}


def describe(code: str, data: dict[str, Any]) -> Message:
    """A message for any event: its type in words, then what its object says of itself in plain fields."""
    words = code.replace(".", " ").replace("_", " ")
    named = next((line(data[key], 120) for key in _TITLES if line(data.get(key))), "")
    plain = [
        (key.replace("_", " "), value)
        for key, value in data.items()
        if key not in _LEFT_OUT and isinstance(value, str | int | float) and len(str(value)) <= 80
    ]
    return message(
        f"{words[:1].upper()}{words[1:]}{': ' if named else ''}{named}",
        next((data[key] for key in _LINKS if isinstance(data.get(key), str)), ""),
        [("by", _person(data)), *plain[:5]],
        next((data[key] for key in _TEXTS if line(data.get(key))), ""),
    )


def _person(data: dict[str, Any]) -> str:
    for key in _PEOPLE:
        found = data.get(key)
        name = line(found, 60) or next((line(at(found, part), 60) for part in ("name", "login", "email")), "")
        if name:
            return name
    return ""
