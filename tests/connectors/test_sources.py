"""Sources: each takes what its sender really sends, and nothing that differs from it by a byte.

Signatures are published ones, or were computed once by code that is not ours, which each names. The body of
most is B, with the secret `s3cret`, at the time AT.
"""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import registry
from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Received, Unreadable
from connectors.signing import TOLERANCE_S
from tests.rigs.senders import AT, FORM, FORM_TYPE, HEX, SENT, URL, WHSEC, B, Sent, document_of

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
    assert {sent.kind for sent in SENT.values()} | {"none", "broker"} == set(registry.source_keys())


@pytest.mark.parametrize("key", registry.source_keys())
def test_a_kind_says_all_that_its_page_needs(key: str) -> None:
    source = registry.source(key)
    assert any("{url}" in step for step in source.steps) != source.from_broker
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
    ("broker", {"x-broker-message": "orders/0/7"}, b'{"type":"order.paid"}', "order.paid", "orders/0/7"),
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
        ({"type": "body:order..type"}, ["type"]),
        ({"type": "header:X Type", "id": "header:X-Id\u00e9"}, ["type", "id"]),
        ({"header": "X-Signature: v1", "timestamp_header": "the time"}, ["header", "timestamp_header"]),
        ({"id": "order.paid"}, ["id"]),
        ({"type": "Order Paid"}, ["type"]),
        ({"type": "order.paid", "id": "header:X-Id"}, []),
    ],
)
def test_settings_that_cannot_work_are_named(settings: dict[str, str], keys: list[str]) -> None:
    source = registry.source("generic_hmac")
    assert [key for key, _ in source.settings_errors(settings)] == keys


def test_a_token_stands_in_a_header_or_in_a_parameter_and_nowhere_else() -> None:
    source = registry.source("token")
    wrong = [
        text
        for text in ("X-Token", "?token", "X Token", "?", "X:")
        if source.settings_errors({"header": text})
    ]
    assert wrong == ["X Token", "?", "X:"]
