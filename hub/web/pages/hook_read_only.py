"""The settings of a hook where they cannot be changed by hand: the same fields, why, and what can be done.

Owns what a person may do to a hook now, in words. Step before: `hook_form` has found that it is not theirs to
edit. Step after: they do it in the app that owns the hook, or take it over.
"""

from collections.abc import Mapping

from connectors.base import EditRule
from hub.operations import hook_access
from hub.operations.hook_views import HookView
from hub.rules import pace
from hub.rules.access import Action, refusal
from hub.store.hooks import Hook
from hub.web.pages import words
from hub.web.pages.table import PageRequest, View


def show(request: PageRequest, view: HookView) -> View:
    """The same fields, why they cannot be changed, and what can be done."""
    hook, requester = view.hook, request.requester
    values = {
        "here": "hooks",
        "hook": hook,
        "title": words.title(hook),
        "header_names": view.header_names,
        "format_words": words.format_words(hook.format),
        "settings": view.settings,
        "pace_words": pace.words(hook.pace, hook.format, request.services.settings.recent().retry_schedule_s),
        "owner": owner(hook),
        "reason": _reason(request, hook),
        "may": may(request, hook),
        "can_take_over": requester.has("manage")
        and hook.origin_kind != "page"
        and hook.state != "gone"
        and not request.project.is_archived,
    }
    return View(values, template="hooks/read_only.html")


def may(request: PageRequest, hook: Hook) -> dict[str, bool]:
    """What this person may do to it now: of one that is gone, only the log can be deleted."""
    origin = hook_access.origin_of(hook)
    actions: tuple[Action, ...] = ("switch", "test", "redeliver", "delete", "edit")
    return {
        action: refusal(request.requester, origin, action) is None
        and not request.project.is_archived
        and (hook.state != "gone" or action == "delete")
        for action in actions
    }


def by_hand(may: Mapping[str, bool]) -> str:
    """`test it`, `switch, test and delete it`; empty when there is nothing that they may do."""
    allowed = [action for action, is_allowed in may.items() if is_allowed]
    if not allowed:
        return ""
    *first, last = allowed
    return f"{', '.join(first)} and {last} it" if first else f"{last} it"


def owner(hook: Hook) -> str:
    if hook.origin_kind == "app":
        return hook_access.app_name(hook.origin_app or "")
    return "the API client that made it" if hook.origin_kind == "api" else "this project"


def _reason(request: PageRequest, hook: Hook) -> str:
    if not request.requester.has("manage"):
        return (
            "Your role lets you look at hooks. Product owners and scrum masters of the project change them."
        )
    if request.project.is_archived:
        return (
            "The project is archived: it is read-only and sends nothing. An administrator can open it again."
        )
    if hook.state == "gone":
        return "The target said that it is gone for good: this subscription is over. Its log is kept."
    if hook.origin_kind == "api":
        return (
            "It was made through the API, and its client expects it as it made it. Change it there, "
            "or take it over."
        )
    rule = hook_access.origin_of(hook).edit_rule
    keeps = "keeps the address and the events that it subscribed with, and never asks again"
    if rule is EditRule.NONE:
        return f"{owner(hook)} {keeps}; it must be switched off there. Change it there, or take it over."
    return (
        f"{owner(hook)} {keeps}. Changed here, it would get something else than it shows. Change it there, "
        "or take it over."
    )
