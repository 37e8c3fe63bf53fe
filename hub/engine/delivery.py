"""One attempt, top to bottom: build, sign, send, classify.

Owns what one request looks like and what its answer means (contract §7, §8.2). It must never touch the
database or decide what becomes of the delivery or the hook: it returns an outcome, always, whatever happens.
Step before: `dispatcher` has claimed. Step after: `store.deliveries.record`.
"""

import logging
import time
from dataclasses import dataclass, replace

from connectors import registry, signing
from connectors.base import Event
from hub import __version__
from hub.errors import DeliveryError
from hub.rules.outcome import Kind, Outcome
from hub.rules.settings import Settings
from hub.store.clock import Clock
from hub.store.destinations import Destination
from hub.targets.outbound import Outbound, Request, Response

log = logging.getLogger("hub.engine.delivery")

USER_AGENT = f"hookhub/{__version__}"
MASK = "********"
GONE = 410


@dataclass(frozen=True, slots=True)
class Shipment:
    """Everything that one attempt needs."""

    delivery_id: str
    attempt: int
    event: Event
    target: Destination


def attempt(shipment: Shipment, outbound: Outbound, settings: Settings, clock: Clock) -> Outcome:
    """Send one delivery once and say what came of it. Never raises: what is not the receiver's fault is a
    fault of the hub's own.
    """
    started_at = clock.now()
    sent_headers: dict[str, str] = {}
    try:
        request = build(shipment, settings, clock, outbound.origin)
        sent_headers = dict(request.headers)
        outcome = _answered(outbound.send(request), started_at)
    except DeliveryError as error:
        outcome = _unanswered(error, started_at, clock.now() - started_at)
    except Exception as error:  # a bug of ours, or a row that cannot be read: this delivery only, and never the receiver's fault
        log.exception("delivery %s attempt %s: fault of the hub", shipment.delivery_id, shipment.attempt)
        outcome = Outcome("fault", started_at, clock.now() - started_at, reason=f"fault of the hub: {error}")
    return _described(outcome, shipment.target, sent_headers)


def build(shipment: Shipment, settings: Settings, clock: Clock, origin: str) -> Request:
    """The request, signed. The body is the same on every attempt; time and signature are this attempt's
    (Standard Webhooks).
    """
    target, event = shipment.target, shipment.event
    form = registry.format_of(target.format)
    body = form.body(event)
    secrets = target.live_secrets(clock.now())
    timestamp = int(time.time())  # the receiver compares it with its own wall clock
    headers = {
        **target.headers,
        "Content-Type": form.content_type,
        "User-Agent": USER_AGENT,
        "webhook-id": event.id,
        "webhook-timestamp": str(timestamp),
        "x-hub-attempt": str(shipment.attempt),
        "x-hub-delivery": shipment.delivery_id,
        **form.headers(event, shipment.delivery_id, body, secrets),
        **_consent_headers(target.handshake, origin, secrets, body),
    }
    if secrets:
        headers["webhook-signature"] = signing.standard_signature(secrets, event.id, timestamp, body)
    return Request(
        url=target.url,
        headers=headers,
        body=body,
        verify_ssl=target.verify_ssl,
        total_timeout_s=settings.attempt_timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
    )


def _consent_headers(handshake: str | None, origin: str, secrets: list[str], body: bytes) -> dict[str, str]:
    """What a target that proved its consent by a handshake is sent besides (reference/rest-hooks §10)."""
    if handshake == "cloudevents":
        return {"WebHook-Request-Origin": origin}
    if handshake == "rest-hooks" and secrets:
        return {"X-Hook-Signature": signing.hex_hmac(secrets[0], body, "sha256")}
    return {}


def log_attempt(shipment: Shipment, outcome: Outcome) -> None:
    """The one line that tells an attempt: no payload, no header, no URL (it may hold a credential). JSON logs
    get its fields as keys.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    fields: dict[str, str | int] = {
        "event": shipment.event.id,
        "hook": shipment.target.hook_id,
        "delivery": shipment.delivery_id,
        "attempt": shipment.attempt,
        "outcome": outcome.kind,
        "status": outcome.status or "-",
        "phase": outcome.phase,
        "ms": round(outcome.duration_s * 1000),
    }
    if outcome.reason:
        fields["reason"] = outcome.reason
    pairs = (f"{name}={value!r}" if name == "reason" else f"{name}={value}" for name, value in fields.items())
    log.info("attempt %s", " ".join(pairs), extra={"fields": fields})


def _answered(response: Response, started_at: float) -> Outcome:
    """2xx is success; everything else that answers is a failure, redirects too (contract §8.2)."""
    kind: Kind = (
        "success" if 200 <= response.status < 300 else "gone" if response.status == GONE else "failure"
    )
    headers = {name.lower(): value for name, value in response.headers}
    return Outcome(
        kind,
        started_at,
        response.duration_s,
        phase=response.phase,
        status=response.status,
        reason=response.note if kind == "success" else f"answered {response.status}",
        retry_after=headers.get("retry-after"),
        peer=response.peer,
        was_sent=True,
        response_headers=response.headers,
        response_body=response.body,
    )


def _unanswered(error: DeliveryError, started_at: float, duration_s: float) -> Outcome:
    kinds: dict[str, Kind] = {"receiver": "failure", "refused": "refused", "hub": "fault"}
    return Outcome(
        kinds[error.fault],
        started_at,
        duration_s,
        phase=error.phase,
        reason=error.reason,
        peer=error.peer,
        was_sent=error.was_sent,
    )


def _described(outcome: Outcome, target: Destination, sent_headers: dict[str, str]) -> Outcome:
    """With what was sent, the owner's own header values masked: they are credentials."""
    shown = {name: MASK if name in target.headers else value for name, value in sent_headers.items()}
    return replace(outcome, url=target.url, format=target.format, request_headers=shown)
