"""Sources of a project: listed with what came last, made by kind, and each with what to type at its sender.

Owns `/projects/KEY/sources…`. A secret is shown once, on the page that follows its making, and typed but
never filled in.
"""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from connectors import inbound, registry, trial
from hub.errors import ChangedMeanwhile, Invalid
from hub.operations.source_kinds import kind_of, kinds
from hub.operations.sources import SavedSource, SourceChange
from hub.operations.subscriptions import OVERLAP_HOURS_DEFAULT
from hub.store.sources import RefusedRequest, Source
from hub.web.pages import gallery, source_form, words
from hub.web.pages.table import Page, PageRequest, Redirect, View

LISTED = 200
REFUSALS_SHOWN = 20
YOUR_SECRET = "its secret"
"""Stands in the command where the secret is not to be shown."""


def show_list(request: PageRequest) -> View:
    found = request.services.sources.list(request.requester, request.project, limit=LISTED)
    rows = [
        {"source": one, "title": _title(one), "kind": _kind_name(one), "state": _state(one)} for one in found
    ]
    return View({"here": "sources", "rows": rows})


def show_kinds(request: PageRequest) -> View:
    """Which kind; the form when one is chosen."""
    request.check_open()
    chosen = request.asked("kind", 40)
    kind = registry.find_source(chosen)
    if kind is not None:
        return _form(request, kind, {}, {})
    return View({"here": "sources", "kinds": kinds()})


def create(request: PageRequest) -> View:
    kind = kind_of(request.form.get("kind", ""))
    typed = source_form.typed(request, kind)
    try:
        saved = request.services.sources.create(
            request.requester,
            request.project,
            kind.key,
            name=typed["name"],
            prefix=typed["prefix"],
            secret=request.form.get("secret", "").strip() or None,
            settings=source_form.settings(typed, kind),
            rate_per_s=source_form.rate(typed["rate_per_s"]),
        )
    except Invalid as refused:
        return _form(request, kind, typed, source_form.errors(refused.errors, kind))
    return _source_page(request, saved.source, saved=saved, status=201)


def show(request: PageRequest) -> View:
    return _source_page(request, _source(request))


def save(request: PageRequest) -> View | Redirect:
    """One of the page's two forms."""
    return _rotate(request) if request.form.get("do") == "secret" else _update(request)


def _update(request: PageRequest) -> View | Redirect:
    source = _source(request)
    kind = kind_of(source.kind)
    typed = source_form.typed(request, kind)
    try:
        change = SourceChange(
            name=typed["name"],
            prefix=typed["prefix"],
            settings=source_form.settings(typed, kind),
            rate_per_s=source_form.rate(typed["rate_per_s"]),
        )
        request.services.sources.update(
            request.requester, request.project, source.id, change, request.opened_at
        )
    except Invalid as refused:
        errors = source_form.errors(refused.errors, kind)
        return _source_page(request, source, typed=typed, errors=errors, status=422)
    except ChangedMeanwhile:
        return _source_page(request, _source(request), typed=typed, is_older=True, status=409)
    return Redirect(_path(request, source.id), "Saved.")


def switch(request: PageRequest) -> Redirect:
    is_on = request.form.get("do") == "on"
    change = SourceChange(is_on=is_on)
    request.services.sources.update(request.requester, request.project, request.path["id"], change)
    said = "Switched on." if is_on else "Switched off. What comes is answered 200, counted, and dropped."
    return Redirect(_path(request, request.path["id"]), said)


def send_test(request: PageRequest) -> View | Redirect:
    """As its sender would call it; what was refused is told on the page."""
    source = _source(request)
    services, bytes_max = request.services, request.services.settings.recent().max_event_bytes
    tried = services.source_trials.send(request.requester, request.project, source.id, bytes_max)
    if tried.reason is not None:
        return _source_page(request, source, refused_test=tried.reason, status=422)
    receipt = tried.receipt
    if receipt is None:
        return Redirect(_path(request, source.id), "The test call was taken, and made no event.")
    if receipt.is_duplicate:
        return Redirect(_path(request, source.id), f"The test call was taken: {receipt.type} came before.")
    got = words.counted(receipt.deliveries, "webhook", "webhooks")
    return Redirect(
        f"/projects/{request.project.key}/events/{receipt.id}",
        f"The test call was taken: {receipt.type}, for {got}.",
    )


def _rotate(request: PageRequest) -> View | Redirect:
    hours = request.form.get("overlap_hours", "0").strip()
    try:
        saved = request.services.sources.rotate_secret(
            request.requester,
            request.project,
            request.path["id"],
            request.form.get("secret", "").strip() or None,
            float(hours) if hours.isascii() and hours.isdigit() else -1.0,
        )
    except Invalid as refused:
        source = _source(request)
        errors = source_form.errors(refused.errors, kind_of(source.kind))
        return _source_page(request, source, errors=errors, status=422)
    if saved.secret is None:
        return Redirect(_path(request, saved.source.id), "The secret is replaced.")
    return _source_page(request, saved.source, saved=saved)


def ask_delete(request: PageRequest) -> View:
    source = _source(request)
    return View({"here": "sources", "source": source, "title": _title(source)})


def delete(request: PageRequest) -> Redirect:
    source = _source(request)
    request.services.sources.delete(request.requester, request.project, source.id)
    return Redirect(_path(request), f"Deleted: {_title(source)}. Its sender is told 410 for 30 days.")


def _source_page(
    request: PageRequest,
    source: Source,
    *,
    saved: SavedSource | None = None,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    is_older: bool = False,
    refused_test: str = "",
    status: int = 200,
) -> View:
    """`typed`: into its settings; `is_older`: somebody else has changed it since they were opened."""
    services = request.services
    kind = registry.find_source(source.kind)
    secret = saved.secret if saved is not None else None
    refusals = services.sources.refusals(request.requester, request.project, source.id, REFUSALS_SHOWN)
    said = services.source_trials.trial(request.requester, request.project, source)
    url = services.sources.url(source)
    values: dict[str, Any] = {
        "here": "sources",
        "source": source,
        "title": _title(source),
        "kind": kind,
        "kind_name": _kind_name(source),
        "state": _state(source),
        "url": url,
        "is_local": _is_local(url),
        "steps": _steps(kind, url),
        "command": None if said is None else trial.shell(said, url=url, secret=secret or YOUR_SECRET),
        "is_older": is_older,
        "opened_at": request.opened_as(source.updated_at, is_older=is_older),
        "refused_test": refused_test,
        "secret": secret,
        "is_new": saved is not None,
        "has_secret_kind": kind is not None and kind.secret_from != "nowhere",
        "is_hubs_secret": kind is not None and kind.secret_from == "hub",
        "waits_for_secret": _waits(source),
        "settings": source_form.fields(kind, typed or source_form.of_source(source))
        if kind is not None
        else [],
        "typed": typed or source_form.of_source(source),
        "errors": errors or {},
        "overlap_hours": f"{OVERLAP_HOURS_DEFAULT:g}",
        "refusals": [(one, _headers(one), words.text(one.body)) for one in refusals],
    }
    return View(values, status, "sources/source.html")


def _form(request: PageRequest, kind: inbound.Source, typed: dict[str, str], errors: dict[str, str]) -> View:
    first = {"name": "", "prefix": kind.first_prefix, "rate_per_s": ""}
    first |= {source_form.SETTING + setting.key: setting.default for setting in kind.settings}
    shown = {**first, **typed}
    values = {
        "here": "sources",
        "kind": kind,
        "typed": shown,
        "errors": errors,
        "settings": source_form.fields(kind, shown),
        "steps": _steps(kind, ""),
    }
    return View(values, 422 if errors else 200, "sources/form.html")


def _steps(kind: inbound.Source | None, url: str) -> list[gallery.Step]:
    """Each step in parts: words, or (`url`, `secret`) what is to be typed in."""
    return gallery.filled(kind.steps if kind is not None else (), {"url": url})


def _is_local(url: str) -> bool:
    """Whether nobody but this machine reaches the address."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _state(source: Source) -> tuple[str, str, str]:
    """Tone, icon and words."""
    if not source.is_on:
        return "", "pause", "Off"
    if _waits(source):
        return "warn", "key", "Waits for its secret"
    if (source.last_refused_at or 0.0) > (source.last_event_at or 0.0):
        return "bad", "shield", "Refusing"
    return ("good", "ok", "Receiving") if source.last_event_at else ("", "clock", "Nothing yet")


def _waits(source: Source) -> bool:
    kind = registry.find_source(source.kind)
    return kind is not None and kind.secret_from != "nowhere" and not source.has_secret


def _kind_name(source: Source) -> str:
    kind = registry.find_source(source.kind)
    return source.kind if kind is None else kind.name


def _title(source: Source) -> str:
    return source.name or _kind_name(source)


def _headers(refusal: RefusedRequest) -> str:
    return "\n".join(f"{name}: {value}" for name, value in refusal.headers)


def _source(request: PageRequest) -> Source:
    return request.services.sources.get(request.requester, request.project, request.path["id"])


def _path(request: PageRequest, source_id: str = "") -> str:
    path = f"/projects/{request.project.key}/sources"
    return f"{path}/{source_id}" if source_id else path


_MANAGE = ("manage",)
_SOURCES = "/projects/{key}/sources"
_SOURCE = f"{_SOURCES}/{{id}}"

PAGES = (
    Page("GET", _SOURCES, show_list, "sources/list.html", _MANAGE),
    Page("GET", f"{_SOURCES}/new", show_kinds, "sources/kinds.html", _MANAGE),
    Page("POST", f"{_SOURCES}/new", create, scopes=_MANAGE),
    Page("GET", _SOURCE, show, scopes=_MANAGE),
    Page("POST", _SOURCE, save, scopes=_MANAGE),
    Page("POST", f"{_SOURCE}/switch", switch, scopes=_MANAGE),
    Page("POST", f"{_SOURCE}/test", send_test, scopes=_MANAGE),
    Page("GET", f"{_SOURCE}/delete", ask_delete, "sources/delete.html", _MANAGE),
    Page("POST", f"{_SOURCE}/delete", delete, scopes=_MANAGE),
)
