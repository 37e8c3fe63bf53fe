"""Messages about events of no kind that we know: what most objects have in common, and never their JSON.

Many senders wrap what an event is about. Where the object itself has neither name nor id, the first thing
within that has a name stands for it. Links, people and texts are looked for within, too.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from connectors.messages.message import Message, at, line, message, moment

FACTS_SHOWN = 6
DEPTH_MAX = 4
THINGS_MAX = 40
"""Objects that are looked into."""
FIELDS_MAX = 200
"""Of one object."""
_NAMES = ("name", "full_name", "title", "login", "email")
_TITLES = ("title", "name", "subject", "summary", "displayName", "label", "full_name")
_IDS = ("key", "id")
_LINKS = ("url", "html_url", "permalink", "link", "web_url", "href")
_TEXTS = ("message", "text", "body", "description", "comment", "reason")
_PEOPLE = ("user", "actor", "author", "sender", "owner", "creator", "memberCreator", "by")
_NAMES_OF_PEOPLE = ("name", "displayName", "display_name", "fullName", "login", "username", "email")
_LEFT_OUT = {*_TITLES, *_IDS, *_LINKS, *_TEXTS, *_PEOPLE, "class", "type", "object", "webhookEvent"}
_NOT_ABOUT = {*_PEOPLE, "links", "changelog", "installation", "organization"}


def describe(code: str, data: dict[str, Any]) -> Message:
    """A message for any event: its type in words, then what its object says of itself in plain fields."""
    words = code.replace(".", " ").replace("_", " ")
    wrapped = at(data, "data", "object")
    if data.get("object") == "event" and isinstance(wrapped, dict):  # as Stripe writes them
        data = wrapped
    things = [data] if _first(data, _TITLES + _IDS) else list(_things(data))
    about = next((thing for thing in things if _first(thing, _TITLES)), data)
    named = _first(about, _TITLES) or _first(about, _IDS)
    if about is not data:
        key = next((thing["key"] for thing in things if isinstance(thing.get("key"), str)), "")
        named = f"{line(key, 30)} {named}".strip()
        things.sort(key=lambda thing: thing is not about)

    plain = _plain(about) | _plain(data)
    facts = [
        (key, said)
        for key, said in plain.items()
        if said != named and not f" {words}".endswith(f" {said.replace('_', ' ')}")
    ]
    return message(
        f"{words[:1].upper()}{words[1:]}{': ' if named else ''}{named}",
        next(filter(None, map(_link, things)), ""),
        [("by", next(filter(None, map(_person, things)), "")), *facts[:FACTS_SHOWN]],
        next((thing[key] for thing in things for key in _TEXTS if line(thing.get(key))), ""),
    )


def _things(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The object and those within, the outer ones first; not whom it is by."""
    layer, left = [data], THINGS_MAX
    for _ in range(DEPTH_MAX):
        yield from layer
        left -= len(layer)
        within = (pair for thing in layer for pair in thing.items())
        found = (value for key, value in within if isinstance(value, dict) and key not in _NOT_ABOUT)
        layer = list(islice(found, left))


def _plain(thing: dict[str, Any]) -> dict[str, str]:
    fields = islice(thing.items(), FIELDS_MAX)
    told = {key.replace("_", " "): _said(value) for key, value in fields if key not in _LEFT_OUT}
    return {key: said for key, said in told.items() if said and len(said) <= 80}


def _said(value: Any) -> str:
    """A plain value, or the name of an object; nothing of what has only parts."""
    return _first(value, _NAMES, 80) if isinstance(value, dict) else moment(value)


def _first(thing: dict[str, Any], keys: tuple[str, ...], most: int = 120) -> str:
    return next((line(thing[key], most) for key in keys if line(thing.get(key))), "")


def _link(thing: dict[str, Any]) -> str:
    found = at(thing, "links", "html", "href") or next(
        (thing[key] for key in _LINKS if isinstance(thing.get(key), str)), ""
    )
    return found if isinstance(found, str) else ""


def _person(thing: dict[str, Any]) -> str:
    for key in _PEOPLE:
        found = thing.get(key)
        name = line(found, 60) or (_first(found, _NAMES_OF_PEOPLE, 60) if isinstance(found, dict) else "")
        if name:
            return name
    return ""
