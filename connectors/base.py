"""What connectors are made of: the words that the hub and its connectors share.

Owns the types of a format (how an event becomes a request, and what an answer means: `answers`) and of a
connector (one outside app that hooks come from). Both use the standard library and this module; they never
import the hub, so that one can be written and tested alone. Everything here is pure: no network, no clock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from connectors.answers import Answer as Answer
from connectors.answers import Blame as Blame
from connectors.answers import Judgement as Judgement
from connectors.answers import judged

PING_EVENT_TYPE = "hook.ping"
"""The type of the event that a test delivery carries; nobody can subscribe to it or publish it."""
BATCH_EVENT_TYPE = "hook.batch"
"""What stands for the types of several events that go in one request, where a format names one."""


@dataclass(frozen=True, slots=True)
class Event:
    """One published event as a format sees it. `data` is the object's JSON, byte for byte as it was
    published.
    """

    id: str
    type: str
    timestamp: str
    """ISO 8601 in UTC with milliseconds, e.g. `2026-11-23T21:04:06.123Z`: when it happened."""
    project: str
    """The project's key."""
    data: bytes
    hops: int = 0
    """How many deliveries of a hub led to it being published."""
    source_id: str | None = None
    """The source that took it in; None for one that was published."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Several events that go in one request (docs/pace.md, "Digest")."""

    id: str
    """The same on every attempt, as the events are and their order."""
    events: Sequence[Event]

    def as_event(self) -> Event:
        """What stands for all of them where one is asked for; its data holds nothing."""
        last = self.events[-1]
        hops = max(event.hops for event in self.events)
        return Event(self.id, BATCH_EVENT_TYPE, last.timestamp, last.project, b"{}", hops)


@dataclass(frozen=True, slots=True)
class Context:
    """What a request depends on besides its event."""

    delivery_id: str
    """The same on every attempt."""
    secrets: Sequence[str] = ()
    """The hook's live secrets, newest first: several while a rotation overlaps, none when it has none."""
    text: str | None = None
    """What the hook's own template made of the event; None where it has no template."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the format needs besides the URL, by the names of its `settings`."""
    host: str = "localhost"
    """The host name under which the hub presents itself."""


@dataclass(frozen=True, slots=True)
class HttpParcel:
    """What a format sends over HTTP: plain data. The hub adds the headers that every delivery carries."""

    headers: Mapping[str, str]
    body: bytes
    """The exact bytes: they are signed as they are."""
    method: str = "POST"
    path: str = ""
    """What is added to the path of the hook's URL, beginning with a slash."""
    query: Mapping[str, str] = field(default_factory=dict)
    """What is added to the query of the hook's URL, where it does not say otherwise itself."""


@dataclass(frozen=True, slots=True)
class MailParcel:
    """What a format sends by mail: plain data. The hub adds who it is from, to whom, and when."""

    headers: Mapping[str, str]
    """Decoded: whoever sends encodes them."""
    body: bytes
    """The MIME body that `Content-Type` among the headers names, in lines that every server takes."""
    method: str = "MAIL"


Parcel = HttpParcel | MailParcel
"""What a format makes of an event. The scheme of the hook's URL, not the parcel, picks the transport."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much text a receiver takes; None where it names no limit."""

    text_max: int | None = None
    unit: Literal["characters", "bytes", "utf16"] = "characters"
    """`utf16`: as JavaScript and Java count, an emoji as two."""
    rate: tuple[int, int] | None = None
    """Requests, and the seconds in which a hook may make so many, where nobody sets another pace."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a format needs besides the URL, as a form asks for it."""

    key: str
    label: str
    help: str
    """One sentence: where to find it."""
    is_secret: bool = False
    is_required: bool = True


class Format:
    """How an event becomes a request, and what the receiver's answer means.

    Everything here is the default, right for a receiver of JSON over HTTP; a format overrides what differs,
    and a chat's is its text, its limits and the answers that mean something else there. Pure: the same event
    and context make the same parcel on every attempt.
    """

    key: str
    name = ""
    """What people call it; empty: its key."""
    summary = ""
    """One sentence: what its receivers get."""
    steps: Sequence[str] = ()
    """What to do at the receiver before a hook is made, in order. `{hub}` stands for this hub's address,
    `{project}` for the project's key.
    """
    docs = ""
    """The page in `docs/` about it, e.g. `chats.md`."""
    content_type = "application/json"
    batch_content_type = ""
    """Of several events in one request; empty: as of one."""
    limits = Limits()
    settings: Sequence[Setting] = ()
    makes: Literal["json", "text", "mail"] = "json"
    """What a template makes: the JSON that is sent, the text of a message, or the HTML of a mail. The last
    goes to `mailto:` and nothing else does.
    """
    own_headers: frozenset[str] = frozenset()
    """Names in lower case of headers that carry its settings: a hook cannot set them itself."""
    is_signed = True
    """False: nobody there reads a signature, so none is sent."""
    url_is_secret = False
    """True: whoever knows the URL can post, so that it is shown only to who may edit the hook."""
    knows_prefix = True
    """Whether its receivers know that base64 follows `whsec_` in a secret; to the others a secret is its
    text.
    """

    def body(self, event: Event) -> bytes:
        """The exact bytes to send: the object itself."""
        return event.data

    def headers(self, event: Event, context: Context, body: bytes) -> dict[str, str]:
        """What this format adds to the headers that every delivery carries (docs/delivery.md, "What is
        sent").
        """
        return {}

    def request(self, event: Event, context: Context) -> Parcel:
        """What is sent for an event: what the hook's template made of it, or the format's own body."""
        body = self.body(event) if context.text is None else context.text.encode()
        return HttpParcel({"Content-Type": self.content_type, **self.headers(event, context, body)}, body)

    def batch_request(self, batch: Batch, context: Context) -> Parcel:
        """What is sent for several events at once: what the hook's template made of them, or one body."""
        body = self.batch_body(batch) if context.text is None else context.text.encode()
        headers = self.headers(batch.as_event(), context, body)
        return HttpParcel({"Content-Type": self.batch_content_type or self.content_type, **headers}, body)

    def batch_body(self, batch: Batch) -> bytes:
        """The exact bytes to send: the batch's id, and its events, each in the hub's own envelope."""
        return b'{"id":"%s","events":[%s]}' % (batch.id.encode(), b",".join(map(hub_envelope, batch.events)))

    def judge(self, answer: Answer) -> Judgement:
        """What an answer means: of HTTP what `answers.judged` says."""
        return judged(answer)

    def escape(self, text: str) -> str:
        """A text from an event, such that the receiver shows it as it is."""
        return text


_compact = json.JSONEncoder(separators=(",", ":")).encode


def enveloped(attributes: Mapping[str, str], data: bytes) -> bytes:
    """One JSON object: the attributes, then `data` under its own name, byte for byte as it was published."""
    head = _compact(attributes).encode("ascii")
    return head[:-1] + b',"data":' + data + b"}"


def hub_envelope(event: Event) -> bytes:
    """The event as the hub itself writes it: what the `standard` format sends."""
    attributes = {
        "id": event.id,
        "type": event.type,
        "timestamp": event.timestamp,
        "project": event.project,
    }
    return enveloped(attributes, event.data)


@dataclass(frozen=True, slots=True)
class EventTypeInfo:
    """One event type as lists and dropdowns show it (`GET /event-types`)."""

    code: str
    name: str
    description: str
    group: str
    """The heading it stands under, in words for people: `Story`, `Acceptance test`."""


class EditRule(StrEnum):
    """What a person may do by hand with a hook that an app made (docs/roles.md)."""

    FULL = "full"
    SWITCH = "switch"
    """Switch it on and off, test it, redeliver, delete it."""
    NONE = "none"
    """Look at it and test it."""


@dataclass(frozen=True, slots=True)
class Connector:
    """One outside app that hooks come from."""

    key: str
    name: str
    edit_rule: EditRule
    format: str | None
    """The format of its hooks, or None for the project's default."""
    summary: str
    """How it subscribes, in one sentence for people."""
    docs: str
    """The page in `docs/` that says how to set it up, e.g. `connect/zapier.md`."""
    steps: Sequence[str] = (
        "Give the app this hub's address, {hub}, and the token.",
        "Switch its flow on: its hook appears under Webhooks.",
    )
    """What to do at the app once it has its token, in order. `{hub}` stands for this hub's address,
    `{project}` for the project's key.
    """
    reverse_unsubscribe: bool = False
    """True: when one of its hooks is deleted or auto-disabled, its target is sent one DELETE (REST hooks,
    Zapier).
    """
