"""iceScrum: its webhook format, and the connector of clients that subscribe through its REST dialect.

Owns what an iceScrum receiver reads on the wire: the object itself as body, `x-icescrum-event`, `x-icescrum-signature`. Facts
and faults in the iceScrum reference, §4 and §8: iceScrum 7.55 mostly writes the code in brackets, `[story.create]`; its own
documentation promises the bare code, and so does this. The dialect's JSON is in `icescrum_dialect`, the codes in
`icescrum_catalogue`.
"""

from collections.abc import Sequence

from connectors.base import Connector, EditRule, Event
from connectors.signing import hex_hmac


class IceScrumFormat:
    key = "icescrum"
    content_type = "application/json"

    def body(self, event: Event) -> bytes:
        return event.data

    def headers(self, event: Event, delivery_id: str, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
        """The signature is bare hex HMAC-SHA1 with the newest secret only: the header has room for one."""
        headers = {"x-icescrum-event": event.type}
        if secrets and secrets[0]:
            headers["x-icescrum-signature"] = hex_hmac(secrets[0], body, "sha1")
        return headers


FORMAT = IceScrumFormat()

CONNECTOR = Connector(
    key="icescrum",
    name="iceScrum REST clients",
    # Full, as in iceScrum: every Product Owner and ScrumMaster of a project may read, edit and delete all its hooks, whatever
    # their source (iceScrum reference, §2.4); its server restricts nothing by source (§2.6), so no client can count on more.
    edit_rule=EditRule.FULL,
    format="icescrum",
    summary="Scripts and apps written for iceScrum's hook REST API (/ws/project/KEY/hook) subscribe here unchanged.",
    docs="connect/icescrum.md",
)
