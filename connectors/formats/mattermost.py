"""Mattermost: incoming webhooks (`https://HOST/hooks/KEY`).

Markdown; `@channel` and names ring wherever they stand, so each @ of an event is broken. Longer posts than
16,383 characters are split, so that is the most.
"""

from collections.abc import Mapping
from typing import Any

from connectors.base import Answer, Context, Judgement, Limits, Setting
from connectors.formats.chat import ChatFormat, Text, markdown, shown, unmentioned


class MattermostFormat(ChatFormat):
    """A post in a channel."""

    key = "mattermost"
    name = "Mattermost"
    summary = "A post in a channel of Mattermost."
    docs = "chats.md"
    steps = (
        "Open Integrations, Incoming Webhooks, Add Incoming Webhook, and choose the channel.",
        "Copy the URL: https://HOST/hooks/KEY",
    )
    limits = Limits(16_383, rate=(5, 1))
    settings = (Setting("channel", "Channel", "Another channel than the webhook's own.", is_required=False),)

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        channel = context.settings.get("channel")
        return {"text": said.text} | ({"channel": channel} if channel else {})

    def judge(self, answer: Answer) -> Judgement:
        """A channel that is no more is told in words alone."""
        judged = super().judge(answer)
        if judged.blames is not None and "find the channel" in shown(answer.body, 1_000):
            return Judgement("gone", judged.reason)
        return judged

    def escape(self, text: str) -> str:
        return unmentioned(markdown(text))


FORMAT = MattermostFormat()
