"""The secret that signs what a hook is sent, or proves who sends to a source: what may be chosen for it.

Owns its length and the messages, none of which quotes it. Pure. Step after: `rules.hook_fields` and
`rules.source_fields`, the fields around it.
"""

from connectors import signing
from hub.errors import FieldError
from hub.logs import MASK

LENGTH_MAX = 256
GOOD_BYTES = 16
"""Standard Webhooks asks for 24 at least; what people chose with care at other hubs has 16 and more."""


def errors(secret: str | None) -> list[FieldError]:
    """Of one that signs. No key at all would make a fault of every delivery."""
    if secret is None:
        return []
    if found := text_errors(secret):
        return found
    try:
        signing.key_bytes(secret)
    except ValueError as error:
        return [("secret", str(error))]
    return []


def text_errors(secret: str) -> list[FieldError]:
    """Of any, whatever is made of it."""
    if secret == MASK:
        return [("secret", "is a mask, not a secret: give the secret itself, or leave it out")]
    if not 0 < len(secret) <= LENGTH_MAX or "\0" in secret:
        return [("secret", f"must have 1 to {LENGTH_MAX} characters, and none of them NUL")]
    return []


def warning(secret: str | None) -> str:
    """What to tell whoever chose this secret, which is taken: receivers that cannot be changed have what they
    have. Empty: nothing.
    """
    if secret is None or (size := len(signing.key_bytes(secret))) >= GOOD_BYTES:
        return ""
    shown = "1 byte" if size == 1 else f"{size} bytes"
    return (
        f"The secret is short ({shown}): whoever sees one delivery may find it by trying. "
        "Take 24 random bytes or more, or leave it out, and the hub makes one."
    )
