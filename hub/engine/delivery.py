"""One attempt: build and sign on one side of the sending, judge on the other.

Owns what one request looks like (docs/delivery.md, "What is sent") and what is kept of it. It comes to an
outcome, always, whatever happens; what becomes of the delivery and the hook is decided elsewhere. No
database, and it waits for nothing. Step before: `senders` is about to send. Step after:
`hub.store.deliveries.record`.
"""

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec

from connectors import registry, signing
from connectors.base import (
    PING_EVENT_TYPE,
    Batch,
    Context,
    Event,
    Format,
    HttpParcel,
    MailParcel,
)
from hub import __version__
from hub.engine import outcomes, recipe
from hub.errors import DeliveryError, EventRefused
from hub.rules import brokers, hops, recipients
from hub.rules.facts import Facts
from hub.rules.filters import Unreadable
from hub.rules.outcome import Outcome, SentBody
from hub.rules.settings import Settings
from hub.rules.templating.rendering import rendered
from hub.rules.templating.values import TemplateRefused
from hub.store.clock import Clock
from hub.store.destinations import Destination
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request

log = logging.getLogger(__name__)

USER_AGENT = f"hookhub/{__version__}"


class Shipment(msgspec.Struct, frozen=True):
    """Everything that one attempt needs."""

    delivery_id: str
    """Of several deliveries that go together, the batch's id."""
    attempt: int
    event: Event
    destination: Destination
    batch: Batch | None = None
    """What is sent in place of `event`, which stands for all of it."""

    @classmethod
    def of_batch(cls, batch: Batch, attempt: int, destination: Destination) -> "Shipment":
        return cls(batch.id, attempt, batch.as_event(), destination, batch)

    @property
    def events(self) -> Sequence[Event]:
        return (self.event,) if self.batch is None else self.batch.events


class Attempt:
    """Sending one delivery once: what is to be sent, and what came of it. Whoever sends calls `request`, then
    one of the other two; those never raise: what is not the receiver's fault is a fault of the hub's own.
    """

    __slots__ = ("_clock", "_form", "_origin", "_recipe", "_sent", "_settings", "_shipment", "_started_at")

    def __init__(self, shipment: Shipment, settings: Settings, clock: Clock, origin: str) -> None:
        """`origin`: as which the hub presents itself to receivers that ask."""
        self._shipment = shipment
        self._settings = settings
        self._clock = clock
        self._origin = origin
        self._started_at = 0.0
        destination = shipment.destination
        self._recipe = recipe.of_destination(destination)
        self._sent: dict[str, Any] = {"url": self._recipe.shown_url, "format": destination.format}

    @property
    def rendered_in_s(self) -> float:
        """What the hook's template took of a thread's time when it was rendered last; 0 when it never was."""
        return self._recipe.rendered_in_s

    def request(self) -> Request:
        """The request, signed. Raises DeliveryError, and whatever a fault of ours raises."""
        shipment = self._shipment
        self._started_at = self._clock.now()
        if shipment.event.hops >= hops.HOPS_MAX:
            raise EventRefused(
                f"this event has been through {shipment.event.hops} deliveries of a hub: it goes in a circle"
            )
        _check_filter(shipment)
        self._form = registry.format_of(shipment.destination.format)
        request = self._built(self._form)
        self._sent |= {
            "method": request.parcel.method,
            "request_headers": self._recipe.masked(request.parcel.headers),
            "request_body": SentBody.of(request.parcel.body, shipment.events[0].data),
        }
        return request

    def _built(self, form: Format) -> Request:
        """The body is the same on every attempt; time and signature are this attempt's (Standard
        Webhooks).
        """
        shipment, settings = self._shipment, self._settings
        destination, event = shipment.destination, shipment.event
        secrets = destination.live_secrets(self._started_at)
        timestamp = int(time.time())  # the receiver compares it with its own wall clock
        text = None if destination.template is None else self._text(destination.template, form)
        context = Context(shipment.delivery_id, secrets, text, destination.settings, self._origin)
        if shipment.batch is None:
            parcel = form.request(event, context)
        else:
            parcel = form.batch_request(shipment.batch, context)
        timed = partial(
            Request,
            verify_ssl=destination.verify_ssl,
            total_timeout_s=settings.attempt_timeout_s,
            connect_timeout_s=settings.connect_timeout_s,
        )
        if isinstance(parcel, MailParcel):
            if not recipients.is_mail(destination.url):
                raise DeliveryError(f"{form.key} goes to mailto: only", "none", "refused")
            return timed(destination.url, parcel)
        if brokers.is_broker(destination.url):
            return self._message(parcel, timestamp, secrets)
        own = {
            "User-Agent": USER_AGENT,
            "webhook-id": event.id,
            "webhook-timestamp": str(timestamp),
            "x-hub-attempt": str(shipment.attempt),
            "x-hub-delivery": shipment.delivery_id,
            hops.HEADER: str(event.hops + 1),
            **parcel.headers,
        }
        if destination.handshake is not None:
            own |= _consent_headers(destination.handshake, self._origin, secrets, parcel.body)
        sent = HttpParcel(self._headers(own, parcel.body, timestamp, secrets), parcel.body, parcel.method)
        return timed(extended(destination.url, parcel), sent)

    def _message(self, parcel: HttpParcel, timestamp: int, secrets: list[str]) -> Request:
        """What is put on a broker: the same body, and of the headers those that mean something there."""
        shipment = self._shipment
        destination, event = shipment.destination, shipment.event
        own = {
            "webhook-id": event.id,
            "webhook-timestamp": str(timestamp),
            "x-hub-event": event.type,
            "x-hub-attempt": str(shipment.attempt),
            "x-hub-delivery": shipment.delivery_id,
            hops.HEADER: str(event.hops + 1),
            **{name.lower(): value for name, value in parcel.headers.items()},
        }
        url = brokers.filled(destination.url, event.project, event.type)
        self._sent["url"] = url
        return Request(
            url,
            HttpParcel(self._headers(own, parcel.body, timestamp, secrets), parcel.body, "PUBLISH"),
            total_timeout_s=self._settings.attempt_timeout_s,
            connect_timeout_s=self._settings.connect_timeout_s,
            event=event,
            key=destination.hook_id if destination.is_ordered else event.id,
        )

    def _headers(
        self, own: dict[str, str], body: bytes, timestamp: int, secrets: list[str]
    ) -> dict[str, str]:
        """What goes with the body: our own, the signature, the hook's."""
        if secrets and self._form.is_signed:
            keys = self._recipe.keys(secrets)
            event_id = self._shipment.event.id
            own["webhook-signature"] = signing.signature_by_keys(keys, event_id, timestamp, body)
        return self._recipe.with_hooks_headers(own)

    def _text(self, source: str, form: Format) -> str:
        """What the hook's template makes of the event. Raises: EventRefused."""
        shipment, began = self._shipment, time.thread_time()
        together = () if shipment.batch is None else shipment.batch.events
        try:
            return rendered(source, shipment.event, form, together)
        except TemplateRefused as refused:
            raise EventRefused(f"the hook's template {refused}") from refused
        finally:
            self._recipe.rendered_in_s = time.thread_time() - began

    def answered(self, receipt: Receipt) -> Outcome:
        """What an answer came to."""
        try:
            judgement = self._form.judge(receipt.answer)
            return outcomes.answered(
                receipt, judgement, self._recipe.credentials, self._started_at, self._sent
            )
        except Exception as error:
            return self.failed(error)

    def failed(self, error: Exception) -> Outcome:
        """What it is that there is no answer. A bug of ours costs this delivery only, and never its
        receiver.
        """
        duration_s = self._clock.now() - self._started_at
        if isinstance(error, DeliveryError):
            return outcomes.unanswered(error, self._started_at, duration_s, self._sent)
        shipment = self._shipment
        log.error(
            "delivery %s attempt %s: fault of the hub",
            shipment.delivery_id,
            shipment.attempt,
            exc_info=error,
        )
        return Outcome(
            "fault", self._started_at, duration_s, reason=f"fault of the hub: {error}", **self._sent
        )


def attempt(shipment: Shipment, outbound: Outbound, settings: Settings, clock: Clock) -> Outcome:
    """Send one delivery once, wait, and say what came of it. Never raises."""
    one = Attempt(shipment, settings, clock, outbound.origin)
    try:
        receipt = outbound.send(one.request())
    except Exception as error:
        return one.failed(error)
    return one.answered(receipt)


def _check_filter(shipment: Shipment) -> None:
    """What is sent passes the filter as it is now. It may have come when the filter was another, or could not
    be read.

    Raises: DeliveryError.
    """
    only_if = shipment.destination.filter
    if only_if is None or shipment.event.type == PING_EVENT_TYPE:
        return
    if isinstance(only_if, Unreadable):
        raise DeliveryError(only_if.reason, "none", "hub", stops_hook=True)
    for event in shipment.events:
        failed = only_if.failed(Facts.of(event))
        if failed is not None:
            raise EventRefused(f"not sent: {failed.reason_unseen}")


def extended(url: str, parcel: HttpParcel) -> str:
    """The hook's URL with what the format adds to it; every character of it stays as it was typed."""
    if not (parcel.path or parcel.query):
        return url
    before, mark, query = url.partition("?")
    names = {pair.partition("=")[0] for pair in query.split("&")}
    more = urlencode({name: value for name, value in parcel.query.items() if name not in names})
    path = before.rstrip("/") + parcel.path if parcel.path else before
    return f"{path}{mark or ('?' if more else '')}{query}{'&' if query and more else ''}{more}"


def _consent_headers(handshake: str, origin: str, secrets: list[str], body: bytes) -> dict[str, str]:
    """What a target that proved its consent by a handshake is sent besides: WebHook-Request-Origin
    (CloudEvents HTTP webhook 1.0.2 §4.1), or a signature by the text of the secret that it was shown (Asana).
    """
    if handshake == "cloudevents":
        return {"WebHook-Request-Origin": origin}
    if handshake == "rest-hooks" and secrets:
        return {"X-Hook-Signature": signing.hex_hmac(secrets[0], body, "sha256")}
    return {}
