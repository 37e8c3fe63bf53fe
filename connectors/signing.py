"""Signatures: made for what the hub sends, checked for what it receives.

Owns the key of a secret (docs/verify-signatures.md), Standard Webhooks `v1`, and hex HMACs as GitHub and
iceScrum have them. A check answers True or False whatever a stranger wrote into a header; it never raises
because of one. Secrets and signatures meet only in `hmac.compare_digest`, on bytes: on text with non-ASCII it
raises. Nothing here may log, print or keep a secret. Before: a format built the body. After: the headers go
out with exactly those bytes.
"""

import base64
import binascii
import hmac
import secrets as chance
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

PREFIX = "whsec_"
TOLERANCE_S = 300
"""Either way; the specification gives no number, its reference libraries all use five minutes."""
SIGNATURES_MAX = 32
"""Read from one header; each costs a comparison, and a sender with ten old secrets still fits."""

Hash = Literal["sha1", "sha256", "sha384", "sha512"]
Encoding = Literal["hex", "base64"]


def new_secret(*, has_prefix: bool = True) -> str:
    """32 random bytes (Standard Webhooks asks for 24 to 64): `whsec_` and their base64, or plain text without
    a prefix for receivers that know none.
    """
    if not has_prefix:
        return chance.token_urlsafe(32)
    return PREFIX + base64.b64encode(chance.token_bytes(32)).decode("ascii")


def key_bytes(secret: str) -> bytes:
    """The HMAC key of a secret: the bytes decoded after `whsec_`, else its UTF-8.

    Raises ValueError, with a sentence for the person who typed it, when there is no such key. Check a secret
    here when it is saved.
    """
    if not secret.startswith(PREFIX):
        try:
            return secret.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(
                "the secret holds half a character (a lone surrogate): type or generate it again"
            ) from None
    try:
        key = base64.b64decode(secret[len(PREFIX) :], validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ValueError(
            f"after {PREFIX} a secret must be standard base64 with its padding, "
            f"such as {PREFIX}c2VjcmV0LWJ5dGVz:"
            f" generate one, or drop the {PREFIX} prefix to use the text itself as the key"
        )
    return key


def signature_by_keys(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,…` for each key (`key_bytes`), single spaces between (a
    double one breaks reference libraries).

    Without a key send no such header at all: some receivers take an empty one for a signature. Raises
    ValueError for an id with a dot, which would make the signed text ambiguous (Standard Webhooks 1.0).
    """
    if "." in message_id:
        raise ValueError(f"a message id must hold no dot: {message_id!r}")
    message = f"{message_id}.{timestamp}.".encode() + body
    return " ".join([_v1(key, message) for key in keys])


def verify_standard(
    secrets: Iterable[str],
    message_id: str,
    timestamp: str,
    signature: str,
    body: bytes,
    *,
    now: float,
    tolerance_s: float = TOLERANCE_S,
) -> bool:
    """True when one of the `v1` signatures was made with one of the secrets, and not longer ago than
    `tolerance_s`.

    The three texts are the header values as received; `now` is the receiver's clock in epoch seconds. Without
    a secret nothing verifies. Raises ValueError only for a secret of ours that is no key (see `key_bytes`).
    """
    if not (message_id.isascii() and message_id and "." not in message_id and signature.isascii()):
        return False
    if not (
        timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    ):  # whole seconds: no sign, point or blank
        return False
    if not abs(now - int(timestamp)) <= tolerance_s:
        return False
    given = signature.split(maxsplit=SIGNATURES_MAX)
    if len(given) > SIGNATURES_MAX:
        return False
    message = f"{message_id}.{timestamp}.".encode() + body
    expected = [_v1(key_bytes(secret), message) for secret in secrets if secret]
    return any_same(given, expected)


def hex_hmac(secret: str, body: bytes, algorithm: Hash) -> str:
    """The lower-case hex HMAC of the body: iceScrum's signature as it is, GitHub's after `sha256=` or
    `sha1=`.

    The key is the secret's text as it stands: these receivers know no `whsec_`.
    """
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), body, algorithm).hex()


def is_same(given: str, expected: str) -> bool:
    """Compare two texts in constant time; texts of different length differ, and any character is allowed."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def _v1(key: bytes, message: bytes) -> str:
    mac = _keyed(key).copy()
    mac.update(message)
    return "v1," + binascii.b2a_base64(mac.digest(), newline=False).decode("ascii")


@lru_cache(maxsize=1024)
def _keyed(key: bytes) -> hmac.HMAC:
    """Made ready once for a key. `hmac.digest` gives the interpreter away for each body, however short, and
    gets it back late from other threads.
    """
    return hmac.new(key, digestmod="sha256")


def any_same(given: list[str], expected: list[str]) -> bool:
    """Compare every pair, so that the time taken does not tell which one matched. Whole digests and secrets
    only (RUSTSEC-2024-0010).
    """
    found = False
    for one in given:
        for other in expected:
            found |= is_same(one, other)
    return found
