"""Jira Cloud: a webhook that an administrator makes, with a secret.

Owns its signature, whose hash is named in the header itself: today SHA-256, perhaps a stronger one later,
never a weaker one.
https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from collections.abc import Sequence

from connectors.hmac_source import is_signed
from connectors.inbound import (
    MISSING,
    NO_SECRET,
    WRONG,
    Arrived,
    Document,
    Received,
    Settings,
    Source,
    moment,
    named,
)
from connectors.signing import Hash
from connectors.trial import Trial

HEADER = "x-hub-signature"
HASHES: Sequence[Hash] = ("sha256", "sha384", "sha512")


class Jira(Source):
    key = "jira"
    name = "Jira"
    summary = "Issues, comments, sprints, versions and boards of a Jira Cloud site."
    proof = (
        "An HMAC of the raw body in `X-Hub-Signature`, with the hash that the header names: SHA-256, "
        "SHA-384 or SHA-512. No time is signed: the id in `X-Atlassian-Webhook-Identifier`, the same "
        "when Jira sends again, keeps a repeat out."
    )
    example = ("`jira:issue_updated`", "jira.issue_updated")
    docs = "connect/jira.md"
    vendor = "https://developer.atlassian.com/cloud/jira/platform/webhooks/"
    steps = (
        "At Jira, open Settings (the cog), System, WebHooks, Create a WebHook. It takes an administrator.",
        "URL: {url}",
        "Secret: {secret}",
        "Choose the events, leave Exclude body off, and press Create.",
    )

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        if not any(secrets):
            return NO_SECRET
        given = received.header(HEADER)
        if not given:
            return MISSING.format(HEADER)
        method, _, digest = given.partition("=")
        algorithm = next((name for name in HASHES if name == method), None)
        if algorithm is None:
            return f"{HEADER} must be made with one of {', '.join(HASHES)}"
        return None if is_signed(secrets, digest, received.body, algorithm, "hex") else WRONG

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        headers = (("x-atlassian-webhook-identifier", "{id}"), (HEADER, "sha256={signature}"))
        return Trial(headers, '{"test":true,"webhookEvent":"test"}', "{body}")

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, document.text("webhookEvent").removeprefix("jira:"))
        happened_at = moment(document.values.get("timestamp"), 1000)
        return Arrived(kind, document.data, received.header("x-atlassian-webhook-identifier"), happened_at)


SOURCE = Jira()
