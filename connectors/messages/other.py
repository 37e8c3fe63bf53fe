"""Messages about events of no kind that we know: what most objects have in common, and never their JSON."""

from typing import Any

from connectors.messages.message import Message, at, line, message, moment

FACTS_SHOWN = 6
_NAMES = ("name", "full_name", "title", "login", "email")
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
        (key.replace("_", " "), said)
        for key, value in data.items()
        if key not in _LEFT_OUT and (said := _said(value)) and len(said) <= 80
    ]
    return message(
        f"{words[:1].upper()}{words[1:]}{': ' if named else ''}{named}",
        next((data[key] for key in _LINKS if isinstance(data.get(key), str)), ""),
        [("by", _person(data)), *plain[:FACTS_SHOWN]],
        next((data[key] for key in _TEXTS if line(data.get(key))), ""),
    )


def _said(value: Any) -> str:
    """A plain value, or the name of an object; nothing of what has only parts."""
    if isinstance(value, dict):
        return next((line(value[key], 80) for key in _NAMES if line(value.get(key))), "")
    return moment(value)


def _person(data: dict[str, Any]) -> str:
    for key in _PEOPLE:
        found = data.get(key)
        name = line(found, 60) or next((line(at(found, part), 60) for part in ("name", "login", "email")), "")
        if name:
            return name
    return ""
