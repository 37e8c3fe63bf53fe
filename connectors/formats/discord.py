"""Discord: webhooks of a channel (`https://discord.com/api/webhooks/ID/TOKEN`).

`wait=true` makes it say whether the message was saved, and `allowed_mentions` keeps it from ringing for
anybody (discord.com/developers/docs/resources/webhook, "Execute Webhook"). After a 404 it must never be
asked again. A forum wants a thread: its id goes into the settings.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from connectors.base import Answer, Blame, Context, Event, HttpParcel, Judgement, Limits, Setting
from connectors.formats.chat import ChatFormat, Text, json_of, markdown, seconds


class DiscordFormat(ChatFormat):
    """A message in a channel or a thread."""

    key = "discord"
    name = "Discord"
    summary = "A message in a channel, thread or forum post of Discord."
    docs = "chats.md"
    steps = (
        "Open the channel's settings, Integrations, Webhooks, New Webhook.",
        "Copy Webhook URL: https://discord.com/api/webhooks/…",
    )
    limits = Limits(2_000, rate=(1, 1))
    blames: ClassVar[Mapping[int, Blame]] = {404: "gone"}
    settings = (
        Setting(
            "thread_id", "Thread", "The id of a thread or forum post, if it goes into one.", is_required=False
        ),
    )

    def request(self, event: Event, context: Context) -> HttpParcel:
        parcel = super().request(event, context)
        thread = context.settings.get("thread_id")
        return replace(parcel, query={"wait": "true"} | ({"thread_id": thread} if thread else {}))

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        return {"content": said.text, "allowed_mentions": {"parse": []}}

    def judge(self, answer: Answer) -> Judgement:
        """Too fast: its body has the seconds as a fraction, finer than its header."""
        judged = super().judge(answer)
        if judged.blames == "later":
            return replace(judged, after_s=seconds(json_of(answer.body).get("retry_after")))
        return judged

    def escape(self, text: str) -> str:
        return markdown(text)


FORMAT = DiscordFormat()
