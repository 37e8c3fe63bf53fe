"""Sources whose senders sign with an HMAC: the verifying kit, and a source that needs only data.

Owns the comparison of signatures over the raw bytes, whole digests in constant time, and the window of signed
times. `HmacSource` is right for one header with one signature of the body; a sender that signs more overrides
`signed`. Standard Webhooks' headers are `check_standard`. Step before and after: `connectors.inbound`.
"""

import base64
from collections.abc import Sequence

from connectors.inbound import MISSING, NO_SECRET, TOO_OLD, WRONG, Document, Received, Settings, Source
from connectors.signing import TOLERANCE_S, Encoding, Hash, any_same, hex_hmac, key_bytes, verify_standard
from connectors.trial import BODY, Trial

SIGNATURE_MAX_LENGTH = 512
"""Longer than any of these digests; what is longer is not looked at."""


class HmacSource(Source):
    """One signature in one header."""

    headers: Sequence[str]
    """Where the signature stands: in the first of these that is there."""
    algorithm: Hash = "sha256"
    encoding: Encoding = "hex"
    marker = ""
    """What stands before the digest, such as `sha256=`."""
    id_header = ""
    """The header with the sender's own id."""
    trial_headers: Sequence[tuple[str, str]] = ()
    """What a test call says besides signature and id (`connectors.trial`)."""
    trial_body = BODY
    trial_signed = "{body}"
    """What `signed` gives, with the places of `connectors.trial`."""

    def signed(self, received: Received) -> bytes:
        """The bytes that the sender signed."""
        return received.body

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        if not any(secrets):
            return NO_SECRET
        header = next((name for name in self.headers if received.header(name)), self.headers[0])
        given = received.header(header)
        if not given:
            return MISSING.format(header)
        if not given.startswith(self.marker):
            return f"{header} does not begin with {self.marker}"
        digest = given[len(self.marker) :]
        if not is_signed(secrets, digest, self.signed(received), self.algorithm, self.encoding):
            return WRONG
        return None

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        own_id = [(self.id_header, "{id}")] if self.id_header else []
        return Trial(
            (*self.trial_headers, *own_id, (self.headers[0], self.marker + "{signature}")),
            self.trial_body,
            self.trial_signed,
            self.algorithm,
            self.encoding,
        )

    def id(self, received: Received, document: Document) -> str:
        return received.header(self.id_header) if self.id_header else ""


def is_signed(
    secrets: Sequence[str], digest: str, signed: bytes, algorithm: Hash, encoding: Encoding
) -> bool:
    """Whether the digest, as received, was made with one of the secrets, whose text is the key."""
    if not digest or len(digest) > SIGNATURE_MAX_LENGTH or not digest.isascii():
        return False
    given = digest.lower() if encoding == "hex" else digest
    return any_same([given], [digest_of(secret, signed, algorithm, encoding) for secret in secrets if secret])


def digest_of(secret: str, signed: bytes, algorithm: Hash, encoding: Encoding) -> str:
    made = hex_hmac(secret, signed, algorithm)
    return made if encoding == "hex" else base64.b64encode(bytes.fromhex(made)).decode("ascii")


def time_of(text: str) -> int | None:
    """Whole epoch seconds as a header says them; None for anything else, such as a sign or a point."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def is_recent(at: int, now: float) -> bool:
    """Within five minutes, either way."""
    return abs(now - at) <= TOLERANCE_S


def check_standard(
    received: Received, secrets: Sequence[str], now: float, headers: str = "webhook"
) -> str | None:
    """Standard Webhooks 1.0.0: the three headers that begin with `webhook-`, or with another word."""
    if not any(secrets):
        return NO_SECRET
    names = [f"{headers}-{part}" for part in ("id", "timestamp", "signature")]
    for name in names:
        if not received.header(name):
            return MISSING.format(name)
    message_id, at, signature = (received.header(name) for name in names)
    seconds = time_of(at)
    if seconds is None:
        return f"{names[1]} must be whole seconds since 1970"
    # By its own time first, so that what is too old is told apart from what is wrong.
    keys = [secret for secret in secrets if secret]
    if not verify_standard(keys, message_id, at, signature, received.body, now=seconds):
        return WRONG
    return None if is_recent(seconds, now) else TOO_OLD


def standard_secret_error(secret: str) -> str | None:
    try:
        key_bytes(secret)
    except ValueError as error:
        return str(error)
    return None
