"""The list of a project's hooks: what needs attention first, with filters, the state in words, and the last
24 hours.

Owns `/projects/KEY/hooks`.
"""

from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from connectors import registry
from hub.operations import hook_access
from hub.operations.overview import PAGE, HookRow
from hub.rules.health import State
from hub.store.hook_lists import Wanted
from hub.web import charts
from hub.web.pages import hook_draft, words
from hub.web.pages.table import Page, PageRequest, View

ATTENTION = "attention"
STATES: dict[str, tuple[State, ...]] = {
    ATTENTION: ("auto_disabled", "failing"),
    **{state: (state,) for state in get_args(State)},
}
STATE_WORDS = (
    ("", "Any"),
    (ATTENTION, "Needs attention"),
    ("active", "Active"),
    ("failing", "Failing"),
    ("disabled", "Off"),
    ("auto_disabled", "Off after failures"),
    ("gone", "Gone"),
)
TEXT_MAX = 200
PAGES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the form above the list asks for, as it was typed; what is not understood means any."""

    text: str
    state: str
    origin: str
    format: str
    event: str
    page: int
    is_paused: bool

    def query(self, **changes: str) -> str:
        """As the query of a link, with changes."""
        shown_page = str(self.page + 1) if self.page else ""
        paused = "off" if self.is_paused else ""
        named = {
            "q": self.text,
            "state": self.state,
            "origin": self.origin,
            "format": self.format,
            "event": self.event,
            "page": shown_page,
            "live": paused,
            **changes,
        }
        given = {name: value for name, value in named.items() if value}
        return f"?{urlencode(given)}" if given else "?"


def show(request: PageRequest) -> View:
    filters = _filters(request)
    services, project = request.services, request.project
    found = services.overview.hooks(request.requester, project, _wanted(request, filters), filters.page)
    types = services.event_types.find(request.requester, project)
    codes = [info.code for info in types]
    counts = services.overview.states(request.requester, project)
    total = sum(counts.values())
    values: dict[str, Any] = {
        "here": "hooks",
        "filters": filters,
        "states": STATE_WORDS,
        "origins": _origins(),
        "formats": _formats(),
        "groups": hook_draft.groups_of(types),
        "rows": [_row(request, row, codes) for row in found.rows],
        "found": found.found,
        "first": filters.page * PAGE + 1,
        "has_more": (filters.page + 1) * PAGE < found.found,
        "total": total - counts.get("gone", 0),
        "is_empty": total == 0,
        "attention": counts.get("auto_disabled", 0) + counts.get("failing", 0),
        "has_page_hooks": services.connectors.list(request.requester, project)["webhooks"],
        "subscribe_url": f"{services.config.base_url}/api/v1/hooks",
    }
    return View(values, template="hooks/rows.html" if request.wants_part else "hooks/list.html")


def _row(request: PageRequest, row: HookRow, codes: list[str]) -> dict[str, Any]:
    """One hook in the words of the list."""
    hook = row.hook
    tuned = request.services.settings.recent()
    types = words.types_wanted(hook.events, codes)
    presets = dict(hook_draft.presets_of(request.project.catalogue))
    return {
        "hook": hook,
        "title": words.title(hook),
        "address": words.address(hook),
        "format_name": words.format_name(hook.format),
        "under_state": words.under_state(row, tuned.failure_limit),
        "result": words.last_result(hook),
        "next_at": row.next_attempt_at,
        "paused_until": words.paused_until(hook, request.services.database.clock.now()),
        "wants": words.wants(hook.events, presets),
        "types": words.counted(types, "type", "types") if len(hook.events) > 1 or types > 1 else "",
        "origin": words.origin(hook),
        "spark": charts.spark(row.hours.delivered, row.hours.failed, words.hours_label(row.hours)),
    }


def _filters(request: PageRequest) -> Filters:
    query = request.query
    page = query.get("page", "1")
    return Filters(
        text=query.get("q", "").strip()[:TEXT_MAX].replace("\0", ""),
        state=query["state"] if query.get("state") in STATES else "",
        origin=query["origin"] if query.get("origin") in dict(_origins()) else "",
        format=query["format"] if query.get("format") in dict(_formats()) else "",
        event=request.asked("event", TEXT_MAX),
        page=max(0, int(page) - 1) if page.isascii() and page.isdigit() and int(page[:9]) < PAGES_MAX else 0,
        is_paused=query.get("live") == "off",
    )


def _wanted(request: PageRequest, filters: Filters) -> Wanted:
    is_app = filters.origin not in ("", "page", "api")
    return Wanted(
        text=filters.text,
        states=STATES.get(filters.state, ()),
        origin_kind="app" if is_app else filters.origin or None,  # type: ignore[arg-type]  # one of the two
        origin_app=filters.origin if is_app else None,
        format=filters.format,
        hook_ids=_wanting(request, filters.event) if filters.event else None,
    )


def _wanting(request: PageRequest, event_type: str) -> list[str]:
    return request.services.overview.wanting(request.project, [event_type])[event_type]


def _formats() -> list[tuple[str, str]]:
    return [("", "Any"), *((key, registry.format_of(key).name or key) for key in registry.format_keys())]


def _origins() -> list[tuple[str, str]]:
    apps = [(key, hook_access.app_name(key)) for key in registry.connector_keys() if key != "webhooks"]
    return [("", "Any"), ("page", "Page"), ("api", "API"), *apps]


PAGES = (Page("GET", "/projects/{key}/hooks", show, "hooks/list.html", ("read", "manage")),)
