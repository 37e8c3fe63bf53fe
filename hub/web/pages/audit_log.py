"""The audit log: who changed what, newest first, filtered by object, project, and who.

Owns `/audit`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import Invalid
from hub.store.audit import AuditEntry
from hub.store.projects import Project
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, View

ENTRIES = 50
VALUE_MAX = 120
ACTIONS = {
    "connection.created": "Made a connection",
    "connection.deleted": "Deleted a connection",
    "connection.updated": "Changed a connection",
    "connector.switched": "Switched an app",
    "event.withdrawn": "Withdrew an event",
    "hook.changed": "Changed a hook",
    "hook.created": "Made a hook",
    "hook.deleted": "Deleted a hook",
    "hook.disabled": "Switched off a hook",
    "hook.dropped": "Dropped held deliveries",
    "hook.enabled": "Switched on a hook",
    "hook.gone": "Ended a subscription",
    "hook.replayed": "Replayed to a hook",
    "hook.secret_rotated": "Rotated a secret",
    "hook.taken_over": "Took over a hook",
    "member.removed": "Removed a member",
    "member.role_set": "Set a role",
    "project.archived": "Archived a project",
    "project.created": "Made a project",
    "project.deleted": "Deleted a project",
    "project.renamed": "Renamed a project",
    "project.restored": "Restored a project",
    "schedule.created": "Made a schedule",
    "schedule.deleted": "Deleted a schedule",
    "schedule.fired": "Fired a schedule",
    "schedule.updated": "Changed a schedule",
    "settings.changed": "Changed settings",
    "source.created": "Made a source",
    "source.deleted": "Deleted a source",
    "source.secret_rotated": "Rotated a source's secret",
    "source.updated": "Changed a source",
    "token.created": "Issued a token",
    "token.revoked": "Revoked a token",
    "user.admin_set": "Made or unmade an administrator",
    "user.created": "Made a user",
    "user.deleted": "Deleted a user",
    "user.disabled": "Shut a user out",
    "user.email_set": "Set an e-mail address",
    "user.enabled": "Let a user in again",
    "user.password_set": "Set a password",
    "user.signed_in": "Signed in",
}
"""What people read of each action that is audited."""


def show(request: PageRequest) -> View:
    query = {
        name: request.query.get(name, "").strip()[:200].replace("\0", "")
        for name in ("object", "actor", "project", "before")
    }
    error = ""
    try:
        found = request.services.audit.list(
            request.requester,
            project_key=query["project"] or None,
            object_id=query["object"] or None,
            actor=query["actor"] or None,
            before=query["before"] or None,
            limit=ENTRIES,
        )
    except Invalid as refused:
        found, error = (), refused.detail
    projects = request.services.projects.list(request.requester)
    titles = _titles(request, projects, found)
    values: dict[str, Any] = {
        "here": "audit",
        "query": query,
        "projects": [("", "Any"), *((project.key, project.key) for project in projects)],
        "rows": [_row(entry, titles.get(entry.object_id, "")) for entry in found],
        "older": found[-1].id if len(found) == ENTRIES else "",
        "error": error,
    }
    return View(values, 422 if error else 200)


def _titles(request: PageRequest, projects: Sequence[Project], found: Sequence[AuditEntry]) -> dict[str, str]:
    """What people call the hooks that there still are, by their id."""
    hooks: dict[int | None, set[str]] = {}
    for entry in found:
        if entry.action.startswith("hook."):
            hooks.setdefault(entry.project_id, set()).add(entry.object_id)
    return {
        hook.id: words.title(hook)
        for project in projects
        if project.id in hooks
        for hook in request.services.subscriptions.named(
            request.requester, project, hooks[project.id]
        ).values()
    }


def _row(entry: AuditEntry, title: str) -> dict[str, Any]:
    return {
        "entry": entry,
        "title": title,
        "did": ACTIONS.get(entry.action, entry.action),
        "change": "; ".join(f"{name}: {_change(value)}" for name, value in entry.fields.items()),
    }


def _change(value: Any) -> str:
    """`5 → 8`; a secret only that it changed."""
    if value is None:
        return "changed, not shown"
    if isinstance(value, list) and len(value) == 2:
        before, after = value
        return _short(after) if before is None else f"{_short(before)} → {_short(after)}"
    return _short(value)


def _short(value: Any) -> str:
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, list):
        text = ", ".join(map(str, value))
    elif isinstance(value, Mapping):
        text = ", ".join(f"{name}={one}" for name, one in value.items())
    else:
        text = "none" if value is None else str(value)
    return text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]}…"


PAGES = (Page("GET", "/audit", show, "server/audit.html", ("admin",)),)
