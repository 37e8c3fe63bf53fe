"""What is kept of a request that a source refused: enough for its owner to see why, and no credential.

Owns how much that is, and which headers count as credentials. Pure. Step before: `operations.inbound` has
refused a request. Step after: `store.sources` keeps it.
"""

from collections.abc import Sequence

from hub.logs import MASK

BODY_BYTES = 2_048
HEADERS_MAX = 40
VALUE_CHARS = 200
SIGNATURE_CHARS = 8
"""Enough to see its form."""

_CREDENTIALS = ("auth", "cookie", "token", "secret", "api-key", "apikey", "password")
_SIGNATURES = ("signature", "hmac", "webhook")


def shown_headers(
    headers: Sequence[tuple[str, str]], own: str, secrets: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """`headers`: names in lower case. `own`: the one in which this source's sender says who it is."""
    return tuple(
        (name[:VALUE_CHARS], _shown(name, value, own, secrets)) for name, value in headers[:HEADERS_MAX]
    )


def shown_body(body: bytes, secrets: Sequence[str]) -> bytes:
    """Its beginning."""
    return _without(body[: BODY_BYTES * 2], secrets)[:BODY_BYTES]


def _shown(name: str, value: str, own: str, secrets: Sequence[str]) -> str:
    """The beginning of a signature, nothing of a credential."""
    if any(word in name for word in _SIGNATURES) and not any(word in name for word in ("token", "secret")):
        is_plain = name.endswith(("-id", "-timestamp", "-topic"))
        if is_plain or len(value) <= SIGNATURE_CHARS:
            return value[:VALUE_CHARS]
        return f"{value[:SIGNATURE_CHARS]}… ({len(value)} characters)"
    if name == own or any(word in name for word in _CREDENTIALS):
        return MASK
    return _without(value.encode("latin-1", "replace"), secrets).decode("latin-1")[:VALUE_CHARS]


def _without(data: bytes, secrets: Sequence[str]) -> bytes:
    for secret in secrets:
        data = data.replace(secret.encode(), MASK.encode())
    return data
