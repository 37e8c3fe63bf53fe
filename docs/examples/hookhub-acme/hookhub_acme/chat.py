"""Acme Chat as a format: a message in a room, by an incoming webhook."""

from collections.abc import Mapping
from typing import Any

from connectors.base import Answer, Context, Judgement, Limits, Setting
from connectors.formats.chat import ChatFormat, Text, shown


class AcmeChat(ChatFormat):
    key = "acme_chat"
    name = "Acme Chat"
    summary = "A message in a room of Acme Chat."
    steps = (
        "In Acme Chat, open the room's settings, Webhooks, New.",
        "Copy its URL: https://chat.acme.example/hooks/KEY",
    )
    limits = Limits(2_000, rate=(1, 1))  # characters of a message; requests, and the seconds for them
    settings = (Setting("thread", "Thread", "The id of a thread, if it goes into one.", is_required=False),)

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        thread = context.settings.get("thread")
        return {"text": said.text} | ({"thread": thread} if thread else {})

    def judge(self, answer: Answer) -> Judgement:
        judged = super().judge(answer)
        if judged.blames is not None and shown(answer.body) == "room_is_closed":
            return Judgement("gone", judged.reason)
        return judged

    def escape(self, text: str) -> str:
        return text.replace("*", "\\*")

    def bold(self, text: str) -> str:
        return f"*{text}*"

    def link(self, text: str, url: str) -> str:
        return f"{text} {url}"


FORMAT = AcmeChat()
