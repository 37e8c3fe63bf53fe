"""What the hub sends, for the `webhooks` section of the OpenAPI document: one entry for each format, taken
from the format itself.

Owns their description. What a format says about its headers and body is asked of the format, never repeated.
"""

import json
import logging
from typing import Any

from connectors import registry
from connectors.base import Context, Format
from hub.web.docs.examples import DELIVERY_ID, SENT

log = logging.getLogger("hub.web.docs.webhooks")

Json = dict[str, Any]

_HEADERS = {
    "webhook-id": ("The event's id, the same on every attempt: drop what you have seen", SENT.id),
    "webhook-timestamp": ("Unix seconds of this attempt", "1795467846"),
    "x-hub-attempt": ("Number of the attempt, from 1", "1"),
    "x-hub-delivery": ("The delivery's id", DELIVERY_ID),
    "x-hub-hops": ("How many deliveries led here; hand it on when you publish because of this one", "1"),
}
_SIGNATURE = (
    "Standard Webhooks `v1` over id, timestamp and body, when the hook has a secret; "
    "several while one is rotated",
    "v1,QNT34+v7DxT3lD4TJzTbx3FIQRmOukor7R4za7j3P/A=",
)


def webhooks(envelope_ref: str) -> Json:
    """Format → path item, for those that programs read; what chats are sent is in their own documents.
    `envelope_ref` leads to the schema of the `standard` body.
    """
    formats = [registry.format_of(key) for key in registry.format_keys()]
    described = {form.key: _described(form, envelope_ref) for form in formats if form.makes == "json"}
    return {key: {"post": operation} for key, operation in described.items() if operation is not None}


def _described(form: Format, envelope_ref: str) -> Json | None:
    """None for a format of somebody else's package that makes no JSON, or nothing, of the example."""
    try:
        return _operation(form, envelope_ref)
    except Exception:
        if form.key in registry.FORMATS:
            raise
        log.exception("the format %s makes no JSON of an event: it is not described", form.key)
        return None


def _operation(form: Format, envelope_ref: str) -> Json:
    schema: Json = {"$ref": envelope_ref} if form.key == "standard" else {"type": "object"}
    bare = form.request(SENT, Context(DELIVERY_ID)).headers
    signed = form.request(SENT, Context(DELIVERY_ID, ["secret"]))
    parameters = [
        _header(name, text, example, is_required=True) for name, (text, example) in _HEADERS.items()
    ]
    parameters.append(_header("webhook-signature", *_SIGNATURE, is_required=False))
    parameters += [
        _header(name, f"Of the format {form.key}", value, is_required=name in bare)
        for name, value in signed.headers.items()
        if name != "Content-Type"
    ]
    return {
        "operationId": f"deliver_{form.key}",
        "summary": f"An event, in the format {form.key}",
        "description": "Sent at least once, until a 2xx answers it; redirects are not followed.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {form.content_type: {"schema": schema, "example": json.loads(signed.body)}},
        },
        "responses": {
            "2XX": {"description": "Taken"},
            "410": {"description": "The subscription is over: nothing more is sent"},
            "default": {
                "description": (
                    "A failure: tried again by the schedule, `Retry-After` honoured; "
                    "too many in a row switch the hook off"
                )
            },
        },
    }


def _header(name: str, text: str, example: str, *, is_required: bool) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": is_required,
        "description": text,
        "schema": {"type": "string"},
        "example": example,
    }
