"""Sources: each takes what its sender really sends, and nothing that differs from it by a byte.

Signatures are published ones, or were computed once by code that is not ours, which each names. The body of
most is B, with the secret `s3cret`, at the time AT.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import registry
from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, Unreadable
from connectors.signing import TOLERANCE_S

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
CASES = pytest.mark.parametrize("sent", SENT.values(), ids=list(SENT))


def doubled(sent: Sent) -> Received:
    found = sent.received()
    return replace(found, headers=[*found.headers, (sent.proof, sent.headers[sent.proof])])


@CASES
def test_what_a_sender_really_sends_is_taken_and_read(sent: Sent) -> None:
    assert sent.check() is None
    if not sent.type:
        return
    found = sent.read()
    assert found is not None
    assert found.event_type == sent.type
    assert found.id == sent.id or sent.id == "*"
    assert found.data == (B if sent.body == FORM else sent.body)


@CASES
def test_whatever_differs_is_refused_with_a_reason(sent: Sent) -> None:
    proof = sent.headers[sent.proof]
    wrong = {
        "missing": replace(
            sent, headers={k: v for k, v in sent.headers.items() if k != sent.proof}
        ).received(),
        "doubled": doubled(sent),
        **{
            name: sent.received(**{sent.proof.replace("-", "_"): value})
            for name, value in {
                "empty": "",
                "cut": proof[:-1],
                "longer": proof + "0",
                "its marker alone": proof[:7] if proof.startswith("sha256=") else proof[:3],
                "another's": proof.replace(proof[-12:-8], "AAAA"),
                "upside down": proof[::-1],
                "no ASCII": "é" * 40,
                "10 KB": proof * 100 + "x" * 10_000,
                "300 of them": " ".join(["v1,AAAA"] * 300),
                "300 others": ",".join(["v1=00"] * 300),
                "a NUL": "\0",
            }.items()
        },
    }
    if sent.signs:
        for place in (0, len(sent.body) // 2, len(sent.body) - 1):
            body = bytearray(sent.body)
            body[place] ^= 1
            wrong[f"byte {place} of the body"] = replace(sent.received(), body=bytes(body))
        wrong["no body"] = replace(sent.received(), body=b"")
    found = {name: sent.check(received) for name, received in wrong.items()}
    assert [name for name, reason in found.items() if reason is None] == []
    assert [reason for reason in found.values() if reason and sent.secret in reason] == []
    for secrets in (("another",), ("",), ("", "another")):
        assert sent.check(None, *secrets) is not None


@CASES
def test_either_of_two_secrets_proves_a_sender_and_none_proves_nobody(sent: Sent) -> None:
    other = WHSEC.replace("AAEC", "BBEC") if sent.secret.startswith("whsec_") else "newer"
    if sent.kind != "gitlab" or sent.secret == WHSEC:
        assert sent.check(None, other, sent.secret) is None
    source = registry.source(sent.kind)
    assert source.check(sent.received(), (), sent.all_settings(), sent.at) is not None


@pytest.mark.parametrize("sent", [one for one in SENT.values() if one.is_timed], ids=lambda one: one.kind)
def test_a_signed_time_must_be_recent_and_too_old_is_told_apart_from_wrong(sent: Sent) -> None:
    for seconds, is_taken in ((-301, False), (-299, True), (299, True), (301, False)):
        reason = sent.check(now=sent.at + seconds)
        assert (reason is None) is is_taken
        assert is_taken or "five minutes" in str(reason)
    assert TOLERANCE_S == 300


@pytest.mark.parametrize(
    "text", ["", "-1614265330", "1614265330.0", " 1614265330", "1_614_265_330", "٣", "9" * 40]
)
@pytest.mark.parametrize("name", ["slack", "standard, published", "grafana, timed", "generic_hmac, timed"])
def test_a_time_that_is_no_whole_number_is_refused(name: str, text: str) -> None:
    sent = SENT[name]
    header = next(key for key in sent.headers if "time" in key)
    assert sent.check(sent.received(**{header.replace("-", "_"): text})) is not None


@given(
    kind=st.sampled_from(registry.source_keys()),
    headers=st.lists(
        st.tuples(
            st.sampled_from(sorted({name for sent in SENT.values() for name in sent.headers})),
            st.binary(max_size=60).map(lambda value: value.decode("latin-1")),
        ),
        max_size=6,
    ),
    body=st.binary(max_size=60),
)
def test_nothing_that_a_stranger_writes_raises_or_gets_in(
    kind: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    source = registry.source(kind)
    settings = {setting.key: setting.default for setting in source.settings}
    reason = source.check(Received(headers, body, URL), (WHSEC, "s3cret"), settings, AT)
    assert reason is not None or kind == "none"


def test_every_kind_is_in_the_table() -> None:
    assert {sent.kind for sent in SENT.values()} | {"none"} == set(registry.source_keys())


@pytest.mark.parametrize("key", registry.source_keys())
def test_a_kind_says_all_that_its_page_needs(key: str) -> None:
    source = registry.source(key)
    assert any("{url}" in step for step in source.steps)
    assert any("{secret}" in step for step in source.steps) == (source.secret_from == "hub")
    assert all(step.replace("{url}", "").replace("{secret}", "").isprintable() for step in source.steps)
    assert source.summary.endswith(".")
    assert (source.vendor or "https://").startswith("https://")
    assert Path(source.docs).suffix == ".md"
    if source.secret_from == "hub":
        assert source.secret_error(source.new_secret()) is None
    assert isinstance(source, HmacSource) is hasattr(source, "headers")


READ = [
    ("github", {"x-github-event": "issues"}, b'{"action":"opened"}', "github.issues.opened", ""),
    ("github", {"x-github-event": "ping"}, b"{}", None, ""),
    ("gitlab", {"x-gitlab-event": "Merge Request Hook"}, b'{"object_attributes":{"action":"open"}}', "gitlab.mergeRequest.open", ""),
    ("gitlab", {}, b'{"object_kind":"merge_request"}', "gitlab.mergeRequest", ""),
    ("gitlab", {"x-gitlab-event": "System Hook"}, b"{}", "gitlab.system", ""),
    ("bitbucket", {"x-event-key": "repo:push", "x-request-uuid": "u"}, b"{}", "bitbucket.repo.push", "u"),
    ("bitbucket", {"x-event-key": "diagnostics:ping"}, b'{"test":true}', None, ""),
    ("jira", {}, b'{"webhookEvent":"sprint_started"}', "jira.sprint_started", ""),
    ("trello", {}, b'{"action":{"id":"a1","type":"updateCard"}}', "trello.updateCard", "a1"),
    ("slack", {}, b'{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}', "slack.app_mention", "Ev1"),
    ("slack", {}, b'{"type":"app_rate_limited"}', "slack.app_rate_limited", ""),
    ("sentry", {"sentry-hook-resource": "issue", "request-id": "r"}, b'{"action":"created"}', "sentry.issue.created", "r"),
    ("grafana", {}, b'{"status":"firing"}', "grafana.firing", ""),
    ("alertmanager", {}, b'{"status":"resolved"}', "alertmanager.resolved", ""),
    ("stripe", {}, b'{"id":"evt_9","type":"customer.subscription.updated"}', "stripe.customer.subscription.updated", "evt_9"),
    ("standard", {"svix-id": "m"}, b'{"type":"user.created"}', "standard.user.created", "m"),
    ("token", {}, b'{"type":"2fa on/off"}', "token.n2fa.on.off", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "headers", "body", "type_", "id_"), READ)
def test_their_words_become_our_types(
    kind: str, headers: dict[str, str], body: bytes, type_: str | None, id_: str
) -> None:
    found = Sent(kind, headers, "", body).read()
    assert (None if found is None else found.event_type) == type_
    assert found is None or (found.id, found.data) == (id_, body)


@pytest.mark.parametrize("kind", registry.source_keys())
def test_a_request_that_names_no_event_is_unreadable(kind: str) -> None:
    with pytest.raises(Unreadable):
        Sent(kind, {}, "", b'{"type":null,"action":{"id":1},"event":[],"status":true}').read()


def test_another_hubs_event_keeps_its_type_its_time_and_the_bytes_of_its_data() -> None:
    body = b'{"id":"evt_1","type":"story.create","timestamp":"2026-11-23T21:04:06.123Z","project":"P","data":{"a" : 1.10}}'
    found = Sent("hookhub", {"webhook-id": "dlv_1"}, "", body).read()
    assert found == Arrived("story.create", b'{"a" : 1.10}', "dlv_1", 1795467846.123)
    with pytest.raises(Unreadable):
        Sent("hookhub", {}, "", b'{"type":"a","data":[]}').read()


def test_the_data_of_an_envelope_is_cut_out_where_that_is_wanted() -> None:
    body = b'{"type":"user.created","data":{"n": 1.0}}'
    found = Sent("standard", {}, "", body, settings={"take": "data"}).read()
    assert found is not None
    assert found.data == b'{"n": 1.0}'


def test_icescrum_takes_the_same_event_once_a_minute() -> None:
    one = SENT["icescrum"]
    found = [replace(one, at=at).read() for at in (1200, 1259, 1260)]
    ids = [event.id for event in found if event is not None]
    assert ids[0] == ids[1] != ids[2]
    assert replace(one, body=B.replace(b"1", b"2")).read() != found[0]


def test_a_signing_token_of_gitlab_lets_no_old_token_in() -> None:
    old = SENT["gitlab, token"]
    assert old.check(None, WHSEC) is not None
    assert old.check(old.received(x_gitlab_token=WHSEC), WHSEC) is not None
    assert old.check(None, WHSEC, "s3cret") is None  # while the old one's overlap lasts


def test_an_empty_digest_of_gitea_without_a_secret_proves_nothing() -> None:
    without = Sent("gitea", {"x-gitea-signature": "", "x-hub-signature-256": "sha256="}, "")
    assert without.check(None, "") is not None
    assert without.check(None, "s3cret") is not None


def test_a_shop_and_its_topics_are_held_to_what_the_source_names() -> None:
    one = SENT["shopify"]
    assert one.check(one.received(x_shopify_shop_domain="b.myshopify.com")) is not None
    assert one.check(one.received(x_shopify_topic="customers/redact")) is not None
    assert replace(one, settings={"shop": "a.myshopify.com"}).check() is None


def test_slacks_challenge_is_answered_and_bounded() -> None:
    source = registry.source("slack")
    reply = source.greet(document_of(b'{"type":"url_verification","challenge":"3eZbrw1a"}'))
    assert reply is not None
    assert (reply.body, reply.content_type) == (b"3eZbrw1a", "text/plain; charset=utf-8")
    long = source.greet(document_of(b'{"type":"url_verification","challenge":"%s"}' % (b"<" * 9_999)))
    assert long is not None
    assert len(long.body) == 1_000
    assert source.greet(document_of(b'{"type":"event_callback"}')) is None


def test_jira_may_take_a_stronger_hash_but_no_weaker_one() -> None:
    one = SENT["jira"]
    for weaker in (
        "sha1=5842115281de9ea1b2dc218eaf98f746d5737a6c",
        "md5=00",
        HEX,
        "=" + HEX,
        "SHA256=" + HEX,
    ):
        assert replace(one, body=B).check(one.received(x_hub_signature=weaker)) is not None


def test_a_token_may_stand_in_the_address_where_a_sender_can_set_no_header() -> None:
    source = registry.source("token")
    settings = {"header": "?token"}
    for query, is_taken in (
        ([("token", "s3cret")], True),
        ([("token", "other")], False),
        ([("token", "s3cret"), ("token", "s3cret")], False),
        ([], False),
    ):
        reason = source.check(Received([], B, URL, query), ("s3cret",), settings, AT)
        assert (reason is None) is is_taken


def test_a_secret_beyond_ascii_is_sent_as_utf8() -> None:
    given = base64.b64encode("hub:gehêim".encode()).decode()
    basic = replace(SENT["basic"], headers={"authorization": f"basic {given}"}, secret="gehêim")
    assert basic.check() is None
    wire = "Bearer " + "gehêim".encode().decode("latin-1")
    assert replace(SENT["token"], headers={"authorization": wire}, secret="gehêim").check() is None


def test_a_form_of_any_sender_becomes_an_object_of_its_fields() -> None:
    source = registry.source("none")
    form = Received(list(FORM_TYPE.items()), b"type=a.b&tag=x&tag=y&n=%C3%A9", URL)
    assert source.payload(form, {}) == b'{"type":"a.b","tag":["x","y"],"n":"\\u00e9"}'
    with pytest.raises(Unreadable):
        source.payload(replace(form, body=b"\xff=1"), {})
    with pytest.raises(Unreadable):
        registry.source("github").payload(form, {})


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({"signed": "{ts}.{body}"}, ["timestamp_header"]),
        ({"signed": "{id}.{ts}.{body}"}, ["timestamp_header", "id_header"]),
        ({"type": "query:x"}, ["type"]),
        ({"type": "body:"}, ["type"]),
        ({"id": "order.paid"}, ["id"]),
        ({"type": "Order Paid"}, ["type"]),
        ({"type": "order.paid", "id": "header:X-Id"}, []),
    ],
)
def test_settings_that_cannot_work_are_named(settings: dict[str, str], keys: list[str]) -> None:
    source = registry.source("generic_hmac")
    assert [key for key, _ in source.settings_errors(settings)] == keys
