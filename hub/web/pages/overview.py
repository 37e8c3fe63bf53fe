"""The overview of a project: what needs attention first, then its figures, its last day, and its most
frequent events.

Owns `/projects/KEY`. Where there is no hook yet it says what to do next.
"""

from typing import Any

from hub.operations.overview import OPEN_MAX, HookRow, TypeRow
from hub.rules.health import State
from hub.web import charts
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, View
from hub.web.rendering import milliseconds

ATTENTION_MAX = 20
TYPES_MAX = 10
STATES: tuple[State, ...] = ("auto_disabled", "failing", "active", "disabled", "gone")


def show(request: PageRequest) -> View:
    requester, project = request.requester, request.project
    if not requester.has("read", "manage"):
        return View({"here": "overview", "states": [], "total": 0})
    overview = request.services.overview
    counts = overview.states(requester, project)
    unwell = overview.attention(requester, project, ATTENTION_MAX)
    total = sum(count for state, count in counts.items() if state != "gone")
    values: dict[str, Any] = {
        "here": "overview",
        "total": total,
        "states": [(state, counts.get(state, 0)) for state in STATES],
        "attention": [_attention(request, row) for row in unwell],
        "attention_count": counts.get("auto_disabled", 0) + counts.get("failing", 0),
        **_figures(request, unwell),
    }
    return View(values)


def _attention(request: PageRequest, row: HookRow) -> dict[str, Any]:
    """One hook that is not well, and what it means."""
    tuned = request.services.settings.recent()
    hook = row.hook
    left = tuned.failure_limit - hook.health.consecutive_failures
    return {
        "hook": hook,
        "title": words.title(hook),
        "address": words.address(hook).partition("/")[0],
        "failures": hook.health.consecutive_failures,
        "limit": tuned.failure_limit,
        "left": left if tuned.failure_limit else None,
        "last_error": hook.health.last_error or hook.health.disabled_reason or "",
        "next_at": row.next_attempt_at,
        "waiting": words.number(row.open_count, OPEN_MAX) if row.open_count else "",
        "held_until": words.held_until(hook, tuned) if hook.state == "auto_disabled" else None,
    }


def _figures(request: PageRequest, unwell: list[HookRow]) -> dict[str, Any]:
    overview, requester, project = request.services.overview, request.requester, request.project
    hours = overview.results(requester, project)
    types = overview.types(requester, project)
    whole = hours.whole
    requests = whole.delivered + whole.failed
    half, most = whole.within_ms(0.5), whole.within_ms(0.95)
    held = sum(row.open_count for row in unwell if row.hook.state == "auto_disabled")
    waiting = sum(row.open_count for row in unwell if row.hook.state == "failing")
    events = sum(row.events for row in types)
    return {
        "events": words.number(events),
        "events_change": _change(events, overview.events_before(requester, project)),
        "succeeded": f"{whole.delivered / requests:.1%}" if requests else "–",
        "succeeded_of": f"{words.number(whole.delivered)} of {words.number(requests)}",
        "answer": "–" if half is None else milliseconds(half),
        "answer_most": "no answers yet" if most is None else f"half of them; 95 % in {milliseconds(most)}",
        "waiting": words.number(waiting, OPEN_MAX),
        "held": words.number(held, OPEN_MAX),
        "held_hooks": sum(row.hook.state == "auto_disabled" for row in unwell),
        "results": charts.bars(
            words.hour_labels(hours),
            hours.delivered,
            hours.failed,
            f"Requests per hour. {words.hours_label(hours)}",
        ),
        "results_table": list(zip(words.hour_labels(hours), hours.delivered, hours.failed, strict=True)),
        "types": [_type(row) for row in types[:TYPES_MAX]],
    }


def _type(row: TypeRow) -> dict[str, Any]:
    label = f"Last 24 hours: {words.counted(row.events, 'event', 'events')}"
    return {
        "type": row.type,
        "events": words.number(row.events),
        "deliveries": words.number(row.deliveries),
        "last_at": row.last_at,
        "spark": charts.spark(row.hours, [0] * len(row.hours), label),
    }


def _change(now: int, before: int) -> str:
    """`18 % more than the day before`."""
    if not before:
        return "none the day before"
    change = round((now - before) / before * 100)
    if not change:
        return "as many as the day before"
    return f"{abs(change)} % {'more' if change > 0 else 'fewer'} than the day before"


PAGES = (Page("GET", "/projects/{key}", show, "overview/overview.html"),)
