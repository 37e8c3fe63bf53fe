"""iceScrum: its own webhooks, from the releases that could not ask a hub.

Owns the bare SHA-1 of its signature and the event code, which iceScrum 7.55 writes in brackets. It sends no
id, so the same event with the same body within one minute is taken once. Its types are a catalogue of ours
(docs/publish.md), hence no prefix.
https://www.icescrum.com/documentation/webhooks/
"""

import hashlib

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, Settings, Unreadable

EVENT = "x-icescrum-event"
REPEATED_WITHIN_S = 60


class IceScrum(HmacSource):
    key = "icescrum"
    name = "iceScrum"
    summary = "Stories, sprints, tasks and the other events of a project at iceScrum."
    proof = (
        "A bare HMAC-SHA1 of the raw body in `x-icescrum-signature`. iceScrum sends no id: the same "
        "event with the same body within one minute is taken once."
    )
    example = ("`[story.create]`", "story.create")
    docs = "connect/icescrum-webhooks.md"
    prefix = ""
    steps = (
        "At iceScrum, open the project, Settings, Webhooks, New webhook.",
        "URL: {url}",
        "Secret: {secret}",
        "Choose the events, and save.",
    )
    sends_again = False
    headers = ("x-icescrum-signature",)
    algorithm = "sha1"
    trial_headers = ((EVENT, "[story.create]"),)

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        code = received.header(EVENT).strip("[] ")
        if not code:
            raise Unreadable(f"the header {EVENT} does not say which event it is")
        kind = f"{prefix}.{code}" if prefix else code
        digest = hashlib.sha256(code.encode() + b"\n" + document.data).hexdigest()
        return Arrived(kind, document.data, f"{digest}-{int(now // REPEATED_WITHIN_S)}")


SOURCE = IceScrum()
