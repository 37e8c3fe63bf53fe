"""Users: who can sign in; administrators look after them.

Owns `/users`. No password is ever written into a page.
"""

from collections.abc import Mapping

from hub.errors import Conflict, Invalid
from hub.rules.people import PASSWORD_MIN
from hub.store.users import User
from hub.web.pages.table import Page, PageRequest, Redirect, View
from hub.web.sessions import ROLE_WORDS

PAGE_SIZE = 100


def show_list(request: PageRequest) -> View:
    before = request.query.get("before")
    found = request.services.users.list(request.requester, before, PAGE_SIZE)
    values = {
        "here": "users",
        "users": found,
        "older": found[-1].name if len(found) == PAGE_SIZE else "",
        "is_first": before is None,
        "role_words": ROLE_WORDS,
    }
    return View(values)


def show_new(request: PageRequest) -> View:
    return _new({}, {})


def create(request: PageRequest) -> View | Redirect:
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    is_admin = "is_admin" in request.form
    if password != request.form.get("repeated", ""):
        return _new({"name": name, "is_admin": is_admin}, {"repeated": "is not the same as the one above"})
    try:
        made = request.services.users.create(request.requester, name, password or None, is_admin=is_admin)
    except (Invalid, Conflict) as refused:
        return _new({"name": name, "is_admin": is_admin}, dict(refused.errors))
    return Redirect(f"/users/{made.id}", f"{made.name} is made.")


def show(request: PageRequest) -> View:
    return _user(request, _wanted(request), {})


def set_password(request: PageRequest) -> View | Redirect:
    user, password = _wanted(request), request.form.get("password", "")
    if password != request.form.get("repeated", ""):
        return _user(request, user, {"repeated": "is not the same as the one above"})
    try:
        request.services.users.update(request.requester, user.name, password=password)
    except Invalid as refused:
        return _user(request, user, dict(refused.errors))
    return _back(user, f"{user.name} has a new password, and is signed out everywhere.")


def set_email(request: PageRequest) -> View | Redirect:
    user, email = _wanted(request), request.form.get("email", "").strip()
    try:
        request.services.users.update(request.requester, user.name, email=email)
    except Invalid as refused:
        return _user(request, user, dict(refused.errors))
    return _back(user, f"{user.name} is mailed at {email}." if email else f"{user.name} gets no mails.")


def set_admin(request: PageRequest) -> Redirect:
    is_admin = request.form.get("is_admin") == "yes"
    user = request.services.users.update(request.requester, _wanted(request).name, is_admin=is_admin)
    said = f"{user.name} is {'an administrator now' if user.is_admin else 'no administrator any more'}."
    return Redirect("/projects", said) if _is_out(request, user) else _back(user, said)


def switch(request: PageRequest) -> Redirect:
    is_disabled = request.form.get("to") == "off"
    user = request.services.users.update(request.requester, _wanted(request).name, is_disabled=is_disabled)
    said = f"{user.name} can {'no longer' if user.is_disabled else 'again'} sign in."
    return _back(user, said)


def ask_delete(request: PageRequest) -> View:
    return View({"here": "users", "user": _wanted(request)})


def delete(request: PageRequest) -> Redirect:
    user = _wanted(request)
    request.services.users.delete(request.requester, user.name)
    return Redirect("/users", f"{user.name} is deleted.")


def _wanted(request: PageRequest) -> User:
    return request.services.users.by_id(request.requester, int(request.path["user_id"]))


def _is_out(request: PageRequest, user: User) -> bool:
    """Whoever has just ceased to be an administrator no longer sees these pages."""
    return user.id == request.person.user.id and not user.is_admin


def _back(user: User, said: str) -> Redirect:
    return Redirect(f"/users/{user.id}", said)


def _new(typed: Mapping[str, object], errors: Mapping[str, str]) -> View:
    values = {
        "here": "users",
        "typed": {"name": "", "is_admin": False, **typed},
        "errors": errors,
        "password_min": PASSWORD_MIN,
    }
    return View(values, 422 if errors else 200)


def _user(request: PageRequest, user: User, errors: Mapping[str, str]) -> View:
    values = {
        "here": "users",
        "user": user,
        "errors": errors,
        "password_min": PASSWORD_MIN,
        "role_words": ROLE_WORDS,
        "is_oneself": user.id == request.person.user.id,
    }
    return View(values, 422 if errors else 200)


_ADMIN = ("admin",)

PAGES = (
    Page("GET", "/users", show_list, "users/list.html", _ADMIN),
    Page("GET", "/users/new", show_new, "users/new.html", _ADMIN),
    Page("POST", "/users/new", create, "users/new.html", _ADMIN, is_costly=True),
    Page("GET", "/users/{user_id:int}", show, "users/user.html", _ADMIN),
    Page("POST", "/users/{user_id:int}/password", set_password, "users/user.html", _ADMIN, is_costly=True),
    Page("POST", "/users/{user_id:int}/email", set_email, "users/user.html", _ADMIN),
    Page("POST", "/users/{user_id:int}/admin", set_admin, scopes=_ADMIN),
    Page("POST", "/users/{user_id:int}/switch", switch, scopes=_ADMIN),
    Page("GET", "/users/{user_id:int}/delete", ask_delete, "users/delete.html", _ADMIN),
    Page("POST", "/users/{user_id:int}/delete", delete, scopes=_ADMIN),
)
