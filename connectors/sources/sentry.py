"""Sentry: the webhooks of an internal or public integration.

Owns its bare signature over the body. The time in its headers is not signed: the request's id alone keeps a
replay out. Sentry waits one second in all, which is why the hub answers sooner than that or not at all.
https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
"""

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, SecretFrom, Settings, named


class Sentry(HmacSource):
    key = "sentry"
    name = "Sentry"
    summary = "Issues, errors, comments and alerts of an organization."
    proof = (
        "A bare HMAC-SHA256 of the raw body in `Sentry-Hook-Signature`; its key is the integration's "
        "client secret. The time beside it is not signed: the id in `Request-ID` keeps a repeat out."
    )
    example = ("resource `issue`, action `created`", "sentry.issue.created")
    docs = "connect/sentry.md"
    vendor = "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/"
    secret_from: SecretFrom = "sender"
    steps = (
        "At Sentry, open Settings, Custom Integrations, Create New Integration, Internal Integration.",
        "Webhook URL: {url}",
        "Choose the permissions and the webhooks, and press Save Changes.",
        (
            "Copy the Client Secret that stands on the integration's page, and give it to this source as "
            "its secret."
        ),
    )
    headers = ("sentry-hook-signature",)
    id_header = "request-id"
    trial_headers = (("sentry-hook-resource", "test"),)

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, received.header("sentry-hook-resource"), document.text("action"))
        return Arrived(kind, document.data, self.id(received, document))


SOURCE = Sentry()
