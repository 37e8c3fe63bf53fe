"""The set-up page: whoever holds the one-time link makes the first administrator.

Owns `/setup`. Nobody gets in without the link's token, and no password is written back into the page. Step
before: `hookhub serve` has printed the link. Step after: `hub.operations.first_admin` makes the user and ends
the link.
"""

from hub.errors import Conflict
from hub.operations import first_admin
from hub.rules.people import PASSWORD_MIN, name_error, password_error
from hub.web.pages.table import Page, PageRequest, Redirect, View


def show(request: PageRequest) -> View:
    token = request.query.get("token", "")
    first_admin.check_link(request.services.database, token)
    return _form(token)


def make(request: PageRequest) -> View | Redirect:
    database = request.services.database
    token, name = request.form.get("token", ""), request.form.get("name", "").strip()
    password = request.form.get("password", "")
    first_admin.check_link(database, token)
    errors = _errors(name, password, request.form.get("repeated", ""))
    if errors:
        return _form(token, name, errors)

    try:
        made = first_admin.redeem(database, token, name, password, request.address)
    except Conflict as refused:
        return _form(token, name, dict(refused.errors))
    agent = request.http.headers.get("user-agent", "")
    secret = request.services.sessions.begin(made, request.address, agent, request.visit.secret)
    said = f"Welcome, {name}. You are this hub's administrator, and the set-up link is used up."
    return Redirect("/projects", said, {"session": secret})


def _form(token: str, name: str = "", errors: dict[str, str] | None = None) -> View:
    return View(
        {"token": token, "name": name, "errors": errors or {}, "password_min": PASSWORD_MIN},
        422 if errors else 200,
    )


def _errors(name: str, password: str, repeated: str) -> dict[str, str]:
    """Field → what is wrong with it, in the order of the form."""
    found = {"name": name_error(name), "password": password_error(password)}
    found["repeated"] = (
        "is not the same as the one above" if found["password"] is None and password != repeated else None
    )
    return {field: reason for field, reason in found.items() if reason}


PAGES = (
    Page("GET", "/setup", show, "setup/form.html", is_open=True, problem_template="setup/closed.html"),
    Page("POST", "/setup", make, "setup/form.html", is_open=True, brings_token=True, is_costly=True,
         problem_template="setup/closed.html"),
)  # fmt: skip
