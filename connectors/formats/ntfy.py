"""ntfy: a topic of ntfy.sh or of one's own server (docs.ntfy.sh/publish).

The URL names the topic (`https://ntfy.sh/TOPIC`), the text is the body, title and link go into the query.
4,096 bytes: what is longer becomes an attachment. Twelve messages a minute after the first burst.
"""

from collections.abc import Mapping
from typing import ClassVar

from connectors.base import Blame, Context, Event, HttpParcel, Limits, Setting
from connectors.formats.chat import ChatFormat, plain_lines
from connectors.messages.describe import describe

_PRIORITIES = {"bad": "high", "neutral": "default", "good": "default"}


class NtfyFormat(ChatFormat):
    """A notification of a topic."""

    key = "ntfy"
    name = "ntfy"
    summary = "A notification on the phones that follow a topic of ntfy."
    docs = "chats.md"
    steps = (
        "Choose a topic that nobody guesses, and follow it in the ntfy app.",
        "The target is https://ntfy.sh/TOPIC, or your own server's.",
    )
    limits = Limits(4_096, "bytes", rate=(12, 60))
    blames: ClassVar[Mapping[int, Blame]] = {401: "gone", 403: "gone"}
    own_headers = frozenset({"authorization"})
    settings = (
        Setting(
            "token",
            "Access token",
            "Of a topic that not everybody may write to.",
            is_secret=True,
            is_required=False,
        ),
    )

    def request(self, event: Event, context: Context) -> HttpParcel:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if context.settings.get("token"):
            headers["Authorization"] = f"Bearer {context.settings['token']}"
        if context.text is not None:
            return HttpParcel(headers, self.fitted(context.text, self.link_in(event, context.text)).encode())
        told = describe(event)
        query = {"title": told.title, "priority": _PRIORITIES[told.tone]}
        if told.url:
            query["click"] = told.url
        return HttpParcel(headers, self.fitted(plain_lines(told)).encode(), query=query)

    def bold(self, text: str) -> str:
        return text

    def link(self, text: str, url: str) -> str:
        return f"{text} {url}"


FORMAT = NtfyFormat()
