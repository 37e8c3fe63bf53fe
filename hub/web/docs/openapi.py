"""The OpenAPI 3.1 document, made from the table of calls: what is routed is described, and nothing else.

Owns how a `Call` becomes an operation, and the few operations that are no `Call`: publishing, health, the
documents themselves. It must never describe an answer that the code cannot give: tests hold every answer to
this document. Beside it: `webhook_docs` (what we send), `examples` (bodies to copy), `swagger` (the same API
for Power Automate).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter

import hub
from hub.rules.payload import EVENTS_MAX, KEY_MAX_LENGTH
from hub.web.api.calls import PREFIX, Call
from hub.web.api.models import Envelope, PublishInput, ReceiptAnswer, ReceiptsAnswer
from hub.web.api.queries import Paged, Query
from hub.web.docs import examples
from hub.web.docs import webhooks as webhook_docs
from hub.web.problems import CONTENT_TYPE as PROBLEM_TYPE

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
JSON_TYPE = "application/json"
NDJSON_TYPE = "application/x-ndjson"
HEALTH_PATHS = ("/healthz", "/readyz")
DOCUMENT_PATHS = (f"{PREFIX}/openapi.json", f"{PREFIX}/swagger.json")

BODY_STATUSES = (400, 408, 413, 415, 422)
"""What any call with a body may answer: no JSON, too slow, too large, another content type, wrong fields."""
FAULT_STATUSES = (500, 503)
WITH_RETRY_AFTER = (429, 503)

TAGS = {
    "hooks": "Subscriptions: where events are sent to",
    "events": "Publishing and reading events",
    "deliveries": "What was sent, with every attempt; retry and replay",
    "tokens": "Credentials",
    "admin": "Settings, projects, users and the audit trail, for server-wide admin tokens",
    "health": "For load balancers and tools; no token needed",
}

_ABOUT = """An app publishes an event; the hub writes it down and delivers it, signed and at least once, to every hook that wants it.

Every error is `application/problem+json` (RFC 9457) with one entry in `errors` for each wrong field. Lists are bare arrays, newest first;
the `Link` header leads to the next page. Nothing redirects, and a trailing slash makes no difference."""


def document(calls: Sequence[Call], base_url: str) -> Json:
    """The whole document; `base_url` is where the outside reaches the hub."""
    adapters: dict[tuple[str, str], Any] = {
        ("publish", "validation"): PublishInput,
        ("publish", "serialization"): ReceiptAnswer,
    }
    adapters |= {("many", "serialization"): ReceiptsAnswer, ("envelope", "serialization"): Envelope}
    for call in calls:
        adapters[_operation_id(call.method, call.path), "serialization"] = call.answer
        if call.body is not None:
            adapters[_operation_id(call.method, call.path), "validation"] = call.body
    inputs: Any = [(key, mode, TypeAdapter(kind)) for (key, mode), kind in adapters.items()]
    schemas, shared = TypeAdapter.json_schemas(inputs, ref_template=REF)
    paths: dict[str, Json] = {f"{PREFIX}/events": {"post": _publish(schemas)}}
    for call in calls:
        paths.setdefault(PREFIX + call.path, {})[call.method.lower()] = _operation(call, schemas)
    paths |= _open_paths()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "hookhub",
            "version": hub.__version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}, {"apiKey": []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "webhooks": webhook_docs.webhooks(REF.format(model="Envelope")),
        "components": {
            "schemas": {**shared.get("$defs", {}), "Problem": PROBLEM_SCHEMA},
            "responses": {
                _problem_name(status): _problem_response(status) for status in _every_status(calls)
            },
            "parameters": {"project": _PROJECT},
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`Authorization: Bearer TOKEN`",
                },
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "The same token, for clients that cannot send the other header",
                },
            },
        },
    }


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

_PROJECT: Json = {
    "name": "project",
    "in": "query",
    "description": "The project's key; only a server-wide token needs it",
    "schema": {"type": "string"},
}

_HEADERS: Json = {
    "Link": {
        "description": 'The next page, `rel="next"`, while there may be one',
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The absolute URL of what was made",
        "required": True,
        "schema": {"type": "string", "format": "uri"},
    },
    "RetryAfter": {
        "description": "Whole seconds",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "Authenticate": {"description": "The scheme to use", "required": True, "schema": {"type": "string"}},
}


def statuses(call: Call) -> list[int]:
    """Every problem that this call may answer."""
    found = {401, 422, *FAULT_STATUSES, *call.problems}
    if call.scopes or call.is_about_project:
        found.add(403)
    if "{" in call.path or call.is_about_project:
        found.add(404)
    if call.body is not None:
        found.update(BODY_STATUSES)
    return sorted(found)


def _every_status(calls: Iterable[Call]) -> list[int]:
    return sorted({*BODY_STATUSES, *FAULT_STATUSES, *(status for call in calls for status in statuses(call))})


def _operation(call: Call, schemas: Any) -> Json:
    key = _operation_id(call.method, call.path)
    parameters = [_path_parameter(name) for name in _names_in(call.path)] + _query_parameters(call.query)
    if call.is_about_project:
        parameters.append({"$ref": "#/components/parameters/project"})
    said = examples.of(call.method, call.path)
    content: Json = {"schema": schemas[key, "serialization"]}
    if said.answer is not None:
        content["example"] = said.answer
    answer: Json = {"description": examples.phrase(call.status), "content": {JSON_TYPE: content}}
    headers = {name: _header(name) for name in _answer_headers(call)}
    if headers:
        answer["headers"] = headers
    found: Json = {
        "operationId": key,
        "summary": call.summary,
        "description": _scope_text(call.scopes),
        "tags": [call.tag],
        "parameters": parameters,
        "responses": {str(call.status): answer, **_problem_refs(statuses(call))},
    }
    if call.body is not None:
        body: Json = {"schema": schemas[key, "validation"]}
        if said.bodies:
            body["examples"] = {name: {"value": value} for name, value in said.bodies.items()}
        found["requestBody"] = {"required": not call.is_body_optional, "content": {JSON_TYPE: body}}
    return found


def _publish(schemas: Any) -> Json:
    one, many = schemas["publish", "validation"], {"type": "array", "items": schemas["publish", "validation"]}
    many |= {"minItems": 1, "maxItems": EVENTS_MAX}
    receipts = {"oneOf": [schemas["publish", "serialization"], schemas["many", "serialization"]]}
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
        "description": "As the event's own `id`, for a single event: a repeat within seven days answers the first event and sends nothing",
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX_LENGTH},
    }
    return {
        "operationId": "publish",
        "summary": "Publish events",
        "description": "202 means: the events *and* their deliveries are durably committed. Several events are taken all or not at all. "
        "The bytes of `data` are kept and sent unchanged.\n\n" + _scope_text(("publish",)),
        "tags": ["events"],
        "parameters": [key, {"$ref": "#/components/parameters/project"}],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "202": {
                "description": "Committed",
                "content": {JSON_TYPE: {"schema": receipts, "examples": answers}},
            },
            **_problem_refs([401, 403, 404, *BODY_STATUSES, *FAULT_STATUSES]),
        },
    }


def _open_paths() -> dict[str, Json]:
    """The calls without a token."""
    ok = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
    checks = {
        "type": "object",
        "required": ["status", "checks"],
        "properties": {"status": {"type": "string"}, "checks": {"type": "object"}},
    }
    not_ready = {
        "description": "Not ready; `checks` says what is missing",
        "headers": {"Retry-After": _header("Retry-After")},
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
        **_problem_refs([500]),
    }
    return {
        "operationId": key,
        "summary": summary,
        "tags": ["health"],
        "security": [],
        "responses": responses,
    }


def _answer_headers(call: Call) -> list[str]:
    found = ["Link"] if issubclass(call.query, Paged) else []
    return [*found, "Location"] if (call.method, call.path) == ("POST", "/hooks") else found


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name.replace('-', '')}"}


def _problem_name(status: int) -> str:
    return examples.phrase(status).replace(" ", "")


def _problem_refs(found: Iterable[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{_problem_name(status)}"} for status in found}


def _problem_response(status: int) -> Json:
    content = {"schema": {"$ref": REF.format(model="Problem")}, "example": examples.problem(status)}
    headers: Json = {}
    if status in WITH_RETRY_AFTER:
        headers["Retry-After"] = _header("Retry-After")
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/Authenticate"}
    found: Json = {"description": examples.phrase(status), "content": {PROBLEM_TYPE: content}}
    return {**found, "headers": headers} if headers else found


def _names_in(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(model: type[Query]) -> list[Json]:
    described = model.model_json_schema()
    required = described.get("required", [])
    return [
        _query_parameter(name, schema, name in required)
        for name, schema in described.get("properties", {}).items()
    ]


def _query_parameter(name: str, described: Json, is_required: bool) -> Json:
    """A parameter that may be left out is not null: it is not there."""
    given: Json = next((one for one in described.get("anyOf", ()) if one != {"type": "null"}), {})
    about = {key: value for key, value in described.items() if key not in ("anyOf", "title", "description")}
    schema = {**given, **about}
    if schema.get("default", "") is None:
        del schema["default"]
    return {
        "name": name,
        "in": "query",
        "required": is_required,
        "description": described["description"],
        "schema": schema,
    }


def _operation_id(method: str, path: str) -> str:
    """`POST /hooks/{id}/rotate-secret` → `post_hooks_id_rotate_secret`."""
    words = [word.strip("{}").replace("-", "_") for word in path.split("/") if word]
    return "_".join([method.lower(), *words])


def _scope_text(scopes: Sequence[str]) -> str:
    return (
        f"Needs the scope {' or '.join(f'`{scope}`' for scope in scopes)}."
        if scopes
        else "Any token will do."
    )
