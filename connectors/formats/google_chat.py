"""Google Chat: a space's webhook (`https://chat.googleapis.com/v1/spaces/S/messages?key=…&token=…`).

One star is bold, links are `<URL|text>`, and `<users/all>` rings for everybody, so angle brackets of an event
become entities (developers.google.com/workspace/chat/format-messages). One message a second for a space.
"""

from collections.abc import Mapping
from typing import ClassVar

from connectors.base import Blame, Limits
from connectors.formats.chat import ChatFormat, entities, starred


class GoogleChatFormat(ChatFormat):
    """A message in a space."""

    key = "google_chat"
    name = "Google Chat"
    summary = "A message in a space of Google Chat."
    docs = "chats.md"
    steps = (
        "In the space's menu, open Apps & integrations, Webhooks, Add webhook.",
        "Copy its URL, the whole of it with key and token.",
    )
    limits = Limits(4_000, rate=(1, 1))
    blames: ClassVar[Mapping[int, Blame]] = {403: "gone", 404: "gone"}

    def escape(self, text: str) -> str:
        return entities(text)

    def bold(self, text: str) -> str:
        return starred(text)

    def link(self, text: str, url: str) -> str:
        words = text[1:-1] if text.count("*") == 2 and text[0] == text[-1] == "*" else text
        return f"<{url.replace('|', '%7C').replace('>', '%3E')}|{words}>"


FORMAT = GoogleChatFormat()
