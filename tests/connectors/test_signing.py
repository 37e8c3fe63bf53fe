"""Signatures against vectors that others published, against another library, and against what a stranger may
put into a header.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from connectors.hmac_source import is_signed
from connectors.signing import (
    Hash,
    hex_hmac,
    is_same,
    key_bytes,
    new_secret,
    signature_by_keys,
    verify_standard,
)

TEST_AT = 1614265330
SPEC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SPEC_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SPEC_BODY = b'{"test": 2432232314}'
SPEC_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

OWN_BODY = '{"id":"evt_1","name":"Hébergement"}'.encode()
NEW_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OLD_SECRET = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
NEW_SIGNATURE = "v1,QNT34+v7DxT3lD4TJzTbx3FIQRmOukor7R4za7j3P/A="
OLD_SIGNATURE = "v1,+bRXFtBJvkSmpl1t17j8Dw8i731JgV8cXwoBFD5Wyn8="


def standard_signature(secrets: list[str], message_id: str, at: int, body: bytes) -> str:
    return signature_by_keys([key_bytes(secret) for secret in secrets if secret], message_id, at, body)


def is_verified(signature: str, **changes: object) -> bool:
    given = {
        "secrets": [SPEC_SECRET],
        "message_id": SPEC_ID,
        "timestamp": str(TEST_AT),
        "body": SPEC_BODY,
        "now": TEST_AT,
    } | changes
    return verify_standard(signature=signature, **given)  # type: ignore[arg-type]


def test_it_signs_as_the_standard_webhooks_specification_shows() -> None:
    assert standard_signature([SPEC_SECRET], SPEC_ID, TEST_AT, SPEC_BODY) == SPEC_SIGNATURE


def test_it_signs_with_every_secret_of_a_rotation_newest_first() -> None:
    assert (
        standard_signature([NEW_SECRET, OLD_SECRET], "msg_1", TEST_AT, OWN_BODY)
        == f"{NEW_SIGNATURE} {OLD_SIGNATURE}"
    )


@pytest.mark.parametrize(
    ("secret", "body", "algorithm", "expected"),
    [
        # GitHub's own documentation
        (
            "It's a Secret to Everybody",
            b"Hello, World!",
            "sha256",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        ("It's a Secret to Everybody", b"Hello, World!", "sha1", "01dc10d0c83e72ed246219cdd91669667fe2ca59"),
        ("s3cret", OWN_BODY, "sha256", "d8f58b29e31dc6ad8c6c8a85b6465962d05d9b112b31276cdf6567eb79b3c111"),
        ("s3cret", OWN_BODY, "sha1", "5842115281de9ea1b2dc218eaf98f746d5737a6c"),
        # iceScrum 7.55, measured on the wire
        (
            "s3cret",
            b'{"class":"Story","id":23,"name":"Car domain"}',
            "sha1",
            "25c501a68d7d71d041bb8064c8a9c079b5b2b470",
        ),
        (
            "s3cret",
            '{"class":"Story","id":23,"name":"Hébergement"}'.encode(),
            "sha1",
            "42c20f75acedd693ab0930bb6993b55009f35f8c",
        ),
        # The same in a server of another charset: the received bytes are what counts.
        (
            "s3cret",
            '{"class":"Story","id":23,"name":"Hébergement"}'.encode("latin-1"),
            "sha1",
            "7660ec73afefd52bf134d3b18e90215bd422438b",
        ),
    ],
)
def test_it_makes_the_published_hex_signatures(
    secret: str, body: bytes, algorithm: Hash, expected: str
) -> None:
    assert hex_hmac(secret, body, algorithm) == expected
    assert is_signed([secret], expected, body, algorithm, "hex")
    assert is_signed(["another", secret], expected.upper(), body, algorithm, "hex")
    assert not is_signed([secret], expected, body + b" ", algorithm, "hex")
    assert not is_signed(["another"], expected, body, algorithm, "hex")


@given(body=st.binary(max_size=300), at=st.integers(0, 4_000_000_000), key=st.binary(min_size=1, max_size=64))
def test_it_signs_as_an_independent_library_does(body: bytes, at: int, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    text = body.decode("latin-1")  # that library signs text, as UTF-8
    theirs = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), text)
    assert standard_signature([secret], "msg_1", at, text.encode()) == theirs


@given(name=st.text(max_size=50))
def test_an_independent_library_verifies_what_it_signs(name: str) -> None:
    secret, at = new_secret(), int(datetime.now(UTC).timestamp())
    body = base64.b64encode(name.encode("utf-8", "surrogatepass")).join([b'{"name":"', b'"}'])
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(at)}
    headers["webhook-signature"] = standard_signature([new_secret(), secret], "evt_1", at, body)
    assert Webhook(secret).verify(body, headers)


@given(
    secrets=st.lists(
        st.text(min_size=1, max_size=20).filter(lambda text: not text.startswith("whsec_")),
        min_size=1,
        max_size=3,
    ),
    body=st.binary(max_size=200),
    chosen=st.integers(0, 2),
    flipped=st.integers(0, 1_000_000),
)
def test_any_secret_of_a_rotation_verifies_and_one_changed_bit_does_not(
    secrets: list[str], body: bytes, chosen: int, flipped: int
) -> None:
    secrets = [secret.encode("utf-8", "ignore").decode() or "x" for secret in secrets]
    signature = standard_signature(secrets, "evt_1", TEST_AT, body)
    mine = {"secrets": [secrets[chosen % len(secrets)]], "message_id": "evt_1"}
    assert is_verified(signature, body=body, **mine)
    spoilt = bytearray(body or b"\0")
    spoilt[flipped % len(spoilt)] ^= 1 << flipped % 8
    assert not is_verified(signature, body=bytes(spoilt), **mine)


def test_it_verifies_the_published_vector_alone_and_among_others() -> None:
    assert is_verified(SPEC_SIGNATURE)
    assert is_verified(f"v1a,abcd {SPEC_SIGNATURE}")
    assert is_verified(f"v1,AAAA  {SPEC_SIGNATURE} ")
    assert is_verified(SPEC_SIGNATURE, secrets=[NEW_SECRET, SPEC_SECRET])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "v1,",
        "v1",
        ",",
        SPEC_SIGNATURE[:-1],
        SPEC_SIGNATURE[:8],
        SPEC_SIGNATURE + "=",
        SPEC_SIGNATURE.removeprefix("v1,"),
        SPEC_SIGNATURE.replace("v1,", "v1a,"),
        SPEC_SIGNATURE.replace("v1,", "V1,"),
        SPEC_SIGNATURE.replace(" ", "").replace("/", "_"),
        "v1,not base64",
        "v1,é",
        "é" * 100,
        "\ud800",
        "\0",
        "v1," + "A" * 100_000,
        " ".join(["v1,AAAA"] * 500),
        " ".join(["v1,AAAA"] * 500 + [SPEC_SIGNATURE]),
    ],
)
def test_it_refuses_a_hostile_signature_without_raising(signature: str) -> None:
    assert not is_verified(signature)
    assert not is_signed(["s3cret"], signature, SPEC_BODY, "sha256", "hex")


@given(signature=st.text(), message_id=st.text(), timestamp=st.text())
def test_no_header_makes_it_raise(signature: str, message_id: str, timestamp: str) -> None:
    assert not is_verified(signature)
    assert not is_verified(signature, message_id=message_id, timestamp=timestamp)
    assert not is_signed(["s3cret"], signature, SPEC_BODY, "sha1", "hex")
    assert is_same(signature, signature)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "1614265330.9",
        "-1614265330",
        "+1614265330",
        " 1614265330",
        "1_614_265_330",
        "1e9",
        "١٦",
        "9" * 5000,
    ],
)
def test_it_takes_only_whole_seconds_for_a_time(timestamp: str) -> None:
    assert not is_verified(SPEC_SIGNATURE, timestamp=timestamp)


@pytest.mark.parametrize(
    ("skew_s", "accepted"),
    [(-301, False), (-300, True), (-299, True), (299, True), (300, True), (301, False)],
)
def test_it_refuses_what_is_older_or_newer_than_five_minutes(skew_s: int, accepted: bool) -> None:
    assert is_verified(SPEC_SIGNATURE, now=TEST_AT + skew_s) is accepted


def test_the_window_can_be_set_and_a_clock_that_is_no_number_accepts_nothing() -> None:
    assert is_verified(SPEC_SIGNATURE, now=TEST_AT + 3600, tolerance_s=3600)
    assert not is_verified(SPEC_SIGNATURE, now=float("nan"))


def test_an_id_with_a_dot_is_neither_signed_nor_verified() -> None:
    """`evt.1` + `2` and `evt` + `1.2` would sign the same bytes."""
    with pytest.raises(ValueError, match="no dot"):
        standard_signature(["s3cret"], "evt.1", TEST_AT, b"x")
    signed = hmac.new(b"s3cret", f"evt.1.{TEST_AT}.x".encode(), hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(signed).decode()
    assert not is_verified(signature, secrets=["s3cret"], message_id="evt.1", body=b"x")


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_no_secret_signs_nothing_and_verifies_nothing(secrets: list[str]) -> None:
    assert standard_signature(secrets, "evt_1", TEST_AT, b"x") == ""
    empty_key = base64.b64encode(hmac.digest(b"", f"evt_1.{TEST_AT}.x".encode(), "sha256")).decode()
    assert not is_verified(f"v1,{empty_key}", secrets=secrets, message_id="evt_1", body=b"x")
    assert not is_signed(secrets, hmac.digest(b"", b"x", "sha1").hex(), b"x", "sha1", "hex")


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("s3cret", b"s3cret"),
        ("Schlüssel", "Schlüssel".encode()),
        ("", b""),
        ("WHSEC_AAEC", b"WHSEC_AAEC"),
        ("whsec", b"whsec"),
        (NEW_SECRET, bytes(range(32))),
    ],
)
def test_the_key_is_base64_after_the_prefix_and_utf8_otherwise(secret: str, key: bytes) -> None:
    assert key_bytes(secret) == key


@pytest.mark.parametrize(
    "secret",
    ["whsec_", "whsec_a", "whsec_AAE", "whsec_AA==AA==", "whsec_AA-_", "whsec_AAEC ", "whsec_é", "whsec_\n"],
)
def test_broken_base64_after_the_prefix_is_refused_with_the_way_out(secret: str) -> None:
    with pytest.raises(ValueError, match=r"base64 with its padding.*drop the whsec_ prefix") as fault:
        key_bytes(secret)
    assert secret.removeprefix("whsec_") == "" or secret not in str(fault.value), (
        "an error must not repeat a secret"
    )


def test_half_a_character_is_no_secret() -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        key_bytes("\ud800")


def test_a_secret_for_receivers_that_know_no_prefix_has_none() -> None:
    made = {new_secret(has_prefix=False) for _ in range(50)}
    assert len(made) == 50
    assert not any(secret.startswith("whsec_") for secret in made)
    assert all(key_bytes(secret) == secret.encode() and len(secret) >= 43 for secret in made)


def test_new_secrets_have_32_bytes_and_differ() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(key_bytes(secret)) for secret in made} == {32}


def test_every_comparison_is_of_bytes_and_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []
    real = hmac.compare_digest

    def watch(given: bytes, expected: bytes) -> bool:
        compared.append((given, expected))
        return real(given, expected)

    monkeypatch.setattr("connectors.signing.hmac.compare_digest", watch)
    assert is_verified(f"{SPEC_SIGNATURE} v1,AAAA", secrets=[SPEC_SECRET, OLD_SECRET])
    assert len(compared) == 4, "every pair is compared, whichever matched first"
    assert all(isinstance(side, bytes) for pair in compared for side in pair)
