"""The events that iceScrum's projects have: codes, names, presets, and an example object for each.

Owns the list as data, from iceScrum 7.55: 38 codes of its open configuration and 18 that its Apps add. A
project with the `icescrum` catalogue knows these and no others. The six server-wide codes (`user.*`,
`project.*`) are left out: no project publishes them. The examples' JSON is in `examples`.
"""

from connectors.base import EventTypeInfo
from connectors.icescrum.examples import OBJECTS

_CHANGES = ("create", "update", "delete")
_COMMENTS = ("addedComment", "updatedComment", "removedComment")

CORE_OBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "story": ("Story", (*_CHANGES, "state", *_COMMENTS)),
    "task": ("Task", (*_CHANGES, "state", *_COMMENTS)),
    "feature": (
        "Feature",
        (*_CHANGES, *_COMMENTS),
    ),  # no feature.state: a feature's state is computed from its stories
    "sprint": ("Sprint", (*_CHANGES, "state")),
    "release": ("Release", (*_CHANGES, "state")),
    "acceptanceTest": ("Acceptance test", (*_CHANGES, "state")),
    "actor": ("Actor", _CHANGES),
    "meeting": ("Meeting", _CHANGES),
}
"""Object → its name for people, and what happens to it."""

APP_OBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "availability": ("Availability", _CHANGES),
    "build": ("Build", _CHANGES),
    "commit": ("Commit", _CHANGES),
    "event": ("Roadmap event", _CHANGES),
    "roadmap": ("Roadmap", _CHANGES),
    "template": ("Template", _CHANGES),
}
"""Those of iceScrum's Apps."""

_VERBS: dict[str, tuple[str, str]] = {
    "create": ("{} created", "{} was created."),
    "update": ("{} updated", "{} was changed."),
    "delete": ("{} deleted", "{} was deleted; its last content is sent."),
    "state": ("{} state changed", "{} moved to another state."),
    "addedComment": ("Comment added to {}", "{} got a comment; the comment is sent."),
    "updatedComment": ("Comment on {} updated", "{} has a comment that was changed; the comment is sent."),
    "removedComment": ("Comment on {} removed", "{} lost a comment; the comment is sent."),
}


def _describe(code: str, name: str, verb: str) -> EventTypeInfo:
    title, sentence = _VERBS[verb]
    article = "An" if name[0] in "AEIOU" else "A"
    noun = name.lower()
    heading = title.format(name if title.startswith("{}") else noun)
    return EventTypeInfo(
        code=code, name=heading, description=sentence.format(f"{article} {noun}"), group=name
    )


CORE_EVENT_TYPES = tuple(
    _describe(f"{key}.{verb}", name, verb) for key, (name, verbs) in CORE_OBJECTS.items() for verb in verbs
)
APP_EVENT_TYPES = tuple(
    _describe(f"{key}.{verb}", name, verb) for key, (name, verbs) in APP_OBJECTS.items() for verb in verbs
)
EVENT_TYPES: tuple[EventTypeInfo, ...] = CORE_EVENT_TYPES + APP_EVENT_TYPES

PRESETS: dict[str, tuple[str, ...]] = {
    "story": ("story.create", "story.update", "story.delete", "story.state"),
    "all": ("*",),
}
"""The choices of iceScrum's form beside picking one by one. Its "Story" has no comments; its "All" is the
whole list, here `*`.
"""


def examples(code: str) -> bytes:
    """A realistic object as iceScrum publishes it for this code, compact JSON in UTF-8; a plain one for a
    code of no catalogue.

    A delete carries the same shape as the rest, unlike iceScrum's own.
    """
    key, _, verb = code.partition(".")
    return OBJECTS.get("comment" if verb in _COMMENTS else key, OBJECTS["other"])
