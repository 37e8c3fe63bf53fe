"""The OpenAPI 3.1 document, made from the table of calls: what is routed is described, and nothing else.

Owns what the document is made of. No answer is described that the code cannot give: tests hold every answer
to it, and generate clients of it. Beside it: `operations` (a call), `publishing` and `open_calls` (what is no
call), `webhooks` (what we send), `schemas` and `responses` (what they share), `examples` (bodies to copy),
`swagger` (the same API for Power Automate).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import hub
from hub.web.api.calls import PREFIX, Call
from hub.web.docs import arrivals, open_calls, operations, publishing, responses, webhooks
from hub.web.docs.schemas import REF, Schemas

Json = dict[str, Any]

TAGS = {
    "hooks": "Subscriptions: where events are sent to",
    "events": "Publishing and reading events",
    "deliveries": "What was sent, with every attempt; retry and replay",
    "schedules": "Events that the clock publishes",
    "notices": "What needs attention",
    "sources": "Where other senders' webhooks come in",
    "tokens": "Credentials",
    "admin": "Settings, projects, users and the audit trail, for server-wide admin tokens",
    "health": "For load balancers and tools; no token needed",
    "webhooks": "What the hub sends to hooks, one entry for each format",
}

_ABOUT = """An app publishes an event; the hub writes it down and delivers it, signed and at least once,
to every hook that wants it.

Every error is `application/problem+json` (RFC 9457) with one entry in `errors` for each wrong field.
Lists are bare arrays, newest first; the `Link` header leads to the next page. Nothing redirects, and
a trailing slash makes no difference."""


def document(calls: Sequence[Call], base_url: str) -> Json:
    """The whole document; `base_url` is where the outside reaches the hub."""
    schemas = Schemas(calls)
    paths: dict[str, Json] = {f"{PREFIX}/events": {"post": publishing.operation(schemas)}}
    for call in calls:
        paths.setdefault(PREFIX + call.path, {})[call.method.lower()] = operations.operation(call, schemas)
    paths |= arrivals.paths() | open_calls.paths()
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
        "webhooks": webhooks.webhooks(REF.format(model="Envelope")),
        "components": {
            "schemas": {**schemas.shared, "Problem": responses.PROBLEM_SCHEMA},
            "responses": {
                responses.problem_name(status): responses.problem_response(status)
                for status in _every_status(calls)
            },
            "parameters": {"project": operations.PROJECT},
            "headers": responses.HEADERS,
            "securitySchemes": _SCHEMES,
        },
    }


_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer TOKEN`"},
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same token, for clients that cannot send the other header",
    },
}


def _every_status(calls: Iterable[Call]) -> list[int]:
    of_calls = {status for call in calls for status in operations.statuses(call)}
    return sorted({*arrivals.STATUSES, *operations.BODY_STATUSES, *operations.FAULT_STATUSES, *of_calls})
