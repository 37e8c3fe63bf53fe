"""Microsoft Teams: a workflow's "When a Teams webhook request is received".

It gets an Adaptive Card 1.4. The answer is 202 whatever becomes of the card, and a message may have 28 KB
with what Teams adds, so 20,000 bytes of card are the most.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.base import Blame, Context, Limits
from connectors.formats.chat import ChatFormat, Text
from connectors.messages.message import Message

_COLORS = {"good": "Good", "bad": "Attention", "neutral": "Default"}
_MARKUP = re.compile(r"([\\*_\[\]()~`#])")


class TeamsFormat(ChatFormat):
    """A card in a channel or chat."""

    key = "teams"
    name = "Microsoft Teams"
    summary = "A card in a channel or chat of Microsoft Teams."
    docs = "chats.md"
    steps = (
        (
            "In the channel, open Workflows and take the one that begins with: When a Teams webhook "
            "request is received."
        ),
        "Copy its URL, the whole of it with all that stands behind the question mark.",
    )
    between_lines = "\n\n"
    limits = Limits(18_000, "bytes", rate=(1, 1))
    blames: ClassVar[Mapping[int, Blame]] = {404: "gone"}

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        told = said.message
        card: dict[str, Any] = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [_block(said.text)] if told is None else self._body(told),
        }
        if told is not None and told.url:
            card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": told.url}]
        return {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": None,
                    "content": card,
                }
            ],
        }

    def escape(self, text: str) -> str:
        """A card's text knows a part of Markdown; `<at>` means nothing without an entity of the card."""
        return _MARKUP.sub(r"\\\1", text)

    def _body(self, told: Message) -> list[dict[str, Any]]:
        title = _block(self.escape(told.title)) | {
            "weight": "Bolder",
            "size": "Medium",
            "color": _COLORS[told.tone],
        }
        body = [title]
        if told.facts:
            facts = [{"title": self.escape(name), "value": self.escape(value)} for name, value in told.facts]
            body.append({"type": "FactSet", "facts": facts})
        if told.text:
            body.append(
                _block("\n\n".join(self.escape(line) for line in told.text.split("\n") if line.strip()))
            )
        while len(body) > 1 and not self.fits(json.dumps(body)):
            body.pop()
        return body


def _block(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True}


FORMAT = TeamsFormat()
