"""`POST /in/{id}` in the OpenAPI document: where other senders' webhooks come in."""

from typing import Any

from hub.web.docs.operations import JSON_TYPE
from hub.web.docs.responses import problem_refs
from hub.web.inbound import PATH

Json = dict[str, Any]

STATUSES = (400, 401, 405, 408, 410, 413, 415, 422, 429, 500, 503)

_TEXT_OR_NULL = {"type": ["string", "null"]}
_RECEIPT: Json = {
    "type": "object",
    "required": ["id", "type", "duplicate"],
    "properties": {"id": _TEXT_OR_NULL, "type": _TEXT_OR_NULL, "duplicate": {"type": "boolean"}},
}


def paths() -> dict[str, Json]:
    return {PATH: {"post": _operation()}}


def _operation() -> Json:
    accepted = {
        "description": "Committed; without an id nothing was kept, as of a ping, or while the source is off."
        " The challenge of a handshake is answered as plain text",
        "content": {JSON_TYPE: {"schema": _RECEIPT}, "text/plain": {"schema": {"type": "string"}}},
    }
    return {
        "operationId": "arrive",
        "summary": "Another service's webhook",
        "description": "No token: what proves the sender is its source's matter. Whatever does not fit is"
        " answered 401 alike, an unknown id too; a deleted source 410.",
        "tags": ["sources"],
        "security": [],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        ],
        "requestBody": {"content": {JSON_TYPE: {"schema": {}}}},
        "responses": {"200": accepted, **problem_refs(STATUSES)},
    }
