"""GitLab: a webhook of a project, a group or the server.

Owns both of its proofs. A secret that begins with `whsec_` is a signing token: the request must then be
signed as Standard Webhooks are. The old token alone is then refused, or leaving the signature out would be
enough to get in. Any other secret is the old token, sent as it is in `X-Gitlab-Token`.
https://docs.gitlab.com/user/project/integrations/webhooks/
"""

from collections.abc import Sequence
from dataclasses import replace

from connectors.hmac_source import check_standard, standard_secret_error
from connectors.inbound import (
    MISSING,
    NO_SECRET,
    Arrived,
    Document,
    Received,
    Settings,
    Source,
    is_one_of,
    named,
)
from connectors.naming import camel
from connectors.signing import PREFIX
from connectors.trial import Trial, standard

TOKEN = "x-gitlab-token"
ACTIONS = ("object_attributes.action", "action")


class GitLab(Source):
    key = "gitlab"
    name = "GitLab"
    summary = "Pushes, merge requests, issues, comments, pipelines and releases."
    proof = (
        "With a signing token (`whsec_…`), the three headers of Standard Webhooks over id, time and "
        "body, at most five minutes old; then the old token alone is refused. Otherwise the secret "
        "itself in `X-Gitlab-Token`. The id is `webhook-id`, else `Idempotency-Key`."
    )
    example = ("Merge Request Hook, action `open`", "gitlab.mergeRequest.open")
    docs = "connect/gitlab.md"
    vendor = "https://docs.gitlab.com/user/project/integrations/webhooks/"
    steps = (
        "At GitLab, open the project (or the group), Settings, Webhooks, Add new webhook.",
        "URL: {url}",
        "Secret token: {secret}",
        (
            "Where GitLab offers a signing token, give it (whsec_…) to this source as its new secret: "
            "then only signed requests come in."
        ),
        "Choose the triggers, leave Enable SSL verification on, and press Add webhook.",
    )

    sends_again = False

    def secret_error(self, secret: str) -> str | None:
        return standard_secret_error(secret)

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        signing = [secret for secret in secrets if secret.startswith(PREFIX)]
        tokens = [secret for secret in secrets if secret and not secret.startswith(PREFIX)]
        if signing and (not tokens or received.header("webhook-signature")):
            return check_standard(received, signing, now)
        if not tokens:
            return NO_SECRET
        given = received.header(TOKEN)
        if not given:
            return MISSING.format(TOKEN)
        return None if is_one_of(given, tokens) else f"{TOKEN} is not this source's secret"

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        event = ("x-gitlab-event", "Test Hook")
        if secret.startswith(PREFIX):
            found = standard(secret)
            return replace(found, headers=(event, *found.headers))
        return Trial((event, ("idempotency-key", "{id}"), (TOKEN, "{secret}")))

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        event = received.header("x-gitlab-event") or document.text("object_kind").replace("_", " ")
        action = next((found for found in map(document.text, ACTIONS) if found), "")
        delivery_id = received.header("webhook-id") or received.header("idempotency-key")
        return Arrived(named(prefix, camel(event), action), document.data, delivery_id)


SOURCE = GitLab()
