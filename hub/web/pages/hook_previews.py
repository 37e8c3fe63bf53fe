"""The preview on a hook's form: what it would make of the project's newest events, as it is typed.

Owns that part of the form. Step before: somebody types. Step after: `operations.hook_preview` tries the same
fields that saving would take; nothing is stored or sent.
"""

from dataclasses import replace
from typing import Any

from hub.errors import Invalid
from hub.operations.hook_preview import HookPreview
from hub.rules import format_fields
from hub.rules.changes import UNSET
from hub.rules.hook_fields import HookChange
from hub.web.pages import hook_draft, words
from hub.web.pages.hook_draft import HookDraft
from hub.web.pages.table import Page, PageRequest, View

SHOWN = 3
"""Events that it is tried on."""
NONE: dict[str, Any] = {"previews": None, "preview_errors": []}
"""What the part shows before anybody asks."""
_STAND_IN = "kept"
"""For a credential that the form leaves empty: it is masked wherever it would be shown."""


def show(request: PageRequest) -> View:
    """The part alone."""
    shown = values(request, hook_draft.of_form(request.form))
    path = f"/projects/{request.project.key}/hooks/preview"
    return View({**shown, "preview_path": path}, template="hooks/preview.html")


def values(request: PageRequest, draft: HookDraft) -> dict[str, Any]:
    """What the part shows of what was typed."""
    presets = hook_draft.presets_of(request.project.catalogue)
    wanted = _complete(hook_draft.change_of(draft, presets))
    try:
        found = request.services.hook_previews.of_recent(request.requester, request.project, wanted, SHOWN)
    except Invalid as refused:
        return {"previews": [], "preview_errors": list(words.errors_by_field(refused.errors).values())}
    return {"previews": [_shown(one) for one in found], "preview_errors": []}


def _complete(wanted: HookChange) -> HookChange:
    """With something for the credentials of a stored hook, which the form leaves empty."""
    if wanted.headers is not UNSET:
        headers = {name: value or _STAND_IN for name, value in wanted.headers.items() if name}
        wanted = replace(wanted, headers=headers)
    if wanted.settings is not UNSET and wanted.format is not UNSET:
        kept = dict.fromkeys(format_fields.secret_settings(str(wanted.format)), _STAND_IN)
        wanted = replace(wanted, settings={**kept, **wanted.settings})
    return replace(wanted, enabled=True)


def _shown(one: HookPreview) -> dict[str, Any]:
    built = one.request
    return {
        "event_id": one.event_id,
        "type": one.event_type,
        "reason": one.reason,
        "problem": one.problem,
        "request": built,
        "headers": "" if built is None else "\n".join(f"{n}: {v}" for n, v in built.headers.items()),
        "pretty": "" if built is None else words.pretty(built.body),
        "raw": "" if built is None else words.text(built.body),
        "bytes": 0 if built is None else len(built.body),
    }


PAGES = (Page("POST", "/projects/{key}/hooks/preview", show, "hooks/preview.html", ("manage",)),)
