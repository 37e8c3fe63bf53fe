"""The first page of a project: what to do next.

Owns `/projects/KEY`.
"""

from hub.web.pages.table import Page, PageRequest, View


def show(request: PageRequest) -> View:
    return View({"here": "overview"})


PAGES = (Page("GET", "/projects/{key}", show, "overview/overview.html"),)
