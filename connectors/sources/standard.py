"""Standard Webhooks: Svix, and whatever else signs as the specification says.

Owns both names of its headers, `webhook-…` and Svix's own `svix-…`, and the choice between the body as it
came and the `data` inside its envelope, which is cut out as bytes.
https://www.standardwebhooks.com · https://docs.svix.com/receiving/verifying-payloads/how
"""

from collections.abc import Sequence

from connectors.hmac_source import check_standard, standard_secret_error
from connectors.inbound import (
    Arrived,
    Document,
    Received,
    SecretFrom,
    Setting,
    Settings,
    Source,
    Unreadable,
    named,
)
from connectors.signing import new_secret
from connectors.trial import Trial, standard

DATA = "data"
BODY = "body"
TYPE = Setting(
    "type",
    "Event type",
    "For senders whose body has no field type: the event type of all that comes.",
)


class Standard(Source):
    key = "standard"
    name = "Standard Webhooks, Svix"
    summary = "Any sender that signs as Standard Webhooks says, Svix and its customers among them."
    proof = (
        "An HMAC-SHA256 over id, time and body in `webhook-signature` (or `svix-signature`), at most "
        "five minutes old. The id is `webhook-id` (or `svix-id`), the same when it is sent again."
    )
    example = ("`user.created`", "standard.user.created")
    docs = "connect/standard.md"
    vendor = "https://www.standardwebhooks.com"
    secret_from: SecretFrom = "sender"
    steps: Sequence[str] = (
        "At the sender, add an endpoint.",
        "Endpoint URL: {url}",
        "Copy the signing secret that the sender shows for it (whsec_…), and give it to this source.",
        "Choose the events, and send a test.",
    )
    settings: Sequence[Setting] = (
        Setting(
            "take",
            "What is kept",
            "The whole body, or only the field data of its envelope; either byte for byte.",
            BODY,
            (BODY, DATA),
        ),
        TYPE,
    )

    def new_secret(self) -> str:
        return new_secret()

    def secret_error(self, secret: str) -> str | None:
        return standard_secret_error(secret)

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        return check_standard(received, secrets, now, _family(received))

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        return standard(secret, '{"type":"test","timestamp":"2026-01-01T00:00:00Z","data":{"test":true}}')

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, document.text("type") or settings.get("type", ""))
        data = enveloped(document) if settings.get("take") == DATA else document.data
        return Arrived(kind, data, received.header(f"{_family(received)}-id"))


def enveloped(document: Document) -> bytes:
    """The bytes of the field `data`. Raises: Unreadable."""
    data = document.slices.get(DATA, b"")
    if not data.startswith(b"{"):
        raise Unreadable("the body has no field data with a JSON object in it")
    return data


def _family(received: Received) -> str:
    return "svix" if not received.header("webhook-signature") and received.header("svix-id") else "webhook"


SOURCE = Standard()
