"""The `icescrum` format: what an iceScrum receiver reads on the wire.

Owns what an iceScrum receiver reads on the wire: the object itself as body, `x-icescrum-event`,
`x-icescrum-signature`. Facts and faults in the iceScrum reference, §4 and §8: iceScrum 7.55 mostly writes the
code in brackets, `[story.create]`; its own documentation promises the bare code, and so does this. Its REST
dialect's JSON is in `connectors.icescrum.dialect`, its codes in `connectors.icescrum.catalogue`.
"""

from collections.abc import Sequence

from connectors.base import Event
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
