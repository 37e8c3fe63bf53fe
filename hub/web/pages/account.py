"""What people set for themselves.

Owns `/account/…`.
"""

from hub.web.pages.table import Page, PageRequest, Redirect, safe_path
from hub.web.rendering import THEMES


def choose_theme(request: PageRequest) -> Redirect:
    chosen = request.form.get("theme", "")
    return Redirect(safe_path(request.came_from), cookies={"theme": chosen if chosen in THEMES else ""})


PAGES = (Page("POST", "/account/theme", choose_theme),)
