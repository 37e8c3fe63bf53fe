"""Apps: which may subscribe in a project, what each does, what may be done by hand with its hooks, how to set
it up.

Owns `/projects/KEY/apps`. An app is a connector; its token is issued here and shown once.
"""

from typing import Any

from connectors import registry
from connectors.base import EditRule
from hub.errors import NotFound
from hub.rules.access import APP_SCOPES
from hub.web.pages.table import Page, PageRequest, Redirect, View

BY_HAND = {
    EditRule.FULL: "everything",
    EditRule.SWITCH: "switch, test, redeliver, delete",
    EditRule.NONE: "view and test only",
}
STEPS: dict[str, tuple[str, ...]] = {
    "webhooks": (
        "Open Webhooks and press New webhook.",
        "Give the target URL and choose events.",
        "Save, then send a test.",
    ),
    "icescrum": ("Issue a token.", "Send it as x-icescrum-token.", "Keep the paths: only the host changes."),
    "zapier": (
        "Issue a token and copy it.",
        "In Zapier, connect hookhub with the server address and the token.",
        "Choose a trigger and switch the Zap on. It appears under Webhooks.",
    ),
    "n8n": (
        "Issue a token and copy it.",
        "In n8n, add a credential with the server address and the token.",
        "Activate the workflow.",
    ),
    "make": ("Issue a token.", "Use it in Make's connection.", "Create the webhook."),
    "power_automate": ("Issue a token.", "Use it in the custom connector.", "Save the flow."),
}
DEFAULT_STEPS = (
    "Issue a token and copy it.",
    "Give the app the server address and the token.",
    "Switch its flow on.",
)


def show(request: PageRequest) -> View:
    services, requester, project = request.services, request.requester, request.project
    tokens = services.tokens.list(requester, project)
    hooks = services.overview.hooks_by_app(requester, project)
    cards = [
        {
            "connector": registry.connector(key),
            "is_on": is_on,
            "by_hand": BY_HAND[registry.connector(key).edit_rule],
            "steps": STEPS.get(key, DEFAULT_STEPS),
            "hooks": hooks.get("page" if key == "webhooks" else key, 0),
            "origin": "page" if key == "webhooks" else key,
            "tokens": sum(token.app == key and token.revoked_at is None for token in tokens),
        }
        for key, is_on in services.connectors.list(requester, project).items()
    ]
    values: dict[str, Any] = {"here": "apps", "cards": cards, "address": services.config.base_url}
    return View(values)


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
        "steps": STEPS.get(key, DEFAULT_STEPS)[1:],
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
