"""The first page: what this is, that it is up, and where to go on. It shows nothing that a stranger may not
know.
"""

from hub.errors import StoreUnavailable
from hub.operations import first_admin
from hub.web.pages.table import Page, PageRequest, Redirect, View


def show(request: PageRequest) -> View | Redirect:
    """Whoever is signed in goes on to their projects, or to the only one."""
    try:
        is_set_up = first_admin.is_set_up(request.services.database)
        who = request.visitor().who
    except StoreUnavailable:
        return View({"is_up": False, "is_set_up": True})
    if who is None:
        return Redirect("/sign-in") if is_set_up else View({"is_up": True, "is_set_up": False})
    keys = tuple(who.user.roles)
    is_only_one = len(keys) == 1 and not who.user.is_admin
    return Redirect(f"/projects/{keys[0]}" if is_only_one else "/projects")


PAGES = (Page("GET", "/", show, "home/home.html", is_open=True),)
