"""Tokens of a project: made, shown once, listed with their last use and end, revoked.

Owns `/projects/KEY/tokens`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import registry
from hub.errors import Invalid, NotFound
from hub.operations import hook_access
from hub.operations.tokens import NewToken
from hub.rules.access import SCOPES
from hub.store.tokens import Token
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, Redirect, View

SCOPE_WORDS = {
    "publish": "send events in",
    "subscribe": "look after its own app's hooks, or those that API clients made",
    "read": "see hooks, deliveries, bodies",
    "manage": "change all hooks, sources, schedules and event types; not for apps",
}
"""Those that a project's token may have."""
TOKENS_MAX = 200


def show(request: PageRequest) -> View:
    return _page(request, {}, {"scopes": ["publish"], "name": "", "app": "", "expires_at": ""})


def create(request: PageRequest) -> View:
    form = request.form
    typed: dict[str, Any] = {
        "scopes": [scope for scope in SCOPES if scope in form.getlist("scope") and scope in SCOPE_WORDS],
        "name": form.get("name", "").strip(),
        "app": form.get("app", ""),
        "expires_at": form.get("expires_at", ""),
    }
    try:
        made = request.services.tokens.create(
            request.requester,
            request.project,
            scopes=typed["scopes"],
            app=typed["app"] or None,
            name=typed["name"],
            expires_at=_end_of(typed["expires_at"]),
        )
    except Invalid as refused:
        return _page(request, words.errors_by_field(refused.errors), typed)
    return _page(request, {}, {"scopes": ["publish"], "name": "", "app": "", "expires_at": ""}, made)


def ask_revoke(request: PageRequest) -> View:
    return View({"here": "tokens", "token": _token(request)})


def revoke(request: PageRequest) -> Redirect:
    token = _token(request)
    request.services.tokens.revoke(request.requester, token.id)
    return Redirect(f"/projects/{request.project.key}/tokens", f"Revoked: {token.name or token.id}.")


def _page(
    request: PageRequest, errors: dict[str, str], typed: dict[str, Any], made: NewToken | None = None
) -> View:
    services, project = request.services, request.project
    found = services.tokens.list(request.requester, project, limit=TOKENS_MAX)
    now = services.database.clock.now()
    apps = [(key, hook_access.app_name(key)) for key in registry.connector_keys() if key != "webhooks"]
    values: dict[str, Any] = {
        "here": "tokens",
        "rows": [
            {
                "token": token,
                "for": hook_access.app_name(token.app) if token.app else "API",
                "is_over": token.expires_at is not None and token.expires_at <= now,
            }
            for token in found
        ],
        "apps": [("", "API, no app"), *apps],
        "scope_words": SCOPE_WORDS,
        "typed": typed,
        "errors": errors,
        "made": made,
        "address": services.config.base_url,
    }
    status = 422 if errors else 200 if made is None else 201
    return View(values, status, "tokens/list.html")


def _token(request: PageRequest) -> Token:
    """One of this project. Raises: NotFound."""
    token = request.services.tokens.get(request.requester, request.path["id"])
    if token.project_id != request.project.id:
        raise NotFound("there is no such token in this project", title="No such token")
    return token


def _end_of(day: str) -> float | None:
    """The end of a day as a form gives it. Raises: Invalid."""
    if not day:
        return None
    try:
        return (datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)).timestamp()
    except (ValueError, OverflowError):
        raise Invalid([("expires_at", "must be a day such as 2027-01-31")]) from None


_MANAGE = ("manage",)
_TOKENS = "/projects/{key}/tokens"

PAGES = (
    Page("GET", _TOKENS, show, "tokens/list.html", _MANAGE),
    Page("POST", _TOKENS, create, "tokens/list.html", _MANAGE),
    Page("GET", f"{_TOKENS}/{{id}}/revoke", ask_revoke, "tokens/revoke.html", _MANAGE),
    Page("POST", f"{_TOKENS}/{{id}}/revoke", revoke, scopes=_MANAGE),
)
