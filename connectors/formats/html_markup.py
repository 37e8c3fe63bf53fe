"""HTML as some chats and mails take it: escaped, bold, links, and the same as plain text.

Owns what `telegram`, `matrix` and `email` write alike.
"""

import re
from html import unescape

from connectors.formats.chat import ChatFormat, entities

_TAG = re.compile(r"<[^>]{1,2000}>")


def escaped(text: str) -> str:
    """Without a meaning in HTML, inside of attributes too."""
    return entities(text).replace('"', "&quot;")


def link(text: str, url: str) -> str:
    """An escaped text that leads to a URL."""
    return f'<a href="{escaped(url)}">{text}</a>'


def plain(text: str) -> str:
    """HTML without its tags."""
    return unescape(_TAG.sub("", text))


class HtmlChat(ChatFormat):
    """A chat whose markup is HTML."""

    def escape(self, text: str) -> str:
        return escaped(text)

    def bold(self, text: str) -> str:
        return f"<b>{text}</b>"

    def link(self, text: str, url: str) -> str:
        return link(text, url)
