"""Mail: the transport of `mailto:`, one message to each recipient, through the relay.

Owns that a recipient who has a mail does not get it again when it is tried again for another: as far as this
process remembers; every repeat has the same Message-ID. Step before: `hub.targets.outbound`. Step after:
`relay` sends each; the format judges all their replies together.
"""

import threading
import time
from collections import OrderedDict

from connectors.base import Answer, MailParcel
from hub.errors import DeliveryError
from hub.rules import recipients
from hub.rules.addresses import TargetRefused
from hub.targets.relay import NO_RELAY, Relay
from hub.targets.transport import Receipt, Request

REMEMBERED_MAX = 10_000


class SmtpTransport:
    """For `mailto:`."""

    def __init__(self, relay: Relay | None) -> None:
        """None: the hub has no relay, and every mail waits for one."""
        self._relay = relay
        self._lock = threading.Lock()
        self._taken: OrderedDict[str, dict[str, str]] = OrderedDict()
        """Message-ID → the recipients who have it, with what the relay said."""

    def send(self, request: Request) -> Receipt:
        began = time.monotonic()
        parcel = request.parcel
        if not isinstance(parcel, MailParcel):
            raise DeliveryError("only the format email can be sent to mailto:", "none", "refused")
        try:
            addresses = recipients.of_url(request.url)
        except TargetRefused as refused:
            raise DeliveryError(str(refused), "none", "refused") from None
        if self._relay is None:
            raise DeliveryError(NO_RELAY, "connect", "hub")

        replies = dict(self._taken.get(parcel.headers.get("Message-ID", ""), {}))
        for address in addresses:
            if address in replies:
                continue
            left_s = request.total_timeout_s - (time.monotonic() - began)
            if left_s <= 0:
                total_s = request.total_timeout_s
                raise DeliveryError(f"the mail relay was not through within {total_s:.3g} s", "sent", "hub")
            reply = self._relay.send(
                address, parcel.headers, parcel.body, min(request.connect_timeout_s, left_s), left_s
            )
            replies[address] = reply
            if reply.startswith("DATA 2"):
                self._remember(parcel, address, reply)
        if all(replies[address].startswith("DATA 2") for address in addresses):
            self._forget(parcel)
        return _receipt([(address, replies[address]) for address in addresses], time.monotonic() - began)

    def close(self) -> None:
        if self._relay is not None:
            self._relay.close()

    def _remember(self, parcel: MailParcel, address: str, reply: str) -> None:
        with self._lock:
            self._taken.setdefault(parcel.headers.get("Message-ID", ""), {})[address] = reply
            while len(self._taken) > REMEMBERED_MAX:
                self._taken.popitem(last=False)

    def _forget(self, parcel: MailParcel) -> None:
        with self._lock:
            self._taken.pop(parcel.headers.get("Message-ID", ""), None)


def _receipt(replies: list[tuple[str, str]], duration_s: float) -> Receipt:
    """All replies, and the worst one's code: the highest."""
    worst = max((reply for _, reply in replies), key=lambda reply: reply.split()[1])
    status = int(worst.split()[1])
    return Receipt(Answer(status, worst, replies), "head", None, duration_s)
