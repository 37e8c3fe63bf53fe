"""The Markdown that our own documents are written in, as HTML.

Owns that part of the language: headings, paragraphs, lists, tables, code, emphasis, links; pictures are left
out. All of it is escaped. It is for texts of this repository, which a test reads whole, and no reader for
what others write. Step after: `web.pages.guides`.
"""

import re
from collections.abc import Callable, Iterator

from markupsafe import Markup, escape

Link = Callable[[str], str]
"""Where a link's target leads, or nothing: then its words stand alone."""

_FENCE = "```"
_HEADING = re.compile(r"(#{1,5}) (.+)")
_ITEM = re.compile(r"(- |\d+\. )(.*)")
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|(?P<picture>!)?\[(?P<words>(?:[^\[\]`]|`[^`]*`)*)\]\((?P<to>[^()\s]+)\)"
    r"|<(?P<address>https?://[^>\s]+)>"
    r"|\*\*(?P<strong>(?:[^*`]|`[^`]*`)+)\*\*"
    r"|\*(?P<stressed>(?:[^*`]|`[^`]*`)+)\*"
)

_HEAD = Markup('<{0} id="{1}">{2}</{0}>')
_PRE = Markup('<div class="code"><pre tabindex="0" role="group" aria-label="Code">{}</pre></div>')
_TABLE = Markup(
    '<div class="scroll" tabindex="0" role="group" aria-label="Table">'
    "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
)
_LINK = Markup('<a href="{}">{}</a>')
_AWAY = Markup('<a href="{}" rel="noreferrer">{}</a>')


def html_of(text: str, link: Link) -> Markup:
    """A whole document; its first heading, which is its title, is left out."""
    lines = text.split("\n")
    if lines and lines[0].startswith("# "):
        del lines[0]
    return Markup("\n").join(_blocks(lines, link))


def title_of(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ").strip()


def anchor(words: str) -> str:
    """What a link to a heading says behind its `#`."""
    return re.sub(r"[^a-z0-9 -]", "", words.lower()).replace(" ", "-")


def _blocks(lines: list[str], link: Link) -> Iterator[Markup]:
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if not line.strip():
            at = end
            continue
        if line.startswith(_FENCE):
            while lines[end] != _FENCE:
                end += 1
            yield _code(lines[at + 1 : end])
            at = end + 1
            continue
        if found := _HEADING.fullmatch(line):
            tag = f"h{max(2, len(found[1]))}"
            yield _HEAD.format(tag, anchor(found[2]), _inline(found[2], link))
            at = end
            continue
        while end < len(lines) and _goes_on(line, lines[end]):
            end += 1
        yield _block(lines[at:end], link)
        at = end


def _goes_on(first: str, line: str) -> bool:
    """Whether a line belongs to the block that `first` began."""
    if not line.strip() or line.startswith(_FENCE) or _HEADING.fullmatch(line):
        return False
    if first.startswith("|"):
        return line.startswith("|")
    return _ITEM.match(first) is not None or _ITEM.match(line) is None


def _block(lines: list[str], link: Link) -> Markup:
    if lines[0].startswith("|"):
        return _table(lines, link)
    if found := _ITEM.match(lines[0]):
        return _list(lines, "ul" if found[1] == "- " else "ol", link)
    return Markup("<p>{}</p>").format(_inline(" ".join(line.strip() for line in lines), link))


def _list(lines: list[str], tag: str, link: Link) -> Markup:
    items: list[list[str]] = []
    for line in lines:
        found = _ITEM.match(line)
        if found:
            items.append([found[2]])
        else:
            items[-1].append(line.strip())
    inner = Markup("").join(Markup("<li>{}</li>").format(_inline(" ".join(item), link)) for item in items)
    return Markup("<{0}>{1}</{0}>").format(tag, inner)


def _table(lines: list[str], link: Link) -> Markup:
    head, _, *rows = [_cells(line) for line in lines]
    named = Markup("").join(Markup('<th scope="col">{}</th>').format(_inline(cell, link)) for cell in head)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(_inline(cell, link)) for cell in row)
        )
        for row in rows
    )
    return _TABLE.format(named, body)


def _cells(line: str) -> list[str]:
    """A bar within code is written `\\|`, as everywhere."""
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _code(lines: list[str]) -> Markup:
    return _PRE.format("\n".join(lines))


def _inline(text: str, link: Link) -> Markup:
    out, at = Markup(""), 0
    for found in _INLINE.finditer(text):
        out += escape(text[at : found.start()]) + _marked(found, link)
        at = found.end()
    return out + escape(text[at:])


def _marked(found: re.Match[str], link: Link) -> Markup:
    if found["code"] is not None:
        return Markup("<code>{}</code>").format(found["code"])
    if found["strong"] is not None:
        return Markup("<strong>{}</strong>").format(_inline(found["strong"], link))
    if found["stressed"] is not None:
        return Markup("<em>{}</em>").format(_inline(found["stressed"], link))
    if found["picture"]:
        return Markup("")
    to = found["address"] or link(found["to"])
    words = escape(found["address"]) if found["address"] else _inline(found["words"], link)
    if not to:
        return words
    return (_AWAY if "://" in to else _LINK).format(to, words)
