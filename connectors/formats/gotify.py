"""Gotify: messages of an application of one's own server (`https://HOST/message`).

Its token goes into a header, because URLs are logged (gotify.net/docs/pushmsg). Plain text.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from connectors.base import Blame, Context, Event, HttpParcel, Setting
from connectors.formats.chat import ChatFormat, Text, plain_lines

_PRIORITIES = {"bad": 8, "neutral": 4, "good": 4}


class GotifyFormat(ChatFormat):
    """A message of an application."""

    key = "gotify"
    name = "Gotify"
    summary = "A notification of an application on your Gotify server."
    docs = "chats.md"
    steps = (
        "In Gotify, open Apps, Create Application, and copy its token.",
        "The target is https://HOST/message; the token goes into Application token.",
    )
    url_is_secret = False
    blames: ClassVar[Mapping[int, Blame]] = {401: "gone", 403: "gone"}
    own_headers = frozenset({"x-gotify-key"})
    settings = (Setting("token", "Application token", "Apps → the application → its token.", is_secret=True),)

    def request(self, event: Event, context: Context) -> HttpParcel:
        parcel = super().request(event, context)
        return replace(parcel, headers={**parcel.headers, "X-Gotify-Key": context.settings.get("token", "")})

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        told = said.message
        if told is None:
            return {"message": said.text}
        payload: dict[str, Any] = {
            "title": told.title,
            "message": plain_lines(told),
            "priority": _PRIORITIES[told.tone],
        }
        if told.url:
            payload["extras"] = {"client::notification": {"click": {"url": told.url}}}
        return payload

    def bold(self, text: str) -> str:
        return text

    def link(self, text: str, url: str) -> str:
        return f"{text} {url}"


FORMAT = GotifyFormat()
