"""Projects: those that one is a member of, and for administrators all of them.

Owns `/projects`.
"""

from hub.web.pages.table import Page, PageRequest, View


def show_list(request: PageRequest) -> View:
    return View({"here": "projects", "projects": request.services.sessions.projects_of(request.person)})


PAGES = (Page("GET", "/projects", show_list, "projects/list.html"),)
