"""Grafana: a webhook contact point with an HMAC signature (Grafana 12 and later).

Owns its bare signature, under either of the two header names that Grafana has called its default, and the
time, which is signed only where a header for it is set there. One event is one notification, which may tell
of several alerts.
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from collections.abc import Sequence

from connectors.hmac_source import is_recent, is_signed, time_of
from connectors.inbound import (
    MISSING,
    NO_SECRET,
    TOO_OLD,
    WRONG,
    Arrived,
    Document,
    Received,
    Setting,
    Settings,
    Source,
    header_errors,
    named,
)
from connectors.trial import Trial

TRIAL_BODY = '{"test":true,"status":"test"}'
HEADERS = ("x-grafana-alerting-signature", "x-grafana-alert-signature")


class Grafana(Source):
    key = "grafana"
    name = "Grafana"
    summary = "Alerts that begin to fire and that are over, one event for each notification."
    proof = (
        "A bare HMAC-SHA256 in `X-Grafana-Alerting-Signature` (or `X-Grafana-Alert-Signature`), over "
        "the body, or over time and body where a time header is set; then at most five minutes old. "
        "Grafana sends no id: each notification is an event."
    )
    example = ("status `firing`", "grafana.firing")
    docs = "connect/grafana.md"
    vendor = (
        "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/"
        "integrations/webhook-notifier/"
    )
    steps = (
        "At Grafana, open Alerting, Contact points, Create contact point. Integration: Webhook",
        "URL: {url}",
        "Optional Webhook settings, HTTP Method: POST",
        "HMAC Signature, Secret: {secret}",
        (
            "HMAC Signature, Timestamp Header: X-Grafana-Timestamp (set the same in this source: "
            "then old requests are refused)."
        ),
        "Press Test, then Save contact point, and name it in a notification policy.",
    )
    settings = (
        Setting("header", "Header with the signature", "Empty: either of Grafana's own names."),
        Setting(
            "timestamp_header", "Header with the time", "As it is set at Grafana; empty: none is signed."
        ),
    )

    def settings_errors(self, settings: Settings) -> list[tuple[str, str]]:
        return header_errors(settings, "header", "timestamp_header")

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        if not any(secrets):
            return NO_SECRET
        names = (settings["header"],) if settings.get("header") else HEADERS
        given = next((value for value in map(received.header, names) if value), "")
        if not given:
            return MISSING.format(names[0])
        signed, seconds = received.body, None
        if header := settings.get("timestamp_header", ""):
            seconds = time_of(received.header(header))
            if seconds is None:
                return f"{header} must be whole seconds since 1970"
            signed = f"{received.header(header)}:".encode() + signed
        if not is_signed(secrets, given, signed, "sha256", "hex"):
            return WRONG
        return TOO_OLD if seconds is not None and not is_recent(seconds, now) else None

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        at = settings.get("timestamp_header", "")
        headers = ((settings.get("header") or HEADERS[0], "{signature}"), *([(at, "{ts}")] if at else []))
        return Trial(headers, TRIAL_BODY, "{ts}:{body}" if at else "{body}")

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        return Arrived(named(prefix, document.text("status")), document.data)


SOURCE = Grafana()
