"""Gitea, Forgejo and Gogs: a webhook of a repository, an organization or the whole server.

Owns what differs from GitHub's: the bare digest, and that the JSON is signed even where it is sent inside a
form. Without a secret these servers send empty signatures, which prove nothing here.
https://docs.gitea.com/usage/webhooks · https://forgejo.org/docs/latest/user/webhooks/
"""

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, Settings, Unreadable, form_payload, named

SERVERS = ("gitea", "forgejo", "gogs")


class Gitea(HmacSource):
    key = "gitea"
    name = "Gitea, Forgejo, Gogs"
    summary = "Pushes, pull requests, issues and releases of a Gitea, Forgejo or Gogs server."
    proof = (
        "A bare HMAC-SHA256 of the JSON in `X-Gitea-Signature`, `X-Forgejo-Signature` or "
        "`X-Gogs-Signature`. No time is signed: the id in `X-Gitea-Delivery` keeps a repeat out."
    )
    example = ("`pull_request_review_approved`", "gitea.pull_request_review_approved")
    docs = "connect/gitea.md"
    vendor = "https://docs.gitea.com/usage/webhooks"
    steps = (
        (
            "At the server, open the repository (or the organization), Settings, Webhooks, Add Webhook, "
            "and choose Gitea, Forgejo or Gogs."
        ),
        "Target URL: {url}",
        "HTTP Method: POST. POST Content Type: application/json",
        "Secret: {secret}",
        "Choose what to trigger on, leave Active on, and press Add Webhook.",
        (
            "The server must be allowed to call the hub: ALLOWED_HOST_LIST in the section [webhook] of its "
            "app.ini names the hub's host."
        ),
    )
    sends_again = False
    headers = tuple(f"x-{server}-signature" for server in SERVERS)
    trial_headers = (("x-gitea-event", "test"), ("x-gitea-delivery", "{id}"))

    def signed(self, received: Received) -> bytes:
        try:
            return self.payload(received, {})
        except Unreadable:
            return received.body

    def payload(self, received: Received, settings: Settings) -> bytes:
        return form_payload(received.body) if received.is_form else received.body

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        """The finer type where there is one: `pull_request_review_approved` is an event `pull_request`."""
        event = _first(received, "event-type") or _first(received, "event")
        return Arrived(named(prefix, event), document.data, _first(received, "delivery"))


def _first(received: Received, what: str) -> str:
    found = (received.header(f"x-{server}-{what}") for server in SERVERS)
    return next((value for value in found if value), "")


SOURCE = Gitea()
