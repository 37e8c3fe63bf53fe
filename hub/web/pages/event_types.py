"""Event types: what may be published to a project, what each means, who receives it, and how often it came.

Owns `/projects/KEY/event-types`.
"""

from typing import Any

from connectors.icescrum.catalogue import examples
from hub.errors import Invalid
from hub.rules import catalogue
from hub.rules.facts import Facts
from hub.rules.matching import OWN_EVENT_TYPES
from hub.web.pages import hook_draft, words
from hub.web.pages.table import Page, PageRequest, Redirect, View

NAMED_MAX = 20
TYPES_MAX = 1_000
ASKED_MAX = 1_000
"""Hooks whose filters are asked, the newest: reading more takes longer than a page may."""


def show(request: PageRequest) -> View:
    return _page(request)


def _page(request: PageRequest, errors: dict[str, str] | None = None) -> View:
    """With `errors` of a type that was to be declared, what was typed stays."""
    services, requester, project = request.services, request.requester, request.project
    types = services.event_types.find(requester, project)[:TYPES_MAX]
    wanting = services.overview.wanting(project, [info.code for info in types])
    seen = services.overview.seen(requester, project)
    counted = {row.type: row for row in services.overview.types(requester, project)}
    groups = [
        {
            "name": group.name,
            "rows": [
                {
                    "info": info,
                    "hooks": len(wanting[info.code]),
                    "count": counted.get(info.code),
                    "seen": seen.get(info.code),
                }
                for info in group.types
            ],
        }
        for group in hook_draft.groups_of(types)
    ]
    wanted = request.query.get("type", "").strip()[:130].replace("\0", "")
    values: dict[str, Any] = {
        "here": "types",
        "groups": groups,
        "catalogue": project.catalogue,
        "own": len(OWN_EVENT_TYPES),
        "errors": errors or {},
        "typed": {name: request.form.get(name, "") for name in ("id", "name", "description")},
        "wanted": wanted,
        "codes": [info.code for info in types],
        "reach": _reach(request, wanted) if wanted else None,
    }
    return View(values, 422 if errors else 200)


def declare(request: PageRequest) -> Redirect | View:
    form = request.form
    code = form.get("id", "").strip()
    try:
        request.services.event_types.declare(
            request.requester,
            request.project,
            code,
            form.get("name", "").strip(),
            form.get("description", "").strip(),
        )
    except Invalid as refused:
        # The API's name for a type that is declared is `id`.
        return _page(request, {field: f"Type {message}." for field, message in refused.errors})
    return Redirect(f"/projects/{request.project.key}/event-types", f"Declared: {code}.")


def _reach(request: PageRequest, event_type: str) -> dict[str, Any]:
    """Who would get an event of this type now: one like the newest, or like the type's example."""
    services, requester, project = request.services, request.requester, request.project
    if reason := catalogue.type_error(project.catalogue, event_type):
        return {"error": reason}
    newest, _ = services.events.find(requester, project, types=[event_type], limit=1)
    example = Facts(event_type, services.database.clock.now(), examples(event_type))
    facts = Facts.of(newest[0]) if newest else example

    # Not `events.preview`, which says of each of ten thousand hooks why not.
    wanting = sorted(services.overview.wanting(project, [event_type])[event_type], reverse=True)
    asked = services.subscriptions.named(requester, project, wanting[:ASKED_MAX])
    refusing = {hook.id for hook in asked.values() if hook.subscription.failed(facts) is not None}
    reached = [hook_id for hook_id in wanting if hook_id not in refusing]
    states = services.overview.states(requester, project)
    hooks = [asked[hook_id] for hook_id in reached[:NAMED_MAX] if hook_id in asked]
    return {
        "error": "",
        "count": words.counted(len(reached), "hook", "hooks"),
        "hooks": [(hook.id, words.title(hook), hook.state == "auto_disabled") for hook in hooks],
        "more": len(reached) - len(hooks),
        "others": sum(count for state, count in states.items() if state != "gone") - len(reached),
        "like": newest[0].id if newest else "",
        "asked": words.number(len(asked)) if len(wanting) > ASKED_MAX else "",
    }


_TYPES = "/projects/{key}/event-types"

PAGES = (
    Page("GET", _TYPES, show, "event_types/list.html", ("read", "manage")),
    Page("POST", _TYPES, declare, "event_types/list.html", ("manage",)),
)
