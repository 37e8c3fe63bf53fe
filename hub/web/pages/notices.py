"""Notices: what needs attention in the projects that a person looks after, and how they want to be told.

Owns `/notices` and `/account/notices`. Step after: `operations.notices`.
"""

from hub.engine.notices import path_of
from hub.errors import Invalid
from hub.rules import notices as rules
from hub.web.pages.table import Page, PageRequest, Redirect, View

CHOICES = (
    ("", "At once when a hook is switched off or gone, daily for the rest"),
    ("at_once", "At once, at most one mail in 15 minutes"),
    ("hourly", "At most one mail an hour"),
    ("daily", "At most one mail a day"),
    ("off", "No mails"),
)
MARKS: dict[rules.Kind, str] = {
    "gone": "Gone",
    "auto_disabled": "Switched off",
    "failing": "Failing",
    "recovered": "Works again",
    "deliveries_failed": "Given up",
    "source_refuses": "Refuses all",
    "schedule_missed": "Missed",
    "connection": "Down",
    "hub": "Hub",
}
"""One or two words: they stay on one line on the narrowest screen."""
SIGNS = {
    "gone": "gone",
    "auto_disabled": "stop",
    "recovered": "ok",
    "schedule_missed": "clock",
    "failing": "warn",
}
TONES = {"gone": "bad", "auto_disabled": "bad", "recovered": "good"}


def show(request: PageRequest) -> View:
    found = request.services.notices.of_person(request.person.user)
    rows = [
        (
            one,
            MARKS[one.kind],
            one.reason or rules.words(one.kind),
            path_of(one),
            SIGNS.get(one.kind, "warn"),
            TONES.get(one.kind, "warn"),
        )
        for one in found
    ]
    return View({"here": "notices", "rows": rows, "news": 0})


def show_choice(request: PageRequest) -> View:
    told = request.services.notices.how_told(request.person.user)
    return _choice(request, told.email, told.choice or "", {})


def choose(request: PageRequest) -> View | Redirect:
    email, choice = request.form.get("email", "").strip(), request.form.get("choice", "")
    try:
        request.services.notices.choose(request.requester, request.person.user, email, choice)
    except Invalid as refused:
        return _choice(request, email, choice, dict(refused.errors))
    return Redirect("/account/notices", "Saved.")


def _choice(request: PageRequest, email: str, choice: str, errors: dict[str, str]) -> View:
    values = {
        "email": email,
        "choice": choice,
        "choices": CHOICES,
        "errors": errors,
        "has_relay": request.services.notices.has_relay,
    }
    return View(values, 422 if errors else 200)


PAGES = (
    Page("GET", "/notices", show, "notices/list.html"),
    Page("GET", "/account/notices", show_choice, "account/notices.html"),
    Page("POST", "/account/notices", choose, "account/notices.html"),
)
