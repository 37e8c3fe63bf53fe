"""The Swagger 2.0 file that Power Automate imports as a custom connector: subscribe, unsubscribe, and the
list of event types.

Owns Microsoft's extensions and nothing of our own API beyond these three calls; OpenAPI 3 is not read there.
https://learn.microsoft.com/connectors/custom-connectors/create-webhook-trigger: `x-ms-trigger` marks the
subscription, its `x-ms-notification-url` is filled in by the platform, and the `Location` of the 201 is what
it deletes later.
"""

from typing import Any
from urllib.parse import urlsplit

import hub
from hub.web.api.calls import PREFIX

Json = dict[str, Any]

_EVENT: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "x-ms-summary": "Event id"},
        "type": {"type": "string", "x-ms-summary": "Event type"},
        "timestamp": {"type": "string", "format": "date-time", "x-ms-summary": "Time"},
        "project": {"type": "string", "x-ms-summary": "Project"},
        "data": {"type": "object", "x-ms-summary": "Data"},
    },
}
_EVENT_CHOICE: Json = {
    "type": "string",
    "title": "Event",
    "x-ms-summary": "Event",
    "x-ms-dynamic-values": {"operationId": "ListEventTypes", "value-path": "id", "value-title": "name"},
}
_SUBSCRIPTION: Json = {
    "type": "object",
    "required": ["target_url", "event"],
    "properties": {
        "target_url": {"type": "string", "x-ms-notification-url": True, "x-ms-visibility": "internal"},
        "event": _EVENT_CHOICE,
    },
}
_SUBSCRIBE: Json = {
    "operationId": "WhenSomethingHappens",
    "summary": "When something happens",
    "description": "Runs the flow for each event of one type.",
    "x-ms-trigger": "single",
    "parameters": [{"name": "body", "in": "body", "required": True, "schema": _SUBSCRIPTION}],
    "responses": {
        "201": {"description": "Subscribed; Location is what to delete", "schema": {"type": "object"}}
    },
}
_UNSUBSCRIBE: Json = {
    "operationId": "Unsubscribe",
    "summary": "Unsubscribe",
    "x-ms-visibility": "internal",
    "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
    "responses": {"200": {"description": "Deleted"}},
}
_TYPE: Json = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
_LIST_TYPES: Json = {
    "operationId": "ListEventTypes",
    "summary": "List event types",
    "x-ms-visibility": "internal",
    "parameters": [],
    "responses": {
        "200": {"description": "The types, 100 a page", "schema": {"type": "array", "items": _TYPE}}
    },
}


def document(base_url: str) -> Json:
    """`base_url` is where the outside reaches the hub, perhaps below a path."""
    parts = urlsplit(base_url)
    return {
        "swagger": "2.0",
        "info": {
            "title": "hookhub",
            "description": "Events of a hookhub project",
            "version": hub.__version__,
        },
        "host": parts.netloc,
        "basePath": parts.path + PREFIX,
        "schemes": [parts.scheme],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"token": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        "security": [{"token": []}],
        "paths": {
            "/hooks": {
                "x-ms-notification-content": {
                    "description": "One event",
                    "schema": {"$ref": "#/definitions/Event"},
                },
                "post": _SUBSCRIBE,
            },
            "/hooks/{id}": {"delete": _UNSUBSCRIBE},
            "/event-types": {"get": _LIST_TYPES},
        },
        "definitions": {"Event": _EVENT},
    }
