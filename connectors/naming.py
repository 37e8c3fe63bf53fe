"""Names of event types, made from the words of other senders.

Owns the one rule: words are split at dots, slashes, colons and blanks, each begins with a lower-case letter,
and what an event type cannot hold becomes `_`. Pure. Step before: a source has found out what its sender
calls the event. Step after: the hub checks the type as it does every publisher's.
"""

import re

TYPE_MAX_LENGTH = 128

_BETWEEN = re.compile(r"[./:\s]+")
_ODD = re.compile(r"[^A-Za-z0-9_]")


def event_type(prefix: str, *parts: object) -> str:
    """`event_type("shopify", "orders/create")` → `shopify.orders.create`.

    Parts that are no text, or hold no word, are left out; empty when none is left beside the prefix.
    """
    named = [word for part in parts if isinstance(part, str) for word in words(part)]
    if not named:
        return ""
    return ".".join([*words(prefix), *named])[:TYPE_MAX_LENGTH].rstrip(".")


def words(text: str) -> list[str]:
    """The words of an event type that a text has: `Push Hook` → `push`."""
    found = [part for part in _BETWEEN.split(text) if part]
    if len(found) > 1 and found[-1] == "Hook":
        found.pop()
    return [_word(part) for part in found]


def camel(text: str) -> str:
    """A text as one word: `Merge Request Hook` → `mergeRequest`."""
    first, *others = words(text) or [""]
    return first + "".join(other[:1].upper() + other[1:] for other in others)


def _word(part: str) -> str:
    clean = _ODD.sub("_", part)
    clean = clean[:1].lower() + clean[1:]
    return clean if clean[0].isalpha() else f"n{clean}"
