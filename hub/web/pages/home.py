"""The first page: what this is, that it is up, and where to go on. It shows nothing that a stranger may not know."""

from hub.store import users
from hub.store.database import StoreUnavailable
from hub.web.pages.table import Page, PageRequest, View


def show(request: PageRequest) -> View:
    try:
        is_set_up = request.services.database.read(users.has_any)
    except StoreUnavailable:
        return View({"is_up": False, "is_set_up": True})
    return View({"is_up": True, "is_set_up": is_set_up})


PAGES = (Page("GET", "/", show, "home/home.html", is_open=True),)
