"""Markdown as HTML: our own documents, which are pages of the hub.

Owns how their parts look on a page: headings have an id, code and tables scroll by themselves, links lead
where the page says, pictures are left out. CommonMark with tables; HTML in a text is shown as text. Imported
when the first guide is opened: its library takes 0.8 MB. Step after: `web.pages.guides`.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

Link = Callable[[str], str]
"""Where a link's target leads, or nothing: then its words stand alone."""

_PRE = Markup('<div class="code"><pre tabindex="0" role="group" aria-label="Code">{}</pre></div>\n')
_LINK = "link"
_IS_LED = "is led"


def html_of(text: str, link: Link) -> Markup:
    """A whole document; its first heading, which is its title, is left out."""
    first, _, rest = text.partition("\n")
    html = _READER.render(rest if first.startswith("# ") else text, {_LINK: link})
    return Markup(html)  # noqa: S704 - whatever is not Markdown is escaped


def anchor(words: str) -> str:
    """What a link to a heading says behind its `#`."""
    return re.sub(r"[^a-z0-9 -]", "", words.lower()).replace(" ", "-")


class _Page(RendererHTML):
    """A method for each part that differs from plain HTML, by the reader's name for it."""

    def heading_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        """Below the page's own heading, which is the document's title."""
        for token in (tokens[at], tokens[at + 2]):
            token.tag = f"h{max(2, int(token.tag[1:]))}"
        tokens[at].attrSet("id", anchor(tokens[at + 1].content))
        return self.renderToken(tokens, at, options, env)

    def link_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[at]
        href = str(token.attrGet("href"))
        to = href if token.info == "auto" else env[_LINK](href)
        env[_IS_LED] = bool(to)  # one is never within another
        token.attrSet("href", to)
        if "://" in to:
            token.attrSet("rel", "noreferrer")
        return self.renderToken(tokens, at, options, env) if to else ""

    def link_close(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        return "</a>" if env[_IS_LED] else ""

    def image(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        return ""

    def fence(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        return _PRE.format(tokens[at].content.removesuffix("\n"))

    def table_open(self, *_: Any) -> str:
        return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"

    def th_open(self, *_: Any) -> str:
        return '<th scope="col">'


_READER = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Page).enable("table")
