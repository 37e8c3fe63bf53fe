"""Projects: those that one is a member of, for administrators all of them; made, renamed, archived.

Owns `/projects` and what administrators do with a project as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hub.errors import Conflict, Invalid
from hub.operations.overview import Hours
from hub.operations.projects import ProjectWithStates
from hub.rules.access import Role
from hub.rules.catalogue import OPEN
from hub.store.projects import Project
from hub.web import charts
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, Redirect, View
from hub.web.sessions import ROLE_WORDS

PAGE_SIZE = 50
CATALOGUES = {OPEN: "any event type", "icescrum": "iceScrum catalogue"}
CATALOGUE_HELP = (
    (OPEN, "Any event type: it lists those that were seen or declared"),
    ("icescrum", "The iceScrum catalogue: stories, tasks, features, sprints and their kind"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One project in the list."""

    project: Project
    role_words: str
    sees_hooks: bool
    hooks: int
    failing: int
    off: int
    """Switched off after failures."""
    events: int
    """In the last 24 hours."""
    spark: Markup

    @property
    def attention(self) -> str:
        off = f"{self.off} {'hook' if self.off == 1 else 'hooks'} off after failures" if self.off else ""
        failing = f"{self.failing} failing" if self.failing else ""
        return ", ".join(filter(None, (off, failing)))


def show_list(request: PageRequest) -> View:
    user, before = request.person.user, request.query.get("before")
    found = request.services.projects.of_user(user, before, PAGE_SIZE)
    rows = _rows(request, found)
    return View(
        {
            "here": "projects",
            "rows": sorted(rows, key=lambda row: row.project.is_archived),
            "older": found[-1][0].key if len(found) == PAGE_SIZE else "",
            "is_first": before is None,
            "catalogues": CATALOGUES,
            **_form_values({}, {}),
        }
    )


def show_new(request: PageRequest) -> View:
    return _new({}, {})


def create(request: PageRequest) -> View | Redirect:
    key, name = request.form.get("key", "").strip().upper(), request.form.get("name", "").strip()
    catalogue = request.form.get("catalogue", OPEN)
    try:
        made = request.services.projects.create(request.requester, key, name, catalogue)
    except (Invalid, Conflict) as refused:
        return _new({"key": key, "name": name, "catalogue": catalogue}, dict(refused.errors))
    return Redirect(f"/projects/{made.key}", f"{made.name} is made.")


def show_edit(request: PageRequest) -> View:
    return _edit(request.project.name, {})


def rename(request: PageRequest) -> View | Redirect:
    name = request.form.get("name", "").strip()
    if not name:
        return _edit(name, {"name": "is missing"})
    try:
        renamed = request.services.projects.update(request.requester, request.project.key, name=name)
    except Invalid as refused:
        return _edit(name, dict(refused.errors))
    return Redirect(f"/projects/{renamed.key}/edit", f"The project is called {renamed.name} now.")


def ask_archive(request: PageRequest) -> View:
    return View({"here": "projects"})


def archive(request: PageRequest) -> Redirect:
    project = request.services.projects.update(request.requester, request.project.key, is_archived=True)
    return Redirect("/projects", f"{project.name} is archived: it is read-only and sends nothing.")


def restore(request: PageRequest) -> Redirect:
    project = request.services.projects.update(request.requester, request.project.key, is_archived=False)
    return Redirect(f"/projects/{project.key}/edit", f"{project.name} is back: what waited is sent.")


def _rows(request: PageRequest, found: Sequence[ProjectWithStates]) -> list[Row]:
    roles = request.person.user.roles
    figures = request.services.overview.projects([project for project, _ in found])
    return [_row(one, roles.get(one[0].key), *figures[one[0].id]) for one in found]


def _row(found: ProjectWithStates, role: Role | None, hours: Hours, events: int) -> Row:
    project, states = found
    return Row(
        project,
        ROLE_WORDS[role] if role is not None else "administrator",
        role != "stakeholder",
        sum(count for state, count in states.items() if state != "gone"),
        states.get("failing", 0),
        states.get("auto_disabled", 0),
        events,
        charts.spark(hours.delivered, hours.failed, words.hours_label(hours)),
    )


def _new(typed: Mapping[str, str], errors: Mapping[str, str]) -> View:
    return View({"here": "projects", **_form_values(typed, errors)}, 422 if errors else 200)


def _form_values(typed: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, object]:
    return {
        "typed": {"key": "", "name": "", "catalogue": OPEN, **typed},
        "errors": errors,
        "catalogue_help": CATALOGUE_HELP,
    }


def _edit(name: str, errors: Mapping[str, str]) -> View:
    return View({"here": "projects", "name": name, "errors": errors}, 422 if errors else 200)


_ADMIN = ("admin",)

PAGES = (
    Page("GET", "/projects", show_list, "projects/list.html"),
    Page("GET", "/projects/new", show_new, "projects/new.html", _ADMIN),
    Page("POST", "/projects/new", create, "projects/new.html", _ADMIN),
    Page("GET", "/projects/{key}/edit", show_edit, "projects/edit.html", _ADMIN),
    Page("POST", "/projects/{key}/edit", rename, "projects/edit.html", _ADMIN),
    Page("GET", "/projects/{key}/archive", ask_archive, "projects/archive.html", _ADMIN),
    Page("POST", "/projects/{key}/archive", archive, scopes=_ADMIN),
    Page("POST", "/projects/{key}/restore", restore, scopes=_ADMIN),
)
