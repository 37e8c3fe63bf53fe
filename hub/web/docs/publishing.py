"""`POST /events` in the OpenAPI document: one event, several, or lines of them."""

from typing import Any

from hub.rules.payload import EVENTS_MAX, KEY_MAX_LENGTH
from hub.web.docs import examples
from hub.web.docs.operations import BODY_STATUSES, FAULT_STATUSES, JSON_TYPE, scope_text
from hub.web.docs.responses import problem_refs
from hub.web.docs.schemas import Schemas

Json = dict[str, Any]

NDJSON_TYPE = "application/x-ndjson"


def operation(schemas: Schemas) -> Json:
    one = schemas.of("publish", "validation")
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": EVENTS_MAX}
    receipts = {
        "oneOf": [schemas.of("publish", "serialization"), schemas.of("publish many", "serialization")]
    }
    content = {
        JSON_TYPE: {
            "schema": {"oneOf": [one, many]},
            "examples": {"one": {"value": examples.PUBLISH_ONE}, "many": {"value": examples.PUBLISH_MANY}},
        },
        NDJSON_TYPE: {
            "schema": {
                "type": "string",
                "minLength": 1,
                "description": f"One event a line, up to {EVENTS_MAX}",
            },
            "example": examples.PUBLISH_LINES,
        },
    }
    answers = {"one": {"value": examples.RECEIPT}, "many": {"value": examples.RECEIPTS}}
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "As the event's own `id`, for a single event: a repeat within seven days answers the first "
            "event and sends nothing"
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX_LENGTH},
    }
    return {
        "operationId": "publish",
        "summary": "Publish events",
        "description": "202 means: the events *and* their deliveries are durably committed. "
        "Several events are taken all or not at all. "
        "The bytes of `data` are kept and sent unchanged.\n\n" + scope_text(("publish",)),
        "tags": ["events"],
        "parameters": [key, {"$ref": "#/components/parameters/project"}],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "202": {
                "description": "Committed",
                "content": {JSON_TYPE: {"schema": receipts, "examples": answers}},
            },
            **problem_refs([401, 403, 404, *BODY_STATUSES, *FAULT_STATUSES]),
        },
    }
