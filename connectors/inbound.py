"""What sources are made of: how another sender's webhook is proved, and read as an event of ours.

Owns the types that the hub and its sources share, and `Source` with the defaults that are right for most
senders. Everything here is pure: no network, no clock. A source never raises because of what a stranger wrote
into a request: a check answers with the reason, and `Unreadable` is for a sender that has been proved. Step
before: the hub has read the request whole. Step after: the hub reads the payload strictly and publishes it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from connectors.naming import event_type
from connectors.signing import any_same, new_secret
from connectors.trial import Trial

FORM = "application/x-www-form-urlencoded"
FIELDS_MAX = 1_000
YEAR_10000_S = 253_402_300_799
MISSING = "the header {} is missing, empty, or stands there twice"
WRONG = "the signature does not match: another secret, or the body was changed on its way"
TOO_OLD = "the signature is right, but its time is more than five minutes from the hub's clock"
NOT_A_HEADER = "must be the name of a header, such as X-Signature"
NO_SECRET = "this source has no secret, so nothing can prove a sender: give it one"

Settings = Mapping[str, str]
"""What a person set for a source, by the keys of its kind's `settings`."""
SecretFrom = Literal["hub", "sender", "nowhere"]
"""Who makes the secret: the hub, so that it is typed in at the sender; the sender, so that it is typed in
here; or there is none.
"""


_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A token, as RFC 9110 calls it."""


class Unreadable(ValueError):
    """A proved sender's request that holds no event; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it came."""

    headers: Sequence[tuple[str, str]]
    """Names in lower case, values as latin-1 text, in their order."""
    body: bytes
    url: str
    """The source's public address, as it is typed in at the sender."""
    query: Sequence[tuple[str, str]] = ()

    def header(self, name: str) -> str:
        """A header's value; empty when it is missing or stands there more than once."""
        found = [value for key, value in self.headers if key == name.lower()]
        return found[0] if len(found) == 1 else ""

    @property
    def is_form(self) -> bool:
        return self.header("content-type").partition(";")[0].strip().lower() == FORM


@dataclass(frozen=True, slots=True)
class Document:
    """A payload that the hub has read strictly: a JSON object."""

    data: bytes
    """As it came."""
    values: Mapping[str, object]
    slices: Mapping[str, bytes]
    """The bytes of each value of the object itself."""

    def text(self, path: str) -> str:
        """The text or whole number at a dotted path, such as `object_attributes.action`; else empty."""
        found: object = self.values
        for name in path.split(".") if path else ():
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a request brings: one event."""

    event_type: str
    data: bytes
    """A JSON object, byte for byte as it came."""
    id: str = ""
    """The sender's own, the same when it sends again; empty when it has none."""
    occurred_at: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a handshake."""

    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Setting:
    """One field that a source's form asks for, besides its name and secret."""

    key: str
    label: str
    help: str
    default: str = ""
    choices: Sequence[str] = ()
    is_required: bool = False


class Source:
    """A kind of sender. What is plain data about it stands in attributes."""

    key: str
    name: str
    summary: str
    """One sentence: what arrives from it."""
    proof: str
    """What proves the sender, in sentences for people; Markdown's code marks are allowed."""
    example: tuple[str, str]
    """What the sender calls an event, and the type that it becomes."""
    docs: str
    """The page that says how to set it up, e.g. `connect/github.md`."""
    steps: Sequence[str]
    """What to do at the sender, in order; `{url}` stands for the source's address."""
    prefix: str | None = None
    """What its event types begin with: the key, when it says nothing else."""
    secret_from: SecretFrom = "hub"
    settings: Sequence[Setting] = ()
    answers_head: bool = False
    """True: the sender asks with HEAD whether the address is there."""
    sends_again = True
    """False: what the hub does not take, because it is down or has no room, is lost."""
    vendor: str = ""
    """The sender's own page about its webhooks."""
    from_broker: bool = False
    """True: it reads messages over a connection to a broker, and takes no requests."""

    @property
    def first_prefix(self) -> str:
        return self.key if self.prefix is None else self.prefix

    def new_secret(self) -> str:
        """A secret that the sender's form takes."""
        return new_secret(has_prefix=False)

    def secret_error(self, secret: str) -> str | None:
        """Why nothing could be proved with this secret; None when it can."""
        return None

    def settings_errors(self, settings: Settings) -> list[tuple[str, str]]:
        """(key, what would be right) for what cannot be, beyond missing values and choices."""
        return []

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        """Why this request does not come from the sender, for the source's owner; None when it does."""
        raise NotImplementedError

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        """A made-up request of its sender, so that people can try the source; None: none can be made up."""
        return None

    def payload(self, received: Received, settings: Settings) -> bytes:
        """The JSON text that the request carries. Raises: Unreadable."""
        return received.body

    def greet(self, document: Document) -> Reply | None:
        """The answer to a handshake of a proved sender; None for an event."""
        return None

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        """The event of a proved request; None when it carries none, such as a ping. Raises: Unreadable."""
        raise NotImplementedError


def form_payload(body: bytes) -> bytes:
    """The text of the field `payload` of a form, decoded. Raises: Unreadable."""
    values = [value for name, value in form_fields(body) if name == "payload"]
    if len(values) != 1:
        raise Unreadable("the form must have one field 'payload' with the JSON text")
    return values[0].encode("utf-8", "surrogatepass")


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """Raises: Unreadable."""
    try:
        text = body.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise Unreadable("the body is no form") from None


def form_object(body: bytes) -> bytes:
    """A form as a JSON object of its fields; one that comes several times is a list. Raises: Unreadable."""
    fields: dict[str, str | list[str]] = {}
    for name, value in form_fields(body):
        before = fields.get(name)
        if before is None:
            fields[name] = value
        else:
            fields[name] = [*([before] if isinstance(before, str) else before), value]
    return json.dumps(fields, separators=(",", ":")).encode("ascii")


def is_one_of(given: str, secrets: Sequence[str]) -> bool:
    """Whether a text is one of the secrets, in constant time for each."""
    return any_same([given], [secret for secret in secrets if secret])


def named(prefix: str, *parts: object) -> str:
    """The event type that a sender's words make. Raises: Unreadable."""
    found = event_type(prefix, *parts)
    if not found:
        raise Unreadable("the request does not say which event it is")
    return found


def moment(value: object, per_second: int = 1) -> float | None:
    """A sender's whole number of seconds since 1970, or of parts of them; None for what cannot be one."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**17:
        return None
    seconds = value / per_second
    return seconds if seconds < YEAR_10000_S else None


def is_header_name(text: str) -> bool:
    """Whether any request can have such a header."""
    return _HEADER_NAME.fullmatch(text) is not None


def header_errors(settings: Settings, *keys: str) -> list[tuple[str, str]]:
    """(key, what would be right) for each of these settings that is given and can be no header's name."""
    return [(key, NOT_A_HEADER) for key in keys if settings.get(key) and not is_header_name(settings[key])]
