"""Rocket.Chat: incoming webhook integrations (`https://HOST/hooks/ID/TOKEN`).

Markdown with one star for bold; `@all` and `@here` ring, so each @ of an event is broken. How long a message
may be is a setting of the server, 5,000 characters where nobody changed it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.base import Answer, Blame, Context, Judgement, Limits, Setting
from connectors.formats.chat import ChatFormat, Text, json_of, markdown, markdown_url, unmentioned


class RocketChatFormat(ChatFormat):
    """A message in a room."""

    key = "rocketchat"
    name = "Rocket.Chat"
    summary = "A message in a room of Rocket.Chat."
    docs = "chats.md"
    steps = (
        (
            "In the workspace's administration, open Integrations, New, Incoming; choose the room and the "
            "user that writes."
        ),
        "Switch it on, save, and copy the webhook URL: https://HOST/hooks/ID/TOKEN",
    )
    blames: ClassVar[Mapping[int, Blame]] = {404: "gone"}
    limits = Limits(5_000, rate=(5, 1))
    settings = (Setting("channel", "Room", "Another room than the webhook's own.", is_required=False),)

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        channel = context.settings.get("channel")
        return {"text": said.text, "parseUrls": False} | ({"channel": channel} if channel else {})

    def judge(self, answer: Answer) -> Judgement:
        """A 200 that says `"success": false` was not taken."""
        judged = super().judge(answer)
        if judged.blames is None and json_of(answer.body).get("success") is False:
            return Judgement("event", "answered 200, but that it had no success")
        return judged

    def escape(self, text: str) -> str:
        return unmentioned(markdown(text))

    def bold(self, text: str) -> str:
        return f"*{text}*"

    def link(self, text: str, url: str) -> str:
        words = text.removeprefix("*").removesuffix("*")
        return f"[{words}]({markdown_url(url)})"


FORMAT = RocketChatFormat()
