"""The form of a hook: a new one, the settings of one that there is, and the same read-only where its origin
forbids.

Owns `…/hooks/new` and `…/hooks/ID/settings`. Step before: somebody has typed (`hook_draft`). Step after:
`operations.subscriptions` checks and saves, as for every other door; a secret is shown once, right after it
was made.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from connectors import registry
from connectors.base import Setting
from hub.errors import ChangedMeanwhile, Conflict, Invalid
from hub.logs import MASK
from hub.operations import hook_views
from hub.operations.hook_views import HookView
from hub.rules import catalogue, pace, signing_secret
from hub.rules.filter_rows import OPERATORS
from hub.rules.filters import Unreadable
from hub.rules.hook_fields import HookChange
from hub.rules.settings import Settings
from hub.rules.templating.template import SOURCE_MAX
from hub.store.hooks import Hook
from hub.web.pages import filter_draft, hook_draft, hook_previews, hook_read_only, pace_draft, words
from hub.web.pages.hook_draft import HookDraft
from hub.web.pages.table import Page, PageRequest, Redirect, View

RECENT_EVENTS = 10
"""The newest, whose fields are offered for a filter."""
VALUES_OFFERED = 100


def show_new(request: PageRequest) -> View:
    """`?format=` chooses one, as the gallery's cards do."""
    request.check_open()
    _check_connector(request)
    asked = request.asked("format", 60)
    draft = HookDraft(
        choice="all" if request.project.catalogue == catalogue.OPEN else "story",
        format=asked
        if asked in registry.format_keys()
        else catalogue.default_format(request.project.catalogue),
    )
    return _form(request, draft)


def create(request: PageRequest) -> View | Redirect:
    subscriptions = request.services.subscriptions
    draft = hook_draft.of_form(request.form)
    if hook_draft.is_only_asked(request.form):
        return _form(request, draft)
    wanted = hook_draft.change_of(draft, hook_draft.presets_of(request.project.catalogue))
    if errors := hook_draft.ssl_errors(draft) | hook_draft.header_errors(draft) | _pace_errors(draft):
        others = _refused(lambda: subscriptions.drafted(request.requester, request.project, wanted))
        return _form(request, draft, others | errors)

    try:
        saved = subscriptions.create(request.requester, request.project, wanted)
    except Invalid as refused:
        return _form(request, draft, words.errors_by_field(refused.errors))
    return _saved(request, saved.hook, saved.secret, "Webhook saved. Send a test to see it arrive.", 201)


def show_settings(request: PageRequest) -> View:
    view = _view(request)
    if not hook_read_only.may(request, view.hook)["edit"]:
        return hook_read_only.show(request, view)
    presets = hook_draft.presets_of(request.project.catalogue)
    return _form(request, hook_draft.of_hook(view, presets), view=view)


def update(request: PageRequest) -> View | Redirect:
    """Two people, or two tabs, may have it open: whoever saves later is told what they would undo."""
    subscriptions = request.services.subscriptions
    view = _view(request)
    hook = view.hook
    draft = hook_draft.of_form(request.form)
    if hook_draft.is_only_asked(request.form):
        return _form(request, draft, view=view)
    errors = hook_draft.header_errors(draft, view.header_names) | _pace_errors(draft)
    if hook.verify_ssl:
        errors |= hook_draft.ssl_errors(draft)
    given = hook_draft.change_of(draft, hook_draft.presets_of(request.project.catalogue), hook)
    if errors:
        others = _refused(
            lambda: subscriptions.drafted_change(request.requester, request.project, hook.id, given)
        )
        return _form(request, draft, others | errors, view)

    try:
        saved = subscriptions.update(request.requester, request.project, hook.id, given, draft.of_version)
    except Invalid as refused:
        return _form(request, draft, words.errors_by_field(refused.errors), view)
    except ChangedMeanwhile:
        view = _view(request)
        return _changed_meanwhile(request, hook_draft.anew(draft, view.hook), view)
    return _saved(request, saved.hook, saved.secret, "Settings saved.", 200)


def check_target(request: PageRequest) -> View:
    """The target's field alone, as soon as it was typed."""
    draft = hook_draft.of_form(request.form)
    given = HookChange(target_url=draft.target_url)
    wrong = request.services.subscriptions.errors_in(request.requester, request.project, given)
    values = {"draft": draft.shown_again(), "errors": words.errors_by_field(wrong)}
    values |= {
        "check_path": _path(request, "hooks/check"),
        "sends_mail": request.services.subscriptions.sends_mail,
        "brokers": request.services.subscriptions.brokers(request.project),
    }
    return View(values, template="hooks/target_field.html")


def change_filter(request: PageRequest) -> View:
    """The filter's part alone, after one of its buttons."""
    draft = hook_draft.of_form(request.form)
    wrong = filter_draft.read(draft.filter) if "filter_as" in request.form else None
    errors = words.errors_by_field(wrong.errors) if isinstance(wrong, Unreadable) else {}
    values = {"draft": draft.shown_again(), "errors": errors}
    return View({**values, **_filter_values(request, draft, errors)}, template="hooks/filter_fields.html")


def _filter_values(request: PageRequest, draft: HookDraft, errors: dict[str, str]) -> dict[str, Any]:
    """What the filter's part shows besides the draft; fields and values are those of recent events."""
    recent, _ = request.services.events.find(request.requester, request.project, limit=RECENT_EVENTS)
    offered = filter_draft.offered(event.data for event in recent)
    found = filter_draft.read(draft.filter) if "filter" in errors else None
    return {
        "operators": OPERATORS,
        "filter_places": filter_draft.places(draft.filter.shown_groups),
        "filter_errors": filter_draft.errors_by_row(found),
        "filter_offered": offered,
        "filter_values": list(dict.fromkeys(value for _, found in offered for value in found.split(", ")))[
            :VALUES_OFFERED
        ],
        "filter_path": _path(request, "hooks/filter"),
    }


def _pace_values(draft: HookDraft, tuned: Settings) -> dict[str, Any]:
    """What the pace's part shows besides the draft."""
    given = pace_draft.read(draft.pace)[0]
    rate, steps = given.get("rate_limit"), given.get("retry_schedule_s")
    return {
        "rate_words": pace.rate_words(rate) if rate and not pace.errors_in({"rate_limit": rate}) else "",
        "usual_rate": pace_draft.usual_rate(draft.format),
        "longest_words": pace.longest_words(tuned.retry_schedule_s if steps is None else steps),
        "retry_words": pace.schedule_words(tuned.retry_schedule_s),
    }


def _pace_errors(draft: HookDraft) -> dict[str, str]:
    return words.errors_by_field(pace_draft.read(draft.pace)[1])


def _refused(ask: Callable[[], object]) -> dict[str, str]:
    """What the hub would say against it, so that all that is wrong is said at once."""
    try:
        ask()
    except Invalid as refused:
        return words.errors_by_field(refused.errors)
    return {}


def _changed_meanwhile(request: PageRequest, draft: HookDraft, view: HookView) -> View:
    """The form with what was typed, and what saving it would change of the hook as it is now."""
    given = hook_draft.change_of(draft, hook_draft.presets_of(request.project.catalogue), view.hook)
    asked = request.services.subscriptions.drafted_change(
        request.requester, request.project, view.hook.id, given
    )
    shown = _form(request, draft, view=view)
    kept = {"headers": dict.fromkeys(view.header_names, MASK), "settings": dict(view.settings)}
    changes = [
        words.LABELS.get(name, name)
        for name, value in asked.change.given().items()
        if name not in kept or value != kept[name]
    ]
    return replace(shown, values={**shown.values, "changes": changes}, status=409)


def ask_take_over(request: PageRequest) -> View:
    view = _view(request)
    return View(
        {"here": "hooks", "hook": view.hook, "owner": hook_read_only.owner(view.hook)},
        template="hooks/take_over.html",
    )


def take_over(request: PageRequest) -> Redirect:
    hook = request.services.subscriptions.take_over(request.requester, request.project, request.path["id"])
    return Redirect(_path(request, f"hooks/{hook.id}/settings"), "Taken over: you may change everything now.")


def ask_delete(request: PageRequest) -> View:
    view = _view(request)
    days = request.services.settings.recent().retention_days
    return View(
        {"here": "hooks", "hook": view.hook, "owner": hook_read_only.owner(view.hook), "retention_days": days}
    )


def delete(request: PageRequest) -> Redirect:
    hook = _view(request).hook
    request.services.subscriptions.delete(request.requester, request.project, hook.id)
    return Redirect(_path(request, "hooks"), f"Deleted: {words.title(hook)}.")


def _view(request: PageRequest) -> HookView:
    services = request.services
    hook = services.subscriptions.get(request.requester, request.project, request.path["id"])
    return hook_views.of(services.database, services.box, request.requester, [hook])[0]


def _form(
    request: PageRequest, draft: HookDraft, errors: dict[str, str] | None = None, view: HookView | None = None
) -> View:
    """The form with what was typed; 422 when something is wrong with it."""
    project = request.project
    types = request.services.event_types.find(request.requester, project)
    groups = hook_draft.groups_of(types)
    tuned = request.services.settings.recent()
    stored = () if view is None else view.header_names
    blank = hook_draft.BLANK_HEADERS if "add_header" not in request.form else hook_draft.BLANK_HEADERS * 2
    values: dict[str, Any] = {
        "here": "hooks",
        "hook": None if view is None else view.hook,
        "title": "" if view is None else words.title(view.hook),
        "draft": draft.shown_again(),
        "errors": errors or {},
        "changes": None,
        "was_emptied": bool(draft.secret or any(draft.header_values)),
        "labels": words.LABELS,
        "groups": groups,
        "types_count": sum(len(group.types) for group in groups if group.name != hook_draft.OWN_GROUP),
        "presets": hook_draft.presets_of(project.catalogue),
        "others": hook_draft.others(draft.events, groups),
        "catalogue": project.catalogue,
        "preview_path": _path(request, "hooks/preview"),
        **(hook_previews.values(request, draft) if "preview" in request.form else hook_previews.NONE),
        **_filter_values(request, draft, errors or {}),
        "formats": _format_choices(),
        "format_settings": _format_settings(),
        "stored_settings": () if view is None else view.settings,
        "template_max": SOURCE_MAX,
        **_pace_values(draft, tuned),
        "default_format": catalogue.default_format(project.catalogue),
        "stored_headers": stored,
        "blank_headers": blank,
        "failure_limit": tuned.failure_limit,
        "hold_days": tuned.hold_days,
        "check_path": _path(request, "hooks/check"),
        "sends_mail": request.services.subscriptions.sends_mail,
        "brokers": request.services.subscriptions.brokers(request.project),
    }
    return View(values, 422 if errors else 200, "hooks/form.html")


def _saved(request: PageRequest, hook: Hook, secret: str | None, said: str, status: int) -> View | Redirect:
    """On to the hook's page; a secret that was made is shown first, this once."""
    if secret is None or request.form.get("secret"):
        warning = signing_secret.warning(secret)
        return Redirect(_path(request, f"hooks/{hook.id}"), f"{said} {warning}".rstrip())
    values = {"here": "hooks", "hook": hook, "title": words.title(hook), "secret": secret, "said": said}
    return View(values, status, "hooks/secret.html")


def _check_connector(request: PageRequest) -> None:
    """Raises: Conflict: hooks of this page are switched off for the project."""
    if not request.services.connectors.list(request.requester, request.project)["webhooks"]:
        raise Conflict(
            f"the app Webhooks is not switched on for project {request.project.key}: switch it on under Apps",
            title="Webhooks are off",
        )


def _format_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What programs read, then chats: (heading, [(key, words)])."""
    formats = [registry.format_of(key) for key in registry.format_keys()]
    programs = [(one.key, words.format_words(one.key)) for one in formats if one.makes == "json"]
    chats = [(one.key, words.format_words(one.key)) for one in formats if one.makes == "text"]
    mails = [(one.key, words.format_words(one.key)) for one in formats if one.makes == "mail"]
    return [("Programs", programs), ("Chats", chats), ("Mail", mails)]


def _format_settings() -> list[tuple[str, str, Sequence[Setting]]]:
    """What formats need besides the URL: (key, name, settings) of those that need something."""
    formats = [registry.format_of(key) for key in registry.format_keys()]
    return [(one.key, one.name or one.key, one.settings) for one in formats if one.settings]


def _path(request: PageRequest, rest: str) -> str:
    return f"/projects/{request.project.key}/{rest}"


_MANAGE = ("manage",)
_READ = ("read", "manage")
_NEW = "/projects/{key}/hooks/new"
_SETTINGS = "/projects/{key}/hooks/{id}/settings"
_TAKE_OVER = "/projects/{key}/hooks/{id}/take-over"
_DELETE = "/projects/{key}/hooks/{id}/delete"

PAGES = (
    Page("GET", _NEW, show_new, "hooks/form.html", _MANAGE),
    Page("POST", _NEW, create, "hooks/form.html", _MANAGE),
    Page("POST", "/projects/{key}/hooks/check", check_target, "hooks/target_field.html", _MANAGE),
    Page("POST", "/projects/{key}/hooks/filter", change_filter, "hooks/filter_fields.html", _MANAGE),
    Page("GET", _SETTINGS, show_settings, "hooks/form.html", _READ),
    Page("POST", _SETTINGS, update, "hooks/form.html", _MANAGE),
    Page("GET", _TAKE_OVER, ask_take_over, "hooks/take_over.html", _MANAGE),
    Page("POST", _TAKE_OVER, take_over, scopes=_MANAGE),
    Page("GET", _DELETE, ask_delete, "hooks/delete.html", _MANAGE),
    Page("POST", _DELETE, delete, scopes=_MANAGE),
)
