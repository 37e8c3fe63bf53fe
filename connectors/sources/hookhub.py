"""Another hub: its deliveries in the format `standard` become events here, of the same type.

Owns the envelope: type and time are taken from it, and `data` is cut out as bytes, so that what the first
publisher wrote goes through any number of hubs unchanged. Circles end by `x-hub-hops`, as for every
publisher.
"""

from datetime import datetime

from connectors.inbound import Arrived, Document, Received, Settings, named
from connectors.sources.standard import Standard, enveloped


class HookHub(Standard):
    key = "hookhub"
    name = "Another hookhub"
    summary = "The events of another hub, of the same types, their data unchanged."
    proof = (
        "Standard Webhooks: an HMAC-SHA256 over id, time and body in `webhook-signature`, at most five "
        "minutes old. The id is `webhook-id`, the same on each try. The event is the field `data` of "
        "the envelope, byte for byte."
    )
    example = ("`story.create`", "story.create")
    docs = "connect/hookhub.md"
    vendor = ""
    prefix = ""
    secret_from = "hub"
    steps = (
        "At the other hub, open the project, Webhooks, New webhook.",
        "Target URL: {url}",
        "Format: standard",
        "Secret: {secret}",
        "Choose the events, and press Save webhook.",
    )
    settings = ()

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, document.text("type"))
        happened_at = _moment(document.text("timestamp"))
        return Arrived(kind, enveloped(document), received.header("webhook-id"), happened_at)


def _moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


SOURCE = HookHub()
