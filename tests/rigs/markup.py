"""What every page holds to, whatever it shows."""

import re
from html import unescape
from html.parser import HTMLParser


class Markup(HTMLParser):
    """What matters of a page's markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._is_drawing = False
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            self._is_drawing = True
        # A drawing has titles of its own, one for each of its parts.
        self.tags.append(("drawn title" if tag == "title" and self._is_drawing else tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._is_drawing = self._is_drawing and tag != "svg"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]


def plain(text: str) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def check_markup(text: str) -> Markup:
    """Language, one h1, a skip link that leads somewhere, labels, descriptions that exist, forms with a
    token, nothing inline, nothing from elsewhere.
    """
    page = Markup(text)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert text.partition("</head>")[0].count("<title>") == 1, "charts have titles of their own"
    assert page.all("a")[0]["href"] == "#content"
    for link in page.all("a"):
        assert not str(link["href"]).startswith("#") or str(link["href"])[1:] in ids
    _check_fields(page, ids)
    for tag, attributes in page.tags:
        assert tag != "style"
        assert tag != "script" or "src" in attributes
        assert not any(name == "style" or name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert not str(attributes.get(name, "")).startswith(("http", "//"))
    return page


def _check_fields(page: Markup, ids: list[str | None]) -> None:
    labelled = {label["for"] for label in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for field in page.all(tag):
            if field.get("type") == "hidden" or "hidden" in field:
                continue
            assert "aria-label" in field or field["id"] in labelled
            assert set(str(field.get("aria-describedby", "")).split()) <= set(ids)
            assert field.get("type") != "password" or "value" not in field
    posts = [form for form in page.all("form") if form.get("method") == "post"]
    tokens = [field for field in page.all("input") if field.get("name") in ("csrf", "token")]
    assert len(tokens) >= len(posts)
    assert all(field["value"] for field in tokens)


def opened_at(text: str) -> str:
    """By what a form knows how the thing was that it changes, when it was opened."""
    [found] = re.findall(r'name="opened" value="([^"]+)"', text)
    return str(found)
