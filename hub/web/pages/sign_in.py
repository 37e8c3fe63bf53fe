"""Signing in and out.

Owns `/sign-in` and `/sign-out`. Nothing tells whether a name is known, and where one goes on to is a path of
ours.
"""

from hub.errors import Busy, Invalid
from hub.operations.sessions import new_secret
from hub.web.pages.table import Page, PageRequest, Redirect, View, safe_path
from hub.web.sessions import csrf_token


def show(request: PageRequest) -> View | Redirect:
    following = safe_path(request.query.get("next", ""))
    if request.visitor().who is not None:
        return Redirect(following)
    secret = request.visit.secret or new_secret()
    return _form(following, secret=secret)


def sign_in(request: PageRequest) -> View | Redirect:
    following = safe_path(request.form.get("next", ""))
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    agent = request.http.headers.get("user-agent", "")
    try:
        secret = request.services.sessions.sign_in(
            name, password, request.address, agent, request.visit.secret
        )
    except Invalid as refused:
        return _form(following, name, refused.errors[0][1], secret=request.visit.secret)
    except Busy as refused:
        return _form(
            following, name, refused.detail, secret=request.visit.secret, wait_s=refused.retry_after_s
        )
    return Redirect(following, cookies={"session": secret})


def sign_out(request: PageRequest) -> Redirect:
    request.services.sessions.sign_out(request.person)
    return Redirect("/sign-in", "You are signed out.", {"session": ""})


def _form(following: str, name: str = "", error: str = "", *, secret: str, wait_s: int = 0) -> View:
    values = {"next": following, "name": name, "error": error, "csrf_token": csrf_token(secret)}
    status = 429 if wait_s else 422
    headers = {"Retry-After": str(wait_s)} if wait_s else {}
    return View(values, status if error else 200, headers=headers, cookies={"session": secret})


PAGES = (
    Page("GET", "/sign-in", show, "sign_in/form.html", is_open=True),
    Page("POST", "/sign-in", sign_in, "sign_in/form.html", is_open=True, is_costly=True),
    Page("POST", "/sign-out", sign_out),
)
