"""Messages about iceScrum's objects: stories, tasks, features, sprints and what else a project has.

Owns the words for its states (iceScrum 7.55). Its events name neither who changed an object nor what it was
before, so a message says what it is now.
"""

from typing import Any

from connectors.icescrum.catalogue import APP_OBJECTS, CORE_OBJECTS
from connectors.messages.message import Message, Tone, at, line, listed, message

_NAMES = {key: name for key, (name, _) in (CORE_OBJECTS | APP_OBJECTS).items()}
_STORY_STATES = {
    -1: "Frozen",
    1: "Suggested",
    2: "Accepted",
    3: "Estimated",
    4: "Planned",
    5: "In progress",
    6: "In review",
    7: "Done",
}
_STATES: dict[str, dict[int, str]] = {
    "story": _STORY_STATES,
    "task": {0: "To do", 1: "In progress", 2: "Done"},
    "sprint": {1: "To do", 2: "In progress", 3: "Done"},
    "release": {1: "To do", 2: "In progress", 3: "Done"},
    "acceptanceTest": {1: "To check", 5: "Failed", 10: "Success"},
}
_DONE = {("story", 7), ("task", 2), ("sprint", 3), ("release", 3), ("acceptanceTest", 10)}
_FAILED = {("acceptanceTest", 5)}
_BUILD_TONES: dict[str, Tone] = {"SUCCESS": "good", "FAILURE": "bad"}
_VERBS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "addedComment": "Comment on",
    "updatedComment": "Comment changed on",
    "removedComment": "Comment removed from",
}


def describe(code: str, data: dict[str, Any]) -> Message | None:
    """A message for an object of iceScrum; None for what is none."""
    kind, _, verb = code.partition(".")
    if kind not in _NAMES or (verb not in _VERBS and verb != "state"):
        return None
    if kind in APP_OBJECTS and "class" not in data:  # `build.create` may be somebody else's
        return None
    if verb.endswith("Comment"):
        return _comment(kind, verb, data)
    if kind == "build":
        return _build(data)
    if kind == "commit":
        return message(
            f"Commit: {line(data.get('message'), 120)}", data.get("url"), [("By", data.get("author"))]
        )
    return _object(kind, verb, data)


def _object(kind: str, verb: str, data: dict[str, Any]) -> Message:
    number = data.get("state")
    state = _STATES.get(kind, {}).get(number) if isinstance(number, int) else None
    is_moved = verb == "state" and state
    happened = f"is {state.lower() if state else ''}" if is_moved else _VERBS.get(verb, "changed state")
    name = data.get("name") or data.get("fullName") or data.get("topic") or f"#{line(data.get('id'))}"
    tone: Tone = "neutral"
    if (kind, number) in _FAILED:
        tone = "bad"
    elif is_moved and (kind, number) in _DONE:
        tone = "good"
    return message(
        f"{_NAMES[kind]} {_number(data)}{line(name, 120)} {happened}",
        data.get("permalink") or data.get("videoLink"),
        _facts(data, None if is_moved else state),
        tone=tone,
    )


def _facts(data: dict[str, Any], state: str | None) -> list[tuple[str, Any]]:
    return [
        ("State", state),
        ("Feature", at(data, "feature", "name")),
        ("Story", at(data, "parentStory", "name")),
        ("Sprint", _sprint(data)),
        ("Responsible", _person(data.get("responsible"))),
        ("Effort", data.get("effort")),
        ("Value", data.get("value")),
        ("Remaining", data.get("estimation")),
        ("Goal", data.get("goal")),
        ("From", _day(data.get("startDate"))),
        ("To", _day(data.get("endDate"))),
        ("Tags", listed(data.get("tags"))),
        ("Created by", _person(data.get("creator"))),
        ("Project", at(data, "project", "name")),
    ]


def _comment(kind: str, verb: str, data: dict[str, Any]) -> Message:
    on = at(data, "commentable", "name") or f"#{line(at(data, 'commentable', 'id'))}"
    title = f"{_VERBS[verb]} {_NAMES[kind].lower()} {line(on, 120)}"
    return message(title, data.get("permalink"), [("By", _person(data.get("poster")))], data.get("body"))


def _build(data: dict[str, Any]) -> Message:
    status = line(data.get("status"), 30)
    tone = _BUILD_TONES.get(status.upper(), "neutral")
    title = f"Build {line(data.get('jobName'), 80)} {line(data.get('name'), 30)}: {status.lower() or 'done'}"
    return message(title, data.get("url"), [("On", data.get("builtOn"))], tone=tone)


def _number(data: dict[str, Any]) -> str:
    return f"{data['uid']} " if isinstance(data.get("uid"), int) else ""


def _person(found: Any) -> str:
    return line(f"{line(at(found, 'firstName'))} {line(at(found, 'lastName'))}")


def _sprint(data: dict[str, Any]) -> str:
    sprint = data.get("parentSprint")
    name, number = at(sprint, "parentReleaseName"), at(sprint, "index")
    return f"{line(name)} sprint {number}" if name and number else ""


def _day(moment: Any) -> str:
    return moment[:10] if isinstance(moment, str) else ""
