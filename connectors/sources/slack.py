"""Slack: the Events API of an app.

Owns its signature over version, time and body, the time's window, and the challenge with which Slack proves
the address. The secret must be here before the address is typed in there, because the challenge is signed as
well.
https://docs.slack.dev/authentication/verifying-requests-from-slack · https://docs.slack.dev/reference/events/url_verification
"""

from collections.abc import Sequence

from connectors.hmac_source import HmacSource, is_recent, time_of
from connectors.inbound import (
    TOO_OLD,
    Arrived,
    Document,
    Received,
    Reply,
    SecretFrom,
    Settings,
    moment,
    named,
)

TIMESTAMP = "x-slack-request-timestamp"
CHALLENGE_MAX = 1_000


class Slack(HmacSource):
    key = "slack"
    name = "Slack"
    summary = "Messages, mentions, reactions and the other events that a Slack app subscribes to."
    proof = (
        "An HMAC-SHA256 over version, time and body in `X-Slack-Signature`, at most five minutes old. "
        "The id is `event_id`. The challenge with which Slack proves the address is answered once its "
        "signature is right."
    )
    example = ("`app_mention`", "slack.app_mention")
    docs = "connect/slack-events.md"
    vendor = "https://docs.slack.dev/apis/events-api"
    secret_from: SecretFrom = "sender"
    steps = (
        (
            "At api.slack.com/apps, open the app, Basic Information, and copy the Signing Secret: "
            "give it to this source first."
        ),
        "Event Subscriptions: On. Request URL: {url} (Slack asks the hub at once, and shows Verified).",
        "Subscribe to bot events: choose them, and press Save Changes.",
    )
    headers = ("x-slack-signature",)
    marker = "v0="
    trial_headers = ((TIMESTAMP, "{ts}"),)
    trial_body = '{"test":true,"type":"event_callback","event_id":"{id}","event":{"type":"test"}}'
    trial_signed = "v0:{ts}:{body}"

    def signed(self, received: Received) -> bytes:
        return f"v0:{received.header(TIMESTAMP)}:".encode("latin-1") + received.body

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        seconds = time_of(received.header(TIMESTAMP))
        if seconds is None:
            return f"{TIMESTAMP} must be whole seconds since 1970"
        reason = super().check(received, secrets, settings, now)
        return TOO_OLD if reason is None and not is_recent(seconds, now) else reason

    def greet(self, document: Document) -> Reply | None:
        if document.text("type") != "url_verification":
            return None
        return Reply(document.text("challenge")[:CHALLENGE_MAX].encode("utf-8", "replace"))

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, document.text("event.type") or document.text("type"))
        happened_at = moment(document.values.get("event_time"))
        return Arrived(kind, document.data, document.text("event_id"), happened_at)


SOURCE = Slack()
