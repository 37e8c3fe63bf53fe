"""Senders that no file here knows: what all of them share.

Owns how their events are called, where an id stands, and the test call that is made of both. What proves such
a sender each kind says for itself: an HMAC (`generic_hmac`), a token (`token`), a password (`basic`), or
nothing but the address (`address_alone`).
"""

import json
from collections.abc import Sequence
from typing import Any

from connectors.inbound import (
    Arrived,
    Document,
    Received,
    Setting,
    Settings,
    Source,
    Unreadable,
    form_object,
    is_header_name,
    named,
)
from connectors.naming import event_type
from connectors.trial import Trial

ID = Setting(
    "id",
    "Where its id stands",
    (
        "header:NAME or body:path.to.field: what comes twice with the same id is taken once. Empty: "
        "each request is an event."
    ),
)
TYPE = Setting(
    "type",
    "Event type",
    "header:NAME or body:path.to.field, or the type itself, such as order.paid.",
    "body:type",
)
HEADER_NAME_MAX = 100


class Anybody(Source):
    """What all of these share: how id and type are found."""

    docs = "connect/generic.md"
    settings: Sequence[Setting] = (TYPE, ID)

    def settings_errors(self, settings: Settings) -> list[tuple[str, str]]:
        return [
            (
                key,
                "must be header:NAME or body:path.to.field"
                + (", or an event type such as order.paid" if key == "type" else ""),
            )
            for key in ("type", "id")
            if settings.get(key) and not _is_place(settings[key], is_type=key == "type")
        ]

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        """Type and id where the settings say that they stand; nothing proves it yet."""
        headers: list[tuple[str, str]] = []
        body: dict[str, Any] = {"test": True}
        for place, value in ((settings.get("type", ""), "test"), (settings.get("id", ""), "{id}")):
            kind, _, where = place.partition(":")
            if kind == "header":
                headers.append((where, value))
            elif where:
                _put(body, where.split("."), value)
        return Trial(headers, json.dumps(body, separators=(",", ":")))

    def payload(self, received: Received, settings: Settings) -> bytes:
        return form_object(received.body) if received.is_form else received.body

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        wanted = settings.get("type", "")
        is_place = ":" in wanted
        kind = named(prefix, _found(received, document, wanted)) if is_place else wanted
        if not kind:
            raise Unreadable("the request does not say which event it is")
        return Arrived(kind, document.data, _found(received, document, settings.get("id", "")))


def _is_place(text: str, *, is_type: bool) -> bool:
    place, separator, where = text.partition(":")
    if not separator:
        return is_type and event_type("", text) == text
    is_right = is_header_name(where) if place == "header" else place == "body" and all(where.split("."))
    return is_right and len(where) <= HEADER_NAME_MAX


def _put(body: dict[str, Any], path: Sequence[str], value: str) -> None:
    """At a dotted path; what stands in its way is replaced."""
    for name in path[:-1]:
        inner = body.get(name)
        if not isinstance(inner, dict):
            inner = body[name] = {}
        body = inner
    body[path[-1]] = value


def _found(received: Received, document: Document, place: str) -> str:
    kind, _, where = place.partition(":")
    if not where:
        return ""
    return received.header(where) if kind == "header" else document.text(where)
