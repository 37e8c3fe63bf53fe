"""Members of a project: who sees it and what they may do; its managers look after them.

Owns `/projects/KEY/members`.
"""

from collections.abc import Mapping
from typing import cast

from hub.errors import Invalid, NotFound
from hub.rules.access import MANAGERS, Role
from hub.web.pages.table import Page, PageRequest, Redirect, View
from hub.web.sessions import ROLE_MAY, ROLE_WORDS

ROLE_OPTIONS = [(role, words.capitalize()) for role, words in ROLE_WORDS.items()]
ROLE_FIRST: Role = "team_member"
"""Offered for somebody new."""


def show_list(request: PageRequest) -> View:
    return _list(request, {}, {})


def add(request: PageRequest) -> View | Redirect:
    typed = {"user": request.form.get("user", "").strip(), "role": request.form.get("role", "")}
    try:
        return _with_role(request, typed["user"], typed["role"])
    except NotFound:
        unknown = f"there is no user {typed['user'][:100]}: an administrator makes one under Server › Users"
        return _list(request, typed, {"user": unknown if typed["user"] else "is missing"})
    except Invalid as refused:
        return _list(request, typed, dict(refused.errors))


def update(request: PageRequest) -> Redirect:
    return _with_role(request, request.form.get("user", ""), request.form.get("role", ""))


def ask_delete(request: PageRequest) -> View:
    name = request.query.get("user", "")
    found = request.services.members.list(request.requester, request.project)
    if name not in [one.user.name for one in found]:
        raise NotFound(f"{name[:100]} is no member of {request.project.key}", title="No such member")
    return View({"here": "members", "name": name, "is_oneself": name == request.requester.name})


def delete(request: PageRequest) -> Redirect:
    name = request.form.get("user", "")
    request.services.members.delete(request.requester, request.project, name)
    if name == request.requester.name and not request.requester.has("admin"):
        return Redirect("/projects", f"You are no member of {request.project.name} any more.")
    return Redirect(_path(request), f"{name} is no member any more.")


def _with_role(request: PageRequest, name: str, role: str) -> Redirect:
    """Raises: Invalid, NotFound, Conflict."""
    made = request.services.members.update(request.requester, request.project, name, cast(Role, role))
    # Whoever has just given away their own role no longer sees this page.
    is_out = name == request.requester.name and made.role not in MANAGERS
    to = (
        f"/projects/{request.project.key}"
        if is_out and not request.requester.has("admin")
        else _path(request)
    )
    return Redirect(to, f"{name} is a {ROLE_WORDS[made.role]} now.")


def _list(request: PageRequest, typed: Mapping[str, str], errors: Mapping[str, str]) -> View:
    members = request.services.members.list(request.requester, request.project)
    owners = [one.user.name for one in members if one.role == "product_owner"]
    is_bound = len(owners) == 1 and not request.requester.has("admin")
    values = {
        "here": "members",
        "members": members,
        "may": ROLE_MAY,
        "roles": ROLE_OPTIONS,
        "candidates": request.services.members.candidates(request.requester, request.project),
        "last_owner": owners[0] if is_bound else None,
        "typed": {"user": "", "role": ROLE_FIRST, **typed},
        "errors": errors,
    }
    return View(values, 422 if errors else 200)


def _path(request: PageRequest) -> str:
    return f"/projects/{request.project.key}/members"


_MANAGE = ("manage",)

PAGES = (
    Page("GET", "/projects/{key}/members", show_list, "members/list.html", _MANAGE),
    Page("POST", "/projects/{key}/members", add, "members/list.html", _MANAGE),
    Page("POST", "/projects/{key}/members/role", update, scopes=_MANAGE),
    Page("GET", "/projects/{key}/members/delete", ask_delete, "members/delete.html", _MANAGE),
    Page("POST", "/projects/{key}/members/delete", delete, scopes=_MANAGE),
)
