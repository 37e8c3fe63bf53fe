"""Telegram: a bot's `sendMessage` (`https://api.telegram.org/bot<TOKEN>/sendMessage`).

HTML, because its Markdown has eighteen characters to escape (core.telegram.org/bots/api, "Formatting
options"). 4,096 characters; twenty messages a minute to a group. Being kicked, blocked or without a chat is
for good.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from connectors.base import Answer, Blame, Context, Judgement, Limits, Setting
from connectors.formats.chat import Text, json_of, seconds, unmentioned
from connectors.formats.html_markup import HtmlChat, plain
from connectors.messages.message import at

_GONE = (
    "chat not found",
    "bot was kicked",
    "bot was blocked",
    "user is deactivated",
    "group chat was deleted",
)


class TelegramFormat(HtmlChat):
    """A message in a chat, group or channel."""

    key = "telegram"
    name = "Telegram"
    summary = "A message of a bot in a chat, group or channel of Telegram."
    docs = "chats.md"
    steps = (
        "Write /newbot to @BotFather, and keep the token that it answers.",
        "Add the bot to the group or channel, or write to it once yourself.",
        "The target is https://api.telegram.org/botTOKEN/sendMessage; the chat's id goes into Chat.",
    )
    limits = Limits(4_096, "utf16", rate=(20, 60))
    blames: ClassVar[Mapping[int, Blame]] = {403: "gone"}
    settings = (
        Setting("chat_id", "Chat", "The id of the chat, such as -1001234567890, or @channelname."),
        Setting("message_thread_id", "Topic", "The id of a forum's topic.", is_required=False),
    )

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        is_whole = self.fits(said.text)
        payload: dict[str, Any] = {
            "chat_id": context.settings.get("chat_id", ""),
            "text": said.text if is_whole else super().fitted(plain(said.text), plain(said.link)),
            "link_preview_options": {"is_disabled": True},
        }
        if is_whole:
            payload["parse_mode"] = "HTML"
        topic = context.settings.get("message_thread_id", "")
        return payload | ({"message_thread_id": int(topic)} if topic.isdecimal() else {})

    def fitted(self, text: str, link: str = "") -> str:
        """Left whole here: a tag that is cut in two would be refused, so `payload` gives up the markup
        first.
        """
        return text

    def escape(self, text: str) -> str:
        """A bot's `@name` rings for that member of the group."""
        return unmentioned(super().escape(text))

    def judge(self, answer: Answer) -> Judgement:
        """Its words tell what is for good; a group that became a supergroup has a new id."""
        judged = super().judge(answer)
        said = json_of(answer.body)
        words = str(said.get("description", "")).lower()
        moved_to = at(said, "parameters", "migrate_to_chat_id")
        if judged.blames is None:
            is_taken = said.get("ok") is not False
            return judged if is_taken else Judgement("event", f"answered 200, but not ok: {words}")
        if moved_to is not None:
            return Judgement("receiver", f"the group has a new id: set the hook's chat_id to {moved_to}")
        if judged.blames == "later":
            return replace(judged, after_s=seconds(at(said, "parameters", "retry_after")))
        return Judgement("gone", judged.reason) if any(word in words for word in _GONE) else judged


FORMAT = TelegramFormat()
