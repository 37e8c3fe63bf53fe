"""Slack: incoming webhooks (`https://hooks.slack.com/services/…`).

Its text is mrkdwn: three characters are control characters and escaped as entities, and links are
`<URL|text>` (docs.slack.dev, "Formatting message text"). A mention is `<!…>`, so nothing that an event holds
can ring for a channel. One message a second.
"""

from collections.abc import Mapping
from typing import Any

from connectors.base import Answer, Context, Judgement, Limits
from connectors.formats.chat import ChatFormat, Text, entities, shown, starred

_GONE = (
    "channel_is_archived",
    "channel_not_found",
    "no_service",
    "no_team",
    "invalid_token",
    "team_disabled",
    "action_prohibited",
)


class SlackFormat(ChatFormat):
    """A message in a channel."""

    key = "slack"
    name = "Slack"
    summary = "A message in a channel of Slack."
    docs = "chats.md"
    steps = (
        "At api.slack.com/apps, make an app for your workspace and switch Incoming Webhooks on.",
        (
            "Add New Webhook to Workspace, choose the channel, and copy the URL: "
            "https://hooks.slack.com/services/…"
        ),
    )
    limits = Limits(35_000, rate=(1, 1))

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        return {"text": said.text, "unfurl_links": False}

    def judge(self, answer: Answer) -> Judgement:
        """Some of its words say that the channel or the webhook is no more."""
        judged = super().judge(answer)
        words = shown(answer.body)
        if judged.blames is not None and words in _GONE:
            return Judgement("gone", judged.reason)
        return judged

    def escape(self, text: str) -> str:
        return entities(text)

    def bold(self, text: str) -> str:
        return starred(text)

    def link(self, text: str, url: str) -> str:
        safe = entities(url).replace("|", "%7C")
        return f"<{safe}|{text}>"


FORMAT = SlackFormat()
