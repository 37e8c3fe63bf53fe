"""What people see and set for themselves: their password, where they are signed in, how pages look.

Owns `/account/…`.
"""

import re

from hub.errors import Busy, Invalid
from hub.rules.people import PASSWORD_MIN
from hub.web.pages.table import Page, PageRequest, Redirect, View, safe_path
from hub.web.rendering import THEMES

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""In the order in which they are looked for: Edge and Opera also call themselves Chrome, and all of them
Safari.
"""


def show_password(request: PageRequest) -> View:
    return _password_form({})


def change_password(request: PageRequest) -> View | Redirect:
    form = request.form
    new = form.get("password", "")
    if new != form.get("repeated", ""):
        return _password_form({"repeated": "is not the same as the one above"})
    try:
        request.services.users.change_own_password(
            request.requester, form.get("current_password", ""), new, request.person.session.id
        )
    except Invalid as refused:
        return _password_form(dict(refused.errors))
    except Busy as refused:
        return _password_form({"current_password": refused.detail}, 429)
    return Redirect("/account/sessions", "Your password is changed, and every other browser is signed out.")


def _password_form(errors: dict[str, str], status: int = 422) -> View:
    return View({"errors": errors, "password_min": PASSWORD_MIN}, status if errors else 200)


def list_sessions(request: PageRequest) -> View:
    found = request.services.sessions.list(request.person)
    return View(
        {
            "sessions": [(one, browser_words(one.agent)) for one in found],
            "current": request.person.session.id,
        }
    )


def revoke_session(request: PageRequest) -> Redirect:
    request.services.sessions.revoke(request.person, request.path["session_id"])
    return Redirect("/account/sessions", "That browser is signed out.")


def revoke_others(request: PageRequest) -> Redirect:
    count = request.services.sessions.revoke_others(request.person)
    said = f"{count} other {'browser is' if count == 1 else 'browsers are'} signed out."
    return Redirect("/account/sessions", said)


def choose_theme(request: PageRequest) -> Redirect:
    chosen = request.form.get("theme", "")
    return Redirect(safe_path(request.came_from), cookies={"theme": chosen if chosen in THEMES else ""})


def browser_words(agent: str) -> str:
    """`Firefox on Linux`, as far as a browser says so; nobody need believe it."""
    browser = next((name for pattern, name in _BROWSERS if re.search(pattern, agent)), "")
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, agent)), "")
    return " on ".join(filter(None, (browser, system))) or agent[:40] or "An unknown browser"


PAGES = (
    Page("GET", "/account/password", show_password, "account/password.html"),
    Page("POST", "/account/password", change_password, "account/password.html", is_costly=True),
    Page("GET", "/account/sessions", list_sessions, "account/sessions.html"),
    Page("POST", "/account/sessions/revoke-others", revoke_others),
    Page("POST", "/account/sessions/{session_id}/revoke", revoke_session),
    Page("POST", "/account/theme", choose_theme),
)
