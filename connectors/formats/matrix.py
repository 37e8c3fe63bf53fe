"""Matrix: a message in a room, by a user of one's own.

`PUT /_matrix/client/v3/rooms/ROOM/send/m.room.message/TXN` (spec.matrix.org, client-server API, "Sending
events to a room"); TXN is the delivery's id, by which the server drops what it has had already. The hook's
URL is the home server's. HTML beside plain text; nobody is mentioned.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote

from connectors.base import Answer, Blame, Context, Event, HttpParcel, Judgement, Limits, Setting
from connectors.formats.chat import Text, json_of, seconds
from connectors.formats.html_markup import HtmlChat, plain


class MatrixFormat(HtmlChat):
    """A message in a room."""

    key = "matrix"
    name = "Matrix"
    summary = "A message in a room of Matrix."
    docs = "chats.md"
    steps = (
        "Make a user that writes, and have it join the room.",
        "The target is its home server, such as https://matrix.example.org.",
        (
            "The room's internal id is in its settings under Advanced, the access token in the user's "
            "under Help & About."
        ),
    )
    url_is_secret = False
    limits = Limits(20_000, "bytes", rate=(5, 1))
    blames: ClassVar[Mapping[int, Blame]] = {401: "gone", 403: "gone"}
    own_headers = frozenset({"authorization"})
    settings = (
        Setting("room_id", "Room", "Its internal id, such as !abc:example.org (room settings, Advanced)."),
        Setting(
            "access_token",
            "Access token",
            "Of the user that writes (settings, Help & About).",
            is_secret=True,
        ),
    )

    def request(self, event: Event, context: Context) -> HttpParcel:
        parcel = super().request(event, context)
        room = quote(context.settings.get("room_id", ""), safe="")
        transaction = quote(context.delivery_id, safe="")
        return replace(
            parcel,
            method="PUT",
            path=f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{transaction}",
            headers={**parcel.headers, "Authorization": f"Bearer {context.settings.get('access_token', '')}"},
        )

    def payload(self, said: Text, context: Context) -> Mapping[str, Any]:
        return {
            "msgtype": "m.notice",
            "body": plain(said.text),
            "format": "org.matrix.custom.html",
            "formatted_body": said.text.replace("\n", "<br>"),
            "m.mentions": {},
        }

    def judge(self, answer: Answer) -> Judgement:
        """Too fast: older servers say for how long in the body alone, in milliseconds."""
        judged = super().judge(answer)
        wait_ms = json_of(answer.body).get("retry_after_ms")
        if judged.blames == "later" and isinstance(wait_ms, int):
            return replace(judged, after_s=seconds(wait_ms / 1_000))
        return judged


FORMAT = MatrixFormat()
