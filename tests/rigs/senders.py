"""What real senders send: requests with their signatures, published by the vendors or computed by code that is not
ours; each entry names its origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from connectors import registry
from connectors.inbound import Arrived, Document, Received

B = '{"id":"evt_1","name":"Hébergement"}'.encode()
HEX = "d8f58b29e31dc6ad8c6c8a85b6465962d05d9b112b31276cdf6567eb79b3c111"
AT = 1_614_265_330
URL = "https://hub.example.org/in/src_1"
WHSEC = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
WHSEC_SIGNED = "v1,QNT34+v7DxT3lD4TJzTbx3FIQRmOukor7R4za7j3P/A="
FORM = b"payload=%7B%22id%22%3A%22evt_1%22%2C%22name%22%3A%22H%C3%A9bergement%22%7D"
FORM_TYPE = {"content-type": "application/x-www-form-urlencoded"}
STANDARD = {"webhook-id": "msg_1", "webhook-timestamp": str(AT), "webhook-signature": WHSEC_SIGNED}


@dataclass(frozen=True)
class Sent:
    """A request as its sender makes it, and what becomes of it."""

    kind: str
    headers: Mapping[str, str]
    proof: str
    """The header that proves it."""
    body: bytes = B
    secret: str = "s3cret"
    settings: Mapping[str, str] = field(default_factory=dict)
    type: str = ""
    id: str = ""
    at: int = AT
    is_timed: bool = False
    """Its time is signed."""
    signs: bool = True
    """The proof is one of the body."""

    def received(self, **changed: str) -> Received:
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
        return Received(list(headers.items()), self.body, URL)

    def all_settings(self) -> dict[str, str]:
        defaults = {setting.key: setting.default for setting in registry.source(self.kind).settings}
        return {**defaults, **self.settings}

    def check(self, received: Received | None = None, *secrets: str, now: float | None = None) -> str | None:
        return registry.source(self.kind).check(
            received or self.received(),
            secrets or (self.secret,),
            self.all_settings(),
            self.at if now is None else now,
        )

    def read(self) -> Arrived | None:
        source = registry.source(self.kind)
        payload = source.payload(self.received(), self.all_settings())
        document = document_of(payload)
        return source.read(
            self.received(), document, self.all_settings(), source.first_prefix, float(self.at)
        )


def document_of(payload: bytes) -> Document:
    slices = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
    return Document(payload, msgspec.json.decode(payload), {name: bytes(raw) for name, raw in slices.items()})


SENT = {
    # GitHub's own page on validating deliveries.
    "github, published": Sent(
        "github",
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        "x-hub-signature-256",
        b"Hello, World!",
        "It's a Secret to Everybody",
    ),
    # @octokit/webhooks-methods 6.0.0, sign().
    "github": Sent(
        "github",
        {
            "x-hub-signature-256": f"sha256={HEX}",
            "x-github-event": "pull_request",
            "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        },
        "x-hub-signature-256",
        type="github.pull_request",
        id="72d3162e-cc78-11e3-81ab-4c9367dc0958",
    ),
    # openssl dgst -sha256 -hmac, over the form itself.
    "github, a form": Sent(
        "github",
        {
            **FORM_TYPE,
            "x-hub-signature-256": "sha256=9592db09572901b717e867c4047d7aee33c20f93a87796339fa018dd17197c5c",
            "x-github-event": "push",
            "x-github-delivery": "d-1",
        },
        "x-hub-signature-256",
        FORM,
        type="github.push",
        id="d-1",
    ),
    # standardwebhooks 1.1.0 for Python, Webhook.sign().
    "gitlab, signed": Sent(
        "gitlab",
        {**STANDARD, "x-gitlab-event": "Merge Request Hook", "idempotency-key": "msg_1"},
        "webhook-signature",
        secret=WHSEC,
        type="gitlab.mergeRequest",
        id="msg_1",
        is_timed=True,
    ),
    "gitlab, token": Sent(
        "gitlab",
        {"x-gitlab-token": "s3cret", "x-gitlab-event": "Push Hook", "idempotency-key": "k-1"},
        "x-gitlab-token",
        type="gitlab.push",
        id="k-1",
        signs=False,
    ),
    # openssl; Gitea signs the JSON, bare hex, also within a form.
    "gitea": Sent(
        "gitea",
        {
            "x-gitea-signature": HEX,
            "x-hub-signature-256": f"sha256={HEX}",
            "x-gitea-event": "pull_request",
            "x-gitea-event-type": "pull_request_review_approved",
            "x-gitea-delivery": "g-1",
        },
        "x-gitea-signature",
        type="gitea.pull_request_review_approved",
        id="g-1",
    ),
    "gitea, a form": Sent(
        "gitea",
        {**FORM_TYPE, "x-gitea-signature": HEX, "x-gitea-event": "push", "x-gitea-delivery": "g-2"},
        "x-gitea-signature",
        FORM,
        type="gitea.push",
        id="g-2",
    ),
    "forgejo": Sent(
        "gitea",
        {"x-forgejo-signature": HEX, "x-forgejo-event": "push", "x-forgejo-delivery": "f-1"},
        "x-forgejo-signature",
        type="gitea.push",
        id="f-1",
    ),
    # Atlassian's own example, on the pages of both: mind the missing comma.
    "bitbucket, published": Sent(
        "bitbucket",
        {"x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
        "x-hub-signature",
        b"Hello World!",
        "It's a Secret to Everybody",
    ),
    "bitbucket": Sent(
        "bitbucket",
        {"x-hub-signature": f"sha256={HEX}", "x-event-key": "repo:refs_changed", "x-request-id": "b-1"},
        "x-hub-signature",
        type="bitbucket.repo.refs_changed",
        id="b-1",
    ),
    "jira, published": Sent(
        "jira",
        {"x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
        "x-hub-signature",
        b"Hello World!",
        "It's a Secret to Everybody",
    ),
    # openssl dgst -sha512 -hmac s3cret
    "jira": Sent(
        "jira",
        {
            "x-hub-signature": "sha512=2cc2c864d3cc40ed9f0942d18ede23891da9925a2714aa2e023fcbba35827f07"
            "188927401f51464bb36e4a5ea5865604c63405412a0d13117c7fc384f7d24762",
            "x-atlassian-webhook-identifier": "j-1",
        },
        "x-hub-signature",
        b'{"timestamp":1614265330123,"webhookEvent":"jira:issue_updated"}',
        type="jira.issue_updated",
        id="j-1",
    ),
    # openssl dgst -sha1 -hmac s3cret -binary | base64, over body and address.
    "trello": Sent(
        "trello",
        {"x-trello-webhook": "DGV8jTMxiLUqwpZdsm5fIe7OuS4="},
        "x-trello-webhook",
    ),
    # slack_sdk 3.48.0, SignatureVerifier.generate_signature().
    "slack": Sent(
        "slack",
        {
            "x-slack-signature": "v0=1af3cefc11c0214951438f91764d19a6e694e3131d72f7e0bf0d7d62f59967bf",
            "x-slack-request-timestamp": str(AT),
        },
        "x-slack-signature",
        is_timed=True,
    ),
    # Slack's own page on verifying requests.
    "slack, published": Sent(
        "slack",
        {
            "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            "x-slack-request-timestamp": "1531420618",
        },
        "x-slack-signature",
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
        "8f742231b10e8888abcd99yyyzzz85a5",
        at=1_531_420_618,
        is_timed=True,
    ),
    "sentry": Sent(
        "sentry",
        {
            "sentry-hook-signature": HEX,
            "sentry-hook-resource": "issue",
            "sentry-hook-timestamp": str(AT),
            "request-id": "s-1",
        },
        "sentry-hook-signature",
        type="sentry.issue",
        id="s-1",
    ),
    # openssl; without and with a time, which stands before a colon.
    "grafana": Sent("grafana", {"x-grafana-alerting-signature": HEX}, "x-grafana-alerting-signature"),
    "grafana, its other name": Sent(
        "grafana", {"x-grafana-alert-signature": HEX}, "x-grafana-alert-signature"
    ),
    "grafana, timed": Sent(
        "grafana",
        {
            "x-grafana-alerting-signature": "2bee723db601e89ffdd26bd45f1156a18b8bafb5a30522f8d04f1611fb50d790",
            "x-grafana-timestamp": str(AT),
        },
        "x-grafana-alerting-signature",
        settings={"timestamp_header": "X-Grafana-Timestamp"},
        is_timed=True,
    ),
    "alertmanager, basic": Sent(
        "alertmanager", {"authorization": "Basic aHViOnMzY3JldA=="}, "authorization",
        settings={"username": "hub"}, signs=False,
    ),
    "alertmanager, token": Sent(
        "alertmanager", {"authorization": "Bearer s3cret"}, "authorization", signs=False
    ),
    # stripe 16.1.0 for Python, WebhookSignature.
    "stripe": Sent(
        "stripe",
        {
            "stripe-signature": f"t={AT},v0=00,v1=2040f41c2d78da20fdb069ac95f79475db71e017bee0ca2586fa253d7400756a"
        },
        "stripe-signature",
        secret="whsec_test_secret",
        is_timed=True,
    ),
    "stripe, a secret being rolled": Sent(
        "stripe",
        {
            "stripe-signature": f"t={AT},v1=2040f41c2d78da20fdb069ac95f79475db71e017bee0ca2586fa253d7400756a"
            ",v1=1dcb00cffe487714ceddb425a5d7bd9ed73567b103e89cecee96005569b27602"
        },
        "stripe-signature",
        secret="whsec_old_secret",
        is_timed=True,
    ),
    # @shopify/shopify-api 13.1.0, webhooks.validate() takes it.
    "shopify": Sent(
        "shopify",
        {
            "x-shopify-hmac-sha256": "2PWLKeMdxq2MbIqFtkZZYtBdmxErMSds32Vn63mzwRE=",
            "x-shopify-topic": "orders/create",
            "x-shopify-shop-domain": "a.myshopify.com",
            "x-shopify-webhook-id": "w1",
        },
        "x-shopify-hmac-sha256",
        settings={"shop": "A.myshopify.com", "topics": "orders/paid, orders/create"},
        type="shopify.orders.create",
        id="w1",
    ),
    # The vector of the Standard Webhooks specification's libraries.
    "standard, published": Sent(
        "standard",
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        "webhook-signature",
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        {"type": "ping"},
        type="standard.ping",
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        is_timed=True,
    ),
    # Svix's own page on verifying by hand.
    "svix, published": Sent(
        "standard",
        {
            "svix-id": "msg_loFOjxBNrRLzqYUf",
            "svix-timestamp": "1731705121",
            "svix-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        },
        "svix-signature",
        b'{"event_type":"ping","data":{"success":true}}',
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        {"type": "ping"},
        type="standard.ping",
        id="msg_loFOjxBNrRLzqYUf",
        at=1_731_705_121,
        is_timed=True,
    ),
    "hookhub": Sent("hookhub", STANDARD, "webhook-signature", secret=WHSEC, is_timed=True),
    # openssl dgst -sha1 -hmac
    "icescrum": Sent(
        "icescrum",
        {"x-icescrum-signature": "5842115281de9ea1b2dc218eaf98f746d5737a6c", "x-icescrum-event": "[story.create]"},
        "x-icescrum-signature",
        type="story.create",
        id="*",
    ),
    # openssl dgst -sha512 -hmac s3cret -binary | base64
    "generic_hmac": Sent(
        "generic_hmac",
        {
            "x-signature": "oP7neKJ+8c3SzQtoVRbuKTIP14liPhwvZ22iqpqOJE32XlV72dnI3Cd5l/Q6l6I+c0ID0hQ9jeD243fePWBScA==",
            "x-what": "order/paid",
        },
        "x-signature",
        settings={"algorithm": "sha512", "encoding": "base64", "type": "header:X-What", "id": "body:id"},
        type="generic_hmac.order.paid",
        id="evt_1",
    ),
    "generic_hmac, timed": Sent(
        "generic_hmac",
        {"x-signature": "v1=2040f41c2d78da20fdb069ac95f79475db71e017bee0ca2586fa253d7400756a", "x-time": str(AT)},
        "x-signature",
        secret="whsec_test_secret",
        settings={
            "marker": "v1=",
            "signed": "{ts}.{body}",
            "timestamp_header": "X-Time",
            "type": "order.paid",
        },
        type="order.paid",
        is_timed=True,
    ),
    "token": Sent("token", {"authorization": "Bearer s3cret"}, "authorization", signs=False,
                  settings={"type": "body:name"}, type="token.h_bergement"),
    "token, a header of its own": Sent(
        "token", {"x-my-token": "s3cret"}, "x-my-token", settings={"header": "X-My-Token"}, signs=False
    ),
    "basic": Sent("basic", {"authorization": "Basic aHViOnMzY3JldA=="}, "authorization",
                  settings={"username": "hub"}, signs=False),
}  # fmt: skip
