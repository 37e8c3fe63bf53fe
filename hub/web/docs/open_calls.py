"""The calls without a token in the OpenAPI document: health, and the documents themselves."""

from typing import Any

from hub.web.api.calls import PREFIX
from hub.web.docs.operations import JSON_TYPE
from hub.web.docs.responses import header, problem_refs

Json = dict[str, Any]

HEALTH_PATHS = ("/healthz", "/readyz")
DOCUMENT_PATHS = (f"{PREFIX}/openapi.json", f"{PREFIX}/swagger.json")


def paths() -> dict[str, Json]:
    """The calls without a token."""
    ok = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string", "enum": ["ok"]}},
    }
    checks = {
        "type": "object",
        "required": ["status", "checks"],
        "properties": {"status": {"type": "string"}, "checks": {"type": "object"}},
    }
    not_ready = {
        "description": "Not ready; `checks` says what is missing",
        "headers": {"Retry-After": header("Retry-After")},
        "content": {JSON_TYPE: {"schema": checks}},
    }
    healthz, readyz = HEALTH_PATHS
    openapi, swagger = DOCUMENT_PATHS
    return {
        healthz: {"get": _open("healthz", "Does the process answer?", ok)},
        readyz: {"get": _open("readyz", "Do the database and the workers?", checks, {"503": not_ready})},
        openapi: {"get": _open("openapi", "This document", {"type": "object"})},
        swagger: {
            "get": _open(
                "swagger", "Swagger 2.0, for a custom connector of Power Automate", {"type": "object"}
            )
        },
    }


def _open(key: str, summary: str, schema: Json, more: Json | None = None) -> Json:
    responses = {
        "200": {"description": "OK", "content": {JSON_TYPE: {"schema": schema}}},
        **(more or {}),
        **problem_refs([500]),
    }
    return {
        "operationId": key,
        "summary": summary,
        "tags": ["health"],
        "security": [],
        "responses": responses,
    }
