"""The page of one hook: its state in one sentence with what to press, how the last day went, and its
deliveries.

Owns `/projects/KEY/hooks/ID`, and its samples. Step after: what is pressed goes to `hook_actions`, what is
looked into to `delivery`.
"""

from typing import Any

from hub.errors import Conflict
from hub.operations import hook_views
from hub.operations.overview import OPEN_MAX, HookRow
from hub.rules import format_fields, pace
from hub.rules.filters import Unreadable
from hub.rules.health import GONE_OTHERWISE, says_gone
from hub.rules.settings import Settings
from hub.store.history import SHOWN_STATES, Delivery
from hub.store.hooks import Hook
from hub.web import charts
from hub.web.pages import hook_read_only, words
from hub.web.pages.event_title import title_of
from hub.web.pages.table import Page, PageRequest, View
from hub.web.pages.words import DELIVERY_WORDS
from hub.web.rendering import milliseconds

DELIVERIES = 25
SAMPLES = 3
SINCE = (("", "Any time"), ("3600", "Last hour"), ("86400", "Last 24 hours"), ("604800", "Last 7 days"))


def show(request: PageRequest) -> View:
    return page_of(request)


def page_of(request: PageRequest, errors: dict[str, str] | None = None, overlap_hours: str = "24") -> View:
    """The page; with `errors` of a new secret, which is asked for on it, 422."""
    services, requester, project = request.services, request.requester, request.project
    tuned, now = services.settings.recent(), services.database.clock.now()
    hook = services.subscriptions.get(requester, project, request.path["id"])
    query = _query(request)
    end = services.deliveries.search_end(hook, query["before"] or None) if query["type"] else None
    found = services.deliveries.find(
        requester,
        project,
        hook_id=hook.id,
        down_to=end,
        state=query["state"] or None,
        type=query["type"] or None,
        since=now - float(query["since"]) if query["since"] else None,
        before=query["before"] or None,
        limit=DELIVERIES,
    )
    values: dict[str, Any] = {
        "here": "hooks",
        "hook": hook,
        "query": query,
        "rows": _rows(request, found, hook),
        "older": found[-1].id if len(found) == DELIVERIES else end or "",
        "states": [("", "Any"), *((state, DELIVERY_WORDS[state]) for state in SHOWN_STATES)],
        "types": [("", "Any"), *((code, code) for code in _types(request, hook))],
        "spans": SINCE,
    }
    if request.wants_part:
        return View(values, template="hooks/deliveries.html")
    values |= {
        "held_until": words.held_until(hook, tuned),
        "paused_until": words.paused_until(hook, now),
        "errors": errors or {},
        "overlap_hours": overlap_hours,
        **_whole(request, hook),
    }
    return View(values, 422 if errors else 200, "hooks/hook.html")


def show_samples(request: PageRequest) -> View:
    """What the hook would get, byte for byte: its newest events, or examples."""
    services, project = request.services, request.project
    hook = services.subscriptions.get(request.requester, project, request.path["id"])
    try:
        bodies = services.samples.find(request.requester, project, hook.id, SAMPLES)
    except Conflict as refused:  # its format is gone
        return View(
            {"here": "hooks", "hook": hook, "title": words.title(hook), "bodies": [], "why": refused.detail}
        )
    shown = [(words.pretty(body), words.text(body)) for body in bodies]
    return View({"here": "hooks", "hook": hook, "title": words.title(hook), "bodies": shown, "why": ""})


def _whole(request: PageRequest, hook: Hook) -> dict[str, Any]:
    """What stands around the list of deliveries."""
    services, requester, project = request.services, request.requester, request.project
    row = services.overview.hook(requester, project, hook)
    view = hook_views.of(services.database, services.box, requester, [hook])[0]
    tuned = services.settings.recent()
    may = hook_read_only.may(request, hook)
    return {
        "title": words.title(hook),
        "may": may,
        "by_hand": "" if may["edit"] or not requester.has("manage") else hook_read_only.by_hand(may),
        "notice": _notice(row, tuned),
        "open_count": row.open_count,
        "open_words": words.number(row.open_count, OPEN_MAX),
        "header_names": view.header_names,
        "format_name": words.format_name(hook.format),
        "is_signed": format_fields.is_signed(hook.format),
        "pace_words": pace.words(hook.pace, hook.format, tuned.retry_schedule_s),
        "is_replayed": services.replays.is_under_way(hook.id),
        "origin": words.origin(hook),
        "next_at": row.next_attempt_at,
        "last_error": hook.health.last_error,
        "charts": _charts(row),
    }


def _notice(row: HookRow, tuned: Settings) -> str:
    """The state of a hook that is not well, in one sentence; empty for one that is."""
    hook, health = row.hook, row.hook.health
    failures = health.consecutive_failures
    if isinstance(hook.filter, Unreadable):
        return f"Held by a fault of the hub: {hook.filter.reason}. Nothing is sent until it is set anew"
    if hook.state == "failing":
        left = tuned.failure_limit - failures
        said = f"{words.counted(failures, 'request', 'requests')} {'in a row ' if failures > 1 else ''}failed"
        return f"{said}; {left} more {'switches' if left == 1 else 'switch'} it off" if left > 0 else said
    if hook.state == "gone" or says_gone(health):
        reason = health.disabled_reason or ""
        is_other = reason.startswith(GONE_OTHERWISE)
        return f"T{reason[1:]}" if is_other else "The target answered 410 Gone: it asks for no more events"
    if hook.state == "auto_disabled":
        why = health.disabled_reason or ""
        if why and not why.startswith(f"{failures} request"):  # it has stopped for something else
            return f"Switched off: {why}"
        in_a_row = "in a row " if failures > 1 else ""
        return f"Switched off after {words.counted(failures, 'request', 'requests')} {in_a_row}failed"
    if hook.state == "disabled":
        reason = health.disabled_reason or "switched off"
        return reason[:1].upper() + reason[1:]
    return ""


def _charts(row: HookRow) -> dict[str, Any]:
    """The two pictures and the tables of their numbers."""
    hours, labels = row.hours, words.hour_labels(row.hours)
    half = [_rounded(one.within_ms(0.5)) for one in hours.results]
    most = [_rounded(one.within_ms(0.95)) for one in hours.results]
    whole = hours.whole
    answered = whole.within_ms(0.5)
    slow = whole.within_ms(0.95) or 0
    said = (
        f"half within {milliseconds(answered)}, 95 percent within {milliseconds(slow)}"
        if answered is not None
        else "no answers"
    )
    return {
        "results": charts.bars(
            labels, hours.delivered, hours.failed, f"Results per hour. {words.hours_label(hours)}"
        ),
        "results_table": list(zip(labels, hours.delivered, hours.failed, strict=True)),
        "answers": charts.durations(labels, half, most, f"Time to answer per hour, last 24 hours: {said}"),
        "answers_table": list(zip(labels, half, most, strict=True)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def _rows(request: PageRequest, found: list[Delivery], hook: Hook) -> list[dict[str, Any]]:
    services = request.services
    results = services.deliveries.last_results(found)
    events = services.events.named(request.requester, request.project, {one.event_id for one in found})
    titles = {event_id: title_of(event) for event_id, event in events.items()}
    tuned = services.settings.recent()
    return [
        {
            "delivery": one,
            "title": titles.get(one.event_id, ""),
            "result": results.get(one.id),
            "under_state": words.under_delivery(one),
            "held_until": words.delivery_held_until(one, hook, tuned),
        }
        for one in found
    ]


def _types(request: PageRequest, hook: Hook) -> list[str]:
    known = request.services.event_types.find(request.requester, request.project)
    return [info.code for info in known if hook.subscription.wants_type(info.code)][:200]


def _query(request: PageRequest) -> dict[str, str]:
    """What the filters above the deliveries ask for; what is not understood means any."""
    query = request.query
    state, since, before = query.get("state", ""), query.get("since", ""), query.get("before", "")
    return {
        "state": state if state in SHOWN_STATES else "",
        "type": request.asked("type", 130),
        "since": since if since in dict(SINCE) else "",
        "before": before if before.startswith("dlv_") and before.isascii() and before.isprintable() else "",
        "live": "off" if query.get("live") == "off" else "",
    }


PAGES = (
    Page("GET", "/projects/{key}/hooks/{id}", show, "hooks/hook.html", ("read", "manage")),
    Page("GET", "/projects/{key}/hooks/{id}/samples", show_samples, "hooks/samples.html", ("manage",)),
)
