"""Any sender that signs in with a name and a password (Basic, RFC 7617).

Owns the check of both, which other sources use too.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace

from connectors.inbound import NO_SECRET, Received, Setting, Settings, is_one_of
from connectors.sources.anybody import ID, TYPE, Anybody
from connectors.trial import Trial


class Basic(Anybody):
    key = "basic"
    name = "Any sender with a password"
    summary = "Whatever signs in with a name and a password (Basic)."
    proof = "Name and password, as `Authorization: Basic`."
    example = ("field `type`: `order.paid`", "basic.order.paid")
    steps = (
        "At the sender, add a webhook.",
        "Its URL: {url}",
        "User name: as this source says. Password: {secret}",
    )
    settings = (
        Setting("username", "User name", "What the sender signs in with.", "hookhub", is_required=True),
        TYPE,
        ID,
    )

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        found = super().trial(settings, secret)
        return found and replace(found, user=settings["username"])

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        return check_basic(received, secrets, settings["username"])


def check_basic(received: Received, secrets: Sequence[str], username: str) -> str | None:
    """Name and password as RFC 7617 sends them."""
    if not any(secrets):
        return NO_SECRET
    scheme, _, given = received.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return "the header Authorization: Basic is missing"
    try:
        pair = base64.b64decode(given.strip().encode("latin-1"), validate=True).decode()
    except (binascii.Error, ValueError):
        return "the header Authorization: Basic cannot be read"
    expected = [f"{username}:{secret}" for secret in secrets if secret]
    return None if is_one_of(pair, expected) else "name or password do not fit"


SOURCE = Basic()
