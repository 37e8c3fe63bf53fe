"""Connections to brokers: administrators make, change, test and delete them.

Owns `/connections`. No password is ever written into a page. Step before: an administrator's browser. Step
after: `operations.broker_connections`.
"""

from collections.abc import Mapping
from typing import Any

from hub.errors import ChangedMeanwhile, Conflict, Invalid
from hub.operations.broker_connections import ConnectionChange
from hub.rules.brokers import KINDS, BrokerKind
from hub.store.broker_connections import BrokerConnection
from hub.targets.brokers import kinds
from hub.web.body import Form
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, Redirect, View

PAGE_SIZE = 100


def show_list(request: PageRequest) -> View:
    connections, before = request.services.broker_connections, request.query.get("before")
    found = connections.list(request.requester, before, PAGE_SIZE)
    rows = [
        {
            "connection": one,
            "kind": KINDS[one.kind].name if one.kind in KINDS else one.kind,
            "hooks": connections.hooks_on(request.requester, one),
            "state": _state(one),
        }
        for one in found
    ]
    older = found[-1].id if len(found) == PAGE_SIZE else ""
    return View({"here": "connections", "rows": rows, "older": older, "is_first": before is None})


def show_new(request: PageRequest) -> View:
    """`?kind=` chooses one; without it they are shown."""
    kind = KINDS.get(request.query.get("kind", ""))
    if kind is None:
        shown = [{"kind": one, "missing": _missing(one)} for one in KINDS.values()]
        return View({"here": "connections", "kinds": shown}, template="connections/kinds.html")
    return _form(kind, {"verify_ssl": True}, {})


def create(request: PageRequest) -> View | Redirect:
    kind = KINDS.get(request.form.get("kind", ""))
    if kind is None:
        return Redirect("/connections/new")
    name = request.form.get("name", "").strip()
    try:
        made = request.services.broker_connections.create(
            request.requester, name, kind.key, _change(request.form)
        )
    except Invalid as refused:
        return _form(kind, _typed(request.form), words.messages_by_field(refused.errors))
    except Conflict as refused:
        return _form(
            kind, _typed(request.form), {"name": f"{refused.detail[:1].upper()}{refused.detail[1:]}."}
        )
    return Redirect(f"/connections/{made.id}", f"{made.name} is made. Test it: nothing is sent by that.")


def show(request: PageRequest) -> View:
    return _connection(request, _wanted(request), {})


def update(request: PageRequest) -> View | Redirect:
    found, change = _wanted(request), _change(request.form, is_new=False)
    try:
        request.services.broker_connections.update(request.requester, found.id, change, request.opened_at)
    except Invalid as refused:
        return _connection(request, found, words.messages_by_field(refused.errors), _typed(request.form))
    except ChangedMeanwhile:
        return _connection(request, _wanted(request), {}, _typed(request.form), is_older=True)
    return Redirect(f"/connections/{found.id}", f"{found.name} is saved, and counts at once.")


def test(request: PageRequest) -> Redirect:
    found = _wanted(request)
    error = request.services.broker_connections.test(request.requester, found.id)
    said = f"{found.name} works: connected and logged in." if error is None else f"{found.name}: {error}."
    return Redirect(f"/connections/{found.id}", said)


def ask_delete(request: PageRequest) -> View:
    found = _wanted(request)
    hooks = request.services.broker_connections.hooks_on(request.requester, found)
    return View({"here": "connections", "connection": found, "hooks": hooks})


def delete(request: PageRequest) -> Redirect:
    gone = request.services.broker_connections.delete(request.requester, request.path["id"])
    return Redirect("/connections", f"{gone.name} is deleted.")


def _wanted(request: PageRequest) -> BrokerConnection:
    return request.services.broker_connections.get(request.requester, request.path["id"])


def _state(one: BrokerConnection) -> tuple[str, str, str]:
    if one.last_error is not None:
        return ("bad", "fail", "Does not work")
    return ("", "ok", "No error")


def _missing(kind: BrokerKind) -> str:
    return "" if kinds.is_installed(kind) else kinds.missing(kind)


def _change(form: Form, *, is_new: bool = True) -> ConnectionChange:
    """What the form asks for: an empty password leaves the one that is there."""
    password = form.get("password", "")
    keys = tuple(form.get("projects", "").replace(",", " ").split())
    fields: dict[str, Any] = {
        "url": form.get("url", "").strip(),
        "username": form.get("username", "").strip() or None,
        "ca": form.get("ca", "").replace("\r\n", "\n").strip() or None,
        "verify_ssl": "verify_ssl" in form,
        "projects": keys or None,
    }
    if password:
        fields["password"] = password
    elif not is_new and "forget_password" in form:
        fields["password"] = None
    return ConnectionChange(**fields)


def _typed(form: Form) -> dict[str, object]:
    texts = {name: form.get(name, "") for name in ("name", "url", "username", "ca", "projects")}
    return {**texts, **{name: name in form for name in ("verify_ssl", "forget_password")}}


def _form(kind: BrokerKind, typed: Mapping[str, object], errors: Mapping[str, str]) -> View:
    values = {
        "here": "connections",
        "kind": kind,
        "missing": _missing(kind),
        "typed": {"name": "", "url": "", "username": "", "ca": "", "projects": "", **typed},
        "errors": errors,
        "has_password": False,
    }
    return View(values, 422 if errors else 200, template="connections/new.html")


def _connection(
    request: PageRequest,
    one: BrokerConnection,
    errors: Mapping[str, str],
    typed: Mapping[str, object] | None = None,
    *,
    is_older: bool = False,
) -> View:
    """With what was typed; `is_older`: somebody else has changed it since the form was opened."""
    kind, status = KINDS[one.kind], 422 if errors else 200
    as_it_is = {
        "url": one.url,
        "username": one.username or "",
        "ca": one.ca or "",
        "projects": " ".join(one.projects or ()),
        "verify_ssl": one.verify_ssl,
        "forget_password": False,
    }
    values = {
        "here": "connections",
        "connection": one,
        "kind": kind,
        "missing": _missing(kind),
        "state": _state(one),
        "hooks": request.services.broker_connections.hooks_on(request.requester, one),
        "typed": typed or as_it_is,
        "errors": errors,
        "is_older": is_older,
        "opened_at": request.opened_as(one.updated_at, is_older=is_older),
        "has_password": one.has_password,
    }
    return View(values, 409 if is_older else status, template="connections/connection.html")


_ADMIN = ("admin",)

PAGES = (
    Page("GET", "/connections", show_list, "connections/list.html", _ADMIN),
    Page("GET", "/connections/new", show_new, "connections/new.html", _ADMIN),
    Page("POST", "/connections/new", create, "connections/new.html", _ADMIN),
    Page("GET", "/connections/{id}", show, "connections/connection.html", _ADMIN),
    Page("POST", "/connections/{id}", update, "connections/connection.html", _ADMIN),
    Page("POST", "/connections/{id}/test", test, scopes=_ADMIN),
    Page("GET", "/connections/{id}/delete", ask_delete, "connections/delete.html", _ADMIN),
    Page("POST", "/connections/{id}/delete", delete, scopes=_ADMIN),
)
