"""Events: what was published to a project, one event with where it went and why not elsewhere, and a test
event by hand.

Owns `/projects/KEY/events…`. What an event holds is shown to who manages the project.
"""

from typing import Any

import msgspec

from connectors.icescrum.catalogue import examples
from hub.errors import Invalid, NotFound
from hub.ids import first_id, time_of
from hub.rules import catalogue, payload
from hub.rules.access import sees_bodies
from hub.rules.facts import Facts
from hub.timestamps import parse_iso
from hub.web.pages import hook_draft, words
from hub.web.pages.event_title import title_of
from hub.web.pages.table import Page, PageRequest, Redirect, View

EVENTS = 25
MINUTE_S = 60
"""The form's times are whole minutes, and the one that is named belongs to what is asked for."""
DELIVERIES = 100
NOT_ELSEWHERE = 50
LOOKED_AT_MAX = 200
"""Hooks of which an event's page asks why they did not get it: more than it shows, beside those that did."""
WENT_ORDER = ("delivered", "retrying", "waiting", "sending", "held", "failed", "refused", "cancelled")
WENT_WORDS = {
    "delivered": "delivered to",
    "retrying": "retrying",
    "waiting": "waiting for",
    "sending": "sending to",
    "held": "held for",
    "failed": "failed for",
    "refused": "refused for",
    "cancelled": "cancelled for",
}


def show_list(request: PageRequest) -> View | Redirect:
    services, project = request.services, request.project
    query = {
        name: request.query.get(name, "").strip()[:200].replace("\0", "")
        for name in ("id", "type", "until", "before", "live")
    }
    error, is_pattern = "", "*" in query["type"]
    try:
        if query["id"]:
            return Redirect(_path(request, services.events.get(request.requester, project, query["id"]).id))
        found, goes_on = services.events.find(
            request.requester,
            project,
            types=[query["type"]] if query["type"] and not is_pattern else None,
            pattern=query["type"] if is_pattern else None,
            before=query["before"] or _first_after(query["until"]),
            limit=EVENTS,
        )
    except Invalid as refused:
        found, goes_on = [], False
        error = " ".join(words.errors_by_field(refused.errors).values())
    except NotFound:
        found, goes_on, error = [], False, "There is no event with this id; it may be over its retention."
    went = services.deliveries.states_of([event.id for event in found])
    due_at = services.events.due_at([event.id for event in found])
    shows_names = sees_bodies(request.requester)
    types = services.event_types.find(request.requester, project)
    values: dict[str, Any] = {
        "here": "events",
        "query": query,
        "error": error,
        "types": [info.code for info in types],
        "rows": [
            {
                "event": event,
                "at": time_of(event.id),
                "about": title_of(event) if shows_names else "",
                "went": _went(dict(went[event.id]), is_due_later=event.id in due_at),
                "due_at": due_at.get(event.id),
                "size": _size(len(event.data)),
            }
            for event in found
        ],
        "older": found[-1].id if goes_on and found else "",
        "retention_days": services.settings.recent().retention_days,
    }
    template = "events/rows.html" if request.wants_part else "events/list.html"
    return View(values, 422 if error else 200, template)


def _first_after(until: str) -> str | None:
    """The least id of what came after a time (UTC); None without one. Raises: Invalid."""
    try:
        return first_id("evt", max(0.0, parse_iso(until) + MINUTE_S)) if until else None
    except ValueError:
        raise Invalid([("until", "must be a time like 2026-11-25T14:30")], title="Wrong time") from None


def show(request: PageRequest) -> View:
    """One event: where it went, and why not to the other hooks, as they are now."""
    services, requester, project = request.services, request.requester, request.project
    event = services.events.get(requester, project, request.path["id"])
    deliveries = services.deliveries.find(requester, project, event_id=event.id, limit=DELIVERIES)
    results = services.deliveries.last_results(deliveries)
    reached = {delivery.hook_id for delivery in deliveries}
    due_at = services.events.due_at([event.id]).get(event.id)
    try:
        preview = services.events.preview(requester, project, Facts.of(event), LOOKED_AT_MAX)
        elsewhere: list[tuple[str, str]] | None
        elsewhere = [(hook_id, why) for hook_id, why in preview.not_matched if hook_id not in reached]
        elsewhere += [
            (hook_id, "it was made or changed after this event")
            for hook_id in preview.matched
            if hook_id not in reached and len(deliveries) < DELIVERIES and due_at is None
        ]
    except Invalid:
        elsewhere = None  # one of the hub's own: nobody publishes it, and only hooks that name it get it
    shown_ids = [*reached, *(hook_id for hook_id, _ in (elsewhere or ())[:NOT_ELSEWHERE])]
    names = _names(request, shown_ids)
    states = services.deliveries.states_of([event.id])[event.id]
    went = _went(dict(states), is_due_later=due_at is not None)
    shows_data = sees_bodies(requester)
    values: dict[str, Any] = {
        "here": "events",
        "event": event,
        "at": time_of(event.id),
        "occurred_at": parse_iso(event.timestamp),
        "due_at": due_at,
        "about": title_of(event) if shows_data else "",
        "went": went,
        "deliveries": [(delivery, results.get(delivery.id)) for delivery in deliveries],
        "source": services.sources.of_event(project, event.id),
        "hops": event.hops,
        "is_own": elsewhere is None,
        "elsewhere": (elsewhere or [])[:NOT_ELSEWHERE],
        "elsewhere_count": _others(request, reached),
        "names": names,
        "pretty": words.pretty(event.data) if shows_data else "",
        "raw": words.text(event.data) if shows_data else "",
        "size": _size(len(event.data)),
    }
    return View(values)


def withdraw(request: PageRequest) -> Redirect:
    """Delete one that waits for its time."""
    request.services.events.withdraw(request.requester, request.project, request.path["id"])
    return Redirect(f"/projects/{request.project.key}/events", "Withdrawn: nobody gets that event.")


def show_new(request: PageRequest) -> View:
    """The form of a test event, with the type's example filled in."""
    request.check_open()
    wanted = request.asked("type", 130)
    types = request.services.event_types.find(request.requester, request.project)
    known = [
        info.code for info in types if catalogue.type_error(request.project.catalogue, info.code) is None
    ]
    chosen = wanted or (known[0] if known else "story.create")
    return _form(request, chosen, _example(chosen), {}, filled=chosen)


def publish(request: PageRequest) -> View | Redirect:
    chosen = request.form.get("type", "").strip()
    data = request.form.get("data", "").replace("\r\n", "\n").strip()
    if "example" in request.form:
        return _with_example(request, chosen, data)
    if "undo" in request.form:
        return _form(request, chosen, request.form.get("typed", ""), {})
    if errors := _errors(request, chosen, data):
        return _form(request, chosen, data, errors)
    try:
        body = b'{"type":' + msgspec.json.encode(chosen) + b',"data":' + data.encode() + b"}"
        [event], _ = payload.read_one_or_many(body, request.services.settings.recent().max_event_bytes)
        receipt = request.services.publishing.publish_by_hand(request.requester, request.project, event)
    except Invalid as refused:
        named = [("data" if field == "body" else field, message) for field, message in refused.errors]
        return _form(request, chosen, data, words.errors_by_field(named))
    hooks = words.counted(receipt.deliveries, "hook", "hooks")
    return Redirect(_path(request, receipt.id), f"Published: it goes to {hooks}.")


def _with_example(request: PageRequest, chosen: str, data: str) -> View:
    """The example in place of the data; what was typed by hand can be put back."""
    filled = request.form.get("filled", "")
    is_typed = data not in ("", "{}") and data != _example(filled).strip()
    return _form(request, chosen, _example(chosen), {}, filled=chosen, typed=data if is_typed else "")


def _example(event_type: str) -> str:
    return words.pretty(examples(event_type)) if catalogue.form_error(event_type) is None else "{}"


def _errors(request: PageRequest, chosen: str, data: str) -> dict[str, str]:
    """What is wrong with either field by itself; a place in the data counts from its own beginning."""
    wrong = []
    if reason := catalogue.type_error(request.project.catalogue, chosen):
        wrong.append(("type", reason))
    try:
        msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, ValueError) as error:
        wrong.append(("data", f"is no JSON object: {error}"))
    return words.errors_by_field(wrong)


def _form(
    request: PageRequest,
    chosen: str,
    data: str,
    errors: dict[str, str],
    *,
    filled: str = "",
    typed: str = "",
) -> View:
    """`filled`: the type whose example stands in the data; `typed`: what stood there before it."""
    types = request.services.event_types.find(request.requester, request.project)
    values: dict[str, Any] = {"here": "events", "chosen": chosen, "data": data, "errors": errors}
    values |= {"filled": filled or request.form.get("filled", ""), "typed": typed}
    known = [info.code for info in types if not info.code.startswith("hook.")]
    return View({**values, "types": known}, 422 if errors else 200, "events/new.html")


def _went(states: dict[str, int], *, is_due_later: bool) -> dict[str, str]:
    """Where an event went, in one line with the tone and sign of its worst part."""
    if is_due_later:
        return {"tone": "mute", "icon": "clock", "words": "Waits for its time"}
    if not states:
        return {"tone": "mute", "icon": "minus", "words": "No hook wants it"}
    said = ", ".join(f"{WENT_WORDS[state]} {states[state]:,}" for state in WENT_ORDER if state in states)
    tone, icon = "good", "ok"
    for state, found in (("held", "held"), ("retrying", "retry"), ("waiting", "clock"), ("sending", "send")):
        if state in states:
            tone, icon = "warn", found
    if {"failed", "refused"} & states.keys():
        tone, icon = "bad", "fail"
    return {"tone": tone, "icon": icon, "words": said[:1].upper() + said[1:]}


def _others(request: PageRequest, reached: set[str]) -> int:
    """How many hooks of the project, as they are now, did not get it."""
    states = request.services.overview.states(request.requester, request.project)
    live = request.services.subscriptions.named(request.requester, request.project, reached)
    there = sum(hook.state != "gone" for hook in live.values())
    return sum(count for state, count in states.items() if state != "gone") - there


def _names(request: PageRequest, hook_ids: list[str]) -> dict[str, tuple[str, str]]:
    """Title of each and what it receives; of one that was deleted neither is known."""
    found = request.services.subscriptions.named(request.requester, request.project, hook_ids)
    presets = dict(hook_draft.presets_of(request.project.catalogue))
    known = {
        hook_id: (words.title(hook), words.wants(hook.events, presets)) for hook_id, hook in found.items()
    }
    return {hook_id: known.get(hook_id, ("", "")) for hook_id in hook_ids}


def _size(count: int) -> str:
    """`312 B`, `1.4 kB`."""
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB"


def _path(request: PageRequest, rest: str) -> str:
    return f"/projects/{request.project.key}/events/{rest}"


_READ = ("read", "manage")
_EVENTS = "/projects/{key}/events"

PAGES = (
    Page("GET", _EVENTS, show_list, "events/list.html", _READ),
    Page("GET", f"{_EVENTS}/new", show_new, "events/new.html", ("manage",)),
    Page("POST", f"{_EVENTS}/new", publish, "events/new.html", ("manage",)),
    Page("GET", f"{_EVENTS}/{{id}}", show, "events/event.html", _READ),
    Page("POST", f"{_EVENTS}/{{id}}/withdraw", withdraw, scopes=("manage",)),
)
