"""The `icescrum` format: what an iceScrum receiver reads on the wire.

Owns its headers over the object itself: `x-icescrum-event` and `x-icescrum-signature`. iceScrum 7.55 mostly
writes the code in brackets, `[story.create]`; its own documentation promises the bare code, and so does this.
Its REST dialect's JSON is in `connectors.icescrum.dialect`, its codes in `connectors.icescrum.catalogue`.
"""

from connectors.base import Context, Event, Format
from connectors.signing import hex_hmac


class IceScrumFormat(Format):
    key = "icescrum"
    name = "iceScrum"
    summary = "The object itself, with the headers that iceScrum's own hooks have."
    docs = "delivery.md"
    steps = ("For programs that were written for iceScrum's hooks: have their address.",)
    knows_prefix = False

    def headers(self, event: Event, context: Context, body: bytes) -> dict[str, str]:
        """The signature is bare hex HMAC-SHA1 with the newest secret only: the header has room for one."""
        headers = {"x-icescrum-event": event.type}
        if context.secrets and context.secrets[0]:
            headers["x-icescrum-signature"] = hex_hmac(context.secrets[0], body, "sha1")
        return headers


FORMAT = IceScrumFormat()
