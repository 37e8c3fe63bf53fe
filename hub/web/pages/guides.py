"""Guides: the hub's own documents as pages, so that what the gallery names can be read where it is named.

Owns `/guide…`. They stand under the names that they have among the documents, so that links between them lead
on; those for whoever changes the hub are no guides.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from posixpath import dirname, normpath

from hub.errors import NotFound
from hub.web.pages.table import Page, PageRequest, View

FOLDERS = ("", "connect/")
START = "/guide"


@cache
def titles() -> dict[str, str]:
    """Name of each guide, such as `connect/github.md` → its title; by folder, then by name."""
    found = {}
    for folder in FOLDERS:
        for one in sorted(_folder(folder).iterdir(), key=lambda one: one.name):
            if one.name.endswith(".md"):
                found[folder + one.name] = title_of(one.read_text(encoding="utf-8"))
    return found


def title_of(text: str) -> str:
    """The first heading of a document."""
    return text.partition("\n")[0].removeprefix("# ").strip()


def show_list(request: PageRequest) -> View:
    known = titles()
    groups = [
        ("The hub", [(name, title) for name, title in known.items() if "/" not in name]),
        ("Connect", [(name, title) for name, title in known.items() if "/" in name]),
    ]
    return View({"here": "guide", "groups": groups})


def show(request: PageRequest) -> View:
    return _guide(request.path["name"])


def show_connect(request: PageRequest) -> View:
    return _guide(f"connect/{request.path['name']}")


def _guide(name: str) -> View:
    title = titles().get(name)
    if title is None:
        raise NotFound("there is no such guide", title="No such guide")
    text = (_folder("") / name).read_text(encoding="utf-8")

    def link(to: str) -> str:
        """As it is, because guides stand beside each other as their files do; to what is no guide none."""
        path = to.partition("#")[0]
        is_known = normpath(f"{dirname(name)}/{path}").lstrip("/") in titles()
        return to if "://" in to or not path or is_known else ""

    from hub.web.markdown import html_of

    return View({"here": "guide", "name": name, "title": title, "text": html_of(text, link)})


def _folder(name: str) -> Traversable:
    return files("hub") / "guides" / name if name else files("hub") / "guides"


PAGES = (
    Page("GET", START, show_list, "guides/list.html"),
    Page("GET", f"{START}/connect/{{name}}", show_connect, "guides/guide.html"),
    Page("GET", f"{START}/{{name}}", show, "guides/guide.html"),
)
