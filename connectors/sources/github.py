"""GitHub: a webhook of a repository, an organization or an app.

Owns its signature over the raw body, also where that is a form, its delivery id, which stays the same when
somebody presses "Redeliver", and its `ping`, which is answered and is no event. There is no time in the
signature: the id alone keeps a replay out.
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, Settings, form_payload, named


class GitHub(HmacSource):
    key = "github"
    name = "GitHub"
    summary = "Pushes, pull requests, issues and whatever else a repository or an organization tells."
    proof = (
        "An HMAC-SHA256 of the raw body in `X-Hub-Signature-256`. No time is signed: the id in "
        "`X-GitHub-Delivery` keeps a repeat out, also when somebody presses Redeliver within seven "
        "days."
    )
    example = ("`pull_request`, action `opened`", "github.pull_request.opened")
    docs = "connect/github.md"
    vendor = "https://docs.github.com/en/webhooks"
    steps = (
        "At GitHub, open the repository (or the organization), Settings, Webhooks, Add webhook.",
        "Payload URL: {url}",
        "Content type: application/json",
        "Secret: {secret}",
        "SSL verification: Enable SSL verification.",
        "Choose which events you would like to trigger this webhook, leave Active on, and press Add webhook.",
    )
    sends_again = False
    headers = ("x-hub-signature-256",)
    marker = "sha256="
    id_header = "x-github-delivery"
    trial_headers = (("x-github-event", "test"),)

    def payload(self, received: Received, settings: Settings) -> bytes:
        return form_payload(received.body) if received.is_form else received.body

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        event = received.header("x-github-event")
        if event == "ping":
            return None
        kind = named(prefix, event, document.text("action"))
        return Arrived(kind, document.data, self.id(received, document))


SOURCE = GitHub()
