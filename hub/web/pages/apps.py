"""Apps: what can be connected in a project, which apps may subscribe, and their tokens.

Owns `/projects/KEY/apps`: the gallery of apps, sources and targets (its cards are `gallery`'s), the switch of
each app, and its token, shown once.
"""

from typing import Any

from connectors import registry
from hub.errors import NotFound
from hub.rules.access import APP_SCOPES
from hub.web.pages import gallery, guides, words
from hub.web.pages.table import Page, PageRequest, Redirect, View

SEARCH_MAX = 100


def show(request: PageRequest) -> View:
    asked = request.asked("q", SEARCH_MAX).strip()
    broken = registry.broken()
    apps = [one for one in _apps(request) if one["card"].is_found_by(asked)]
    sources = [card for card in gallery.source_cards() if card.is_found_by(asked)]
    targets = [card for card in gallery.target_cards(_values(request)) if card.is_found_by(asked)]
    brokers = [card for card in gallery.broker_cards(_values(request)) if card.is_found_by(asked)]
    values: dict[str, Any] = {
        "here": "apps",
        "brokers": brokers,
        "connections": request.services.subscriptions.brokers(request.project),
        "asked": asked,
        "apps": apps,
        "sources": sources,
        "targets": targets,
        "in_use": _in_use(request),
        "guides": guides.titles(),
        "broken": broken,
        "sends_mail": request.services.subscriptions.sends_mail,
    }
    return View(values)


def _apps(request: PageRequest) -> list[dict[str, Any]]:
    services, requester, project = request.services, request.requester, request.project
    tokens = services.tokens.list(requester, project)
    hooks = services.overview.hooks_by_app(requester, project)
    return [
        {
            "card": gallery.app_card(registry.connector(key), _values(request)),
            "is_on": is_on,
            "hooks": hooks.get("page" if key == "webhooks" else key, 0),
            "origin": "page" if key == "webhooks" else key,
            "tokens": sum(token.app == key and token.revoked_at is None for token in tokens),
        }
        for key, is_on in services.connectors.list(requester, project).items()
    ]


def _in_use(request: PageRequest) -> dict[str, tuple[str, str]]:
    """Id of a source's or a target's card → what there is of it, in words, and the page to test it from."""
    services, base = request.services, f"/projects/{request.project.key}"
    by_kind: dict[str, list[str]] = {}
    for source in services.sources.list(request.requester, request.project):
        by_kind.setdefault(source.kind, []).append(source.id)
    found = {}
    for kind, ids in by_kind.items():
        said = words.counted(len(ids), "source", "sources")
        found[f"source-{kind}"] = (said, f"{base}/sources/{ids[0]}" if len(ids) == 1 else f"{base}/sources")
    for key, count in services.overview.hooks_by_format(request.requester, request.project).items():
        found[f"target-{key}"] = (words.counted(count, "hook", "hooks"), f"{base}/hooks?format={key}")
    return found


def _values(request: PageRequest) -> dict[str, str]:
    """What the steps have places for."""
    return {"hub": request.services.config.base_url, "project": request.project.key}


def switch(request: PageRequest) -> Redirect:
    key, is_on = request.path["app"], request.form.get("do") == "on"
    request.services.connectors.update(request.requester, request.project, key, is_on)
    name = registry.connector(key).name
    return Redirect(
        f"/projects/{request.project.key}/apps", f"{name} is switched {'on' if is_on else 'off'}."
    )


def issue(request: PageRequest) -> View:
    """A token of the app, with all that an app's token may do; shown once."""
    services, key = request.services, request.path["app"]
    if key not in registry.connector_keys():
        raise NotFound(f"there is no app {key[:40]}", title="No such app")
    name = f"{key}-{request.person.user.name}"[:200]
    made = services.tokens.create(request.requester, request.project, scopes=APP_SCOPES, app=key, name=name)
    connector = registry.connector(key)
    values: dict[str, Any] = {
        "here": "apps",
        "connector": connector,
        "token": made,
        "steps": gallery.filled(connector.steps, _values(request)),
        "address": services.config.base_url,
    }
    return View(values, 201, "apps/token.html")


_MANAGE = ("manage",)
_APPS = "/projects/{key}/apps"

PAGES = (
    Page("GET", _APPS, show, "apps/list.html", _MANAGE),
    Page("POST", f"{_APPS}/{{app}}", switch, scopes=_MANAGE),
    Page("POST", f"{_APPS}/{{app}}/token", issue, "apps/token.html", _MANAGE),
)
