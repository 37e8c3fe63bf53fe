"""The `github` format: for receivers that were written for GitHub's webhooks (adnanh/webhook, CI servers,
chat bots).

Owns GitHub's header names over the object itself. There is no timestamp in its signature, so receivers of it
cannot refuse a replay; `webhook-signature` beside it can.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

from connectors.base import PING_EVENT_TYPE, Context, Event, Format
from connectors.signing import hex_hmac


class GitHubFormat(Format):
    key = "github"
    name = "GitHub"
    summary = "The object itself, with X-GitHub-Event and a signature in X-Hub-Signature-256."
    docs = "delivery.md"
    steps = (
        (
            "For programs and services that read GitHub's webhooks: have their address, and the secret "
            "that they check."
        ),
    )
    knows_prefix = False

    def headers(self, event: Event, context: Context, body: bytes) -> dict[str, str]:
        """The delivery's id is GitHub's: the same on redelivery. A test is GitHub's `ping`, which its
        receivers answer and pass over. Both signatures with the newest secret; none without a secret.

        The SHA-1 one is GitHub's legacy; old receivers read nothing else.
        """
        name = "ping" if event.type == PING_EVENT_TYPE else event.type
        headers = {"X-GitHub-Event": name, "X-GitHub-Delivery": context.delivery_id}
        if context.secrets and context.secrets[0]:
            headers["X-Hub-Signature-256"] = "sha256=" + hex_hmac(context.secrets[0], body, "sha256")
            headers["X-Hub-Signature"] = "sha1=" + hex_hmac(context.secrets[0], body, "sha1")
        return headers


FORMAT = GitHubFormat()
