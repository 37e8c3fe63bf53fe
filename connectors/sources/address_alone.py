"""Any sender, proved by nothing but the unguessable address of its source."""

from collections.abc import Sequence

from connectors.inbound import Received, SecretFrom, Settings
from connectors.sources.anybody import Anybody


class Unproved(Anybody):
    key = "none"
    name = "Any sender, by the address alone"
    summary = "Whatever can do nothing but call a URL: whoever knows it can send."
    proof = "Nothing but the address, which has 128 random bits: treat it as a password."
    example = ("field `type`: `order.paid`", "none.order.paid")
    secret_from: SecretFrom = "nowhere"
    steps = (
        "Give the sender this URL and nobody else, because it proves the sender: {url}",
        "When it leaks, delete this source and make another.",
    )

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        return None


SOURCE = Unproved()
