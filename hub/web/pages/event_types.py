"""Event types: what may be published to a project, what each means, who receives it, and how often it came.

Owns `/projects/KEY/event-types`.
"""

from typing import Any

from connectors.icescrum.catalogue import examples
from hub.errors import Invalid
from hub.rules.facts import Facts
from hub.rules.matching import OWN_EVENT_TYPES
from hub.web.pages import hook_draft, words
from hub.web.pages.table import Page, PageRequest, Redirect, View

NAMED_MAX = 20
TYPES_MAX = 1_000


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
    try:
        newest, _ = services.events.find(requester, project, types=[event_type], limit=1)
        example = Facts(event_type, services.database.clock.now(), examples(event_type))
        facts = Facts.of(newest[0]) if newest else example
        preview = services.events.preview(requester, project, facts)
    except Invalid as refused:
        return {"error": refused.errors[0][1]}
    hooks = services.subscriptions.named(requester, project, preview.matched[:NAMED_MAX])
    return {
        "error": "",
        "count": words.counted(len(preview.matched), "hook", "hooks"),
        "hooks": [(hook.id, words.title(hook), hook.state == "auto_disabled") for hook in hooks.values()],
        "more": len(preview.matched) - len(hooks),
        "others": len(preview.not_matched),
        "like": newest[0].id if newest else "",
    }


_TYPES = "/projects/{key}/event-types"

PAGES = (
    Page("GET", _TYPES, show, "event_types/list.html", ("read", "manage")),
    Page("POST", _TYPES, declare, "event_types/list.html", ("manage",)),
)
