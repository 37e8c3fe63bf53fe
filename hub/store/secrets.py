"""Sealing: what is secret in a row is encrypted with a key that is not in the database.

Owns the cipher and the binding of a sealed text to its row; no opened text is in a log or an
error. The key is the hub's secret key; two keys while one replaces the other. Sealed = Fernet over `row id,
field, text`: Fernet alone would let a sealed text be moved to another row, where it would be sent to somebody
else's target.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from hub.errors import HubError

SECRETS_MAX = 10
"""Of one hook: the newest, and those that sign beside it while rotations overlap."""

Secrets = tuple[tuple[str, float | None], ...]
"""A hook's: (secret, until when), newest first; None = no end."""


class SecretUnreadable(HubError):
    """A sealed text that this key does not open, or that belongs to another row."""


class SecretBox:
    """Seals and opens with the first of its keys; opens with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys])

    def seal(self, row_id: str, field: str, text: str) -> str:
        return self._fernet.encrypt(json.dumps([row_id, field, text]).encode()).decode()

    def open(self, row_id: str, field: str, sealed: str) -> str:
        """The text that was sealed for this row and field.

        Raises:
            SecretUnreadable: another key, another row, or damaged.
        """
        try:
            owner, name, text = json.loads(self._fernet.decrypt(sealed.encode()))
        except (InvalidToken, ValueError) as error:
            raise SecretUnreadable(f"{field} of {row_id} cannot be read with this HUB_SECRET_KEY") from error
        if (owner, name) != (row_id, field):
            raise SecretUnreadable(f"{field} of {row_id} was sealed for another row")
        return str(text)


def sealed_headers(box: SecretBox, hook_id: str, headers: Mapping[str, str]) -> str | None:
    return box.seal(hook_id, "headers", json.dumps(dict(headers))) if headers else None


def opened_headers(box: SecretBox, hook_id: str, sealed: str | None) -> dict[str, str]:
    """Raises: SecretUnreadable."""
    return dict(json.loads(box.open(hook_id, "headers", sealed))) if sealed else {}


def sealed_settings(box: SecretBox, hook_id: str, settings: Mapping[str, str]) -> str | None:
    return box.seal(hook_id, "settings", json.dumps(dict(settings))) if settings else None


def opened_settings(box: SecretBox, hook_id: str, sealed: str | None) -> dict[str, str]:
    """Raises: SecretUnreadable."""
    return dict(json.loads(box.open(hook_id, "settings", sealed))) if sealed else {}


def sealed_secrets(box: SecretBox, hook_id: str, secrets: Secrets) -> str | None:
    return box.seal(hook_id, "secrets", json.dumps(secrets)) if secrets else None


def opened_secrets(box: SecretBox, hook_id: str, sealed: str | None) -> Secrets:
    """Raises: SecretUnreadable."""
    found = json.loads(box.open(hook_id, "secrets", sealed)) if sealed else []
    return tuple((secret, until) for secret, until in found)


def _derived(key: str) -> bytes:
    # A passphrase of any length becomes a Fernet key; the label keeps it apart from other uses of the same
    # secret key.
    return base64.urlsafe_b64encode(hashlib.sha256(b"hookhub sealing\0" + key.encode()).digest())
