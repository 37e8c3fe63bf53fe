"""Bitbucket Cloud and Bitbucket Data Center: a webhook of a repository or a workspace.

Owns the header `X-Hub-Signature`, which holds a SHA-256 here (GitHub's header of that name holds a SHA-1),
and the ids, which the two call differently. The button "Test connection" of Data Center is no event.
https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/ · https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html
"""

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, Settings, named

IDS = ("x-request-uuid", "x-request-id")
TEST = "diagnostics:ping"


class Bitbucket(HmacSource):
    key = "bitbucket"
    name = "Bitbucket"
    summary = "Pushes, pull requests, issues and builds, of Bitbucket Cloud or Data Center."
    proof = (
        "An HMAC-SHA256 of the raw body in `X-Hub-Signature`. No time is signed: the id in "
        "`X-Request-UUID` (Cloud) or `X-Request-Id` (Data Center) keeps a repeat out."
    )
    example = ("`repo:push`", "bitbucket.repo.push")
    docs = "connect/bitbucket.md"
    vendor = "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/"
    steps = (
        (
            "At Bitbucket, open the repository, Repository settings, Webhooks, Add webhook (at Data Center: "
            "Create webhook)."
        ),
        "URL: {url}",
        "Secret: {secret}",
        "Choose the triggers, leave Active and the check of the certificate on, and press Save.",
    )
    headers = ("x-hub-signature",)
    marker = "sha256="
    trial_headers = (("x-event-key", "test"), (IDS[0], "{id}"))

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        event = received.header("x-event-key")
        if event == TEST:
            return None
        delivery_id = next((value for value in map(received.header, IDS) if value), "")
        return Arrived(named(prefix, event), document.data, delivery_id)


SOURCE = Bitbucket()
