"""Stripe: an event destination, or a webhook endpoint.

Owns its header: the time, and one signature for each live secret while a secret is rolled. The key is the
whole text of the secret, `whsec_` with it. Other schemes in the header (`v0`) are passed over.
https://docs.stripe.com/webhooks#verify-manually
"""

from collections.abc import Sequence

from connectors.hmac_source import is_recent, is_signed, time_of
from connectors.inbound import (
    MISSING,
    NO_SECRET,
    TOO_OLD,
    WRONG,
    Arrived,
    Document,
    Received,
    SecretFrom,
    Settings,
    Source,
    moment,
    named,
)
from connectors.signing import SIGNATURES_MAX
from connectors.trial import Trial

HEADER = "stripe-signature"


class Stripe(Source):
    key = "stripe"
    name = "Stripe"
    summary = "Payments, customers, invoices, subscriptions and the other events of an account."
    proof = (
        "The signatures `v1` in `Stripe-Signature`, an HMAC-SHA256 over time and body, at most five "
        "minutes old; several while a secret is rolled. The id is the event's (`evt_…`)."
    )
    example = ("`customer.subscription.updated`", "stripe.customer.subscription.updated")
    docs = "connect/stripe.md"
    vendor = "https://docs.stripe.com/webhooks"
    secret_from: SecretFrom = "sender"
    steps = (
        "At Stripe, open Workbench, Webhooks, Add destination, and choose the events.",
        "Destination type: Webhook endpoint. Payload style: Snapshot.",
        "Endpoint URL: {url}",
        "Copy the signing secret that Stripe shows for it (whsec_…), and give it to this source.",
    )

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        if not any(secrets):
            return NO_SECRET
        header = received.header(HEADER)
        if not header:
            return MISSING.format(HEADER)
        pairs = [part.strip().partition("=") for part in header.split(",", SIGNATURES_MAX)][:SIGNATURES_MAX]
        times = [value for name, _, value in pairs if name == "t"]
        seconds = time_of(times[0]) if len(times) == 1 else None
        if seconds is None:
            return f"{HEADER} has no time t= in whole seconds"
        signed = f"{times[0]}.".encode() + received.body
        found = [
            is_signed(secrets, value, signed, "sha256", "hex") for name, _, value in pairs if name == "v1"
        ]
        if not any(found):
            return WRONG
        return None if is_recent(seconds, now) else TOO_OLD

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        body = '{"test":true,"id":"{id}","type":"test"}'
        return Trial(((HEADER, "t={ts},v1={signature}"),), body, "{ts}.{body}")

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, document.text("type"))
        return Arrived(kind, document.data, document.text("id"), moment(document.values.get("created")))


SOURCE = Stripe()
