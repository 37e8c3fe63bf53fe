"""What every operation of the OpenAPI document shares: why a request is refused, and the headers of answers.

Owns the components `Problem`, `responses` and `headers`, and the references to them.
"""

from collections.abc import Iterable
from typing import Any

from hub.web.docs import examples
from hub.web.docs.schemas import REF
from hub.web.problems import CONTENT_TYPE as PROBLEM_TYPE

Json = dict[str, Any]

WITH_RETRY_AFTER = (429, 503)

PROBLEM_SCHEMA: Json = {
    "title": "Problem",
    "description": "Why a request was refused (RFC 9457)",
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What to do about it"},
        "errors": {
            "type": "array",
            "description": "One for each wrong field",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

HEADERS: Json = {
    "Link": {
        "description": 'The next page, `rel="next"`, while there may be one',
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The absolute URL of what was made",
        "required": True,
        "schema": {"type": "string", "format": "uri"},
    },
    "XHubWarning": {
        "description": "What is wrong with a secret that was taken all the same",
        "schema": {"type": "string"},
    },
    "RetryAfter": {
        "description": "Whole seconds",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "Authenticate": {"description": "The scheme to use", "required": True, "schema": {"type": "string"}},
}


def header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name.replace('-', '')}"}


def problem_name(status: int) -> str:
    return examples.phrase(status).replace(" ", "")


def problem_refs(found: Iterable[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{problem_name(status)}"} for status in found}


def problem_response(status: int) -> Json:
    content = {"schema": {"$ref": REF.format(model="Problem")}, "example": examples.problem(status)}
    headers: Json = {}
    if status in WITH_RETRY_AFTER:
        headers["Retry-After"] = header("Retry-After")
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/Authenticate"}
    found: Json = {"description": examples.phrase(status), "content": {PROBLEM_TYPE: content}}
    return {**found, "headers": headers} if headers else found
