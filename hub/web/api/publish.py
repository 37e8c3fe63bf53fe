"""`POST /events`: the one call that stays on the event loop, so that no thread is switched between the body
and the group commit.

Owns how a request says what is published: content type, one or many, the `Idempotency-Key` header. It answers
202 only after the commit. Step after: `operations.publishing`.
"""

import asyncio
from concurrent.futures import Future
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.engine.intake import Receipt
from hub.errors import Invalid
from hub.rules import hops
from hub.rules.payload import ENVELOPE_BYTES_MAX, KEY_MAX_LENGTH, Published, read_lines, read_one_or_many
from hub.services import Services
from hub.timestamps import iso
from hub.web.api.calls import PREFIX, encoder
from hub.web.api.models import ReceiptAnswer, ReceiptsAnswer
from hub.web.api.queries import Query, read_query
from hub.web.body import read_body, work_on
from hub.web.callers import Callers
from hub.web.problems import Problem

NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")

_encode_one = encoder(ReceiptAnswer)
_encode_many = encoder(ReceiptsAnswer)


def publish_route(services: Services, callers: Callers) -> Route:
    """Stands first in the route table, because each route before it costs every publisher."""

    async def endpoint(request: Request) -> Response:
        requester = await callers.requester(request)
        read_query(request.query_params, Query)
        project = await callers.project(requester, request.query_params)
        services.publishing.check(requester, project)

        tuned = await callers.settings()
        is_lines = _comes_in_lines(request)
        body = await read_body(
            request, max(tuned.max_request_bytes, tuned.max_event_bytes + ENVELOPE_BYTES_MAX)
        )

        def publish(body: bytes) -> "tuple[Future[list[Receipt]], bool]":
            if is_lines:
                events, is_many = read_lines(body, tuned.max_event_bytes), True
            else:
                events, is_many = read_one_or_many(body, tuned.max_event_bytes)
            events = _with_header_key(request, events, is_many)
            led_here = hops.read(request.headers.get(hops.HEADER))
            future = services.publishing.publish(requester, project, events, is_many=is_many, hops=led_here)
            return future, is_many

        committed, is_many = await work_on(body, publish)
        del body
        return Response(
            _answer(await asyncio.wrap_future(committed), is_many), 202, media_type="application/json"
        )

    return Route(PREFIX + "/events", endpoint, methods=["POST"])


def _comes_in_lines(request: Request) -> bool:
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type in NDJSON:
        return True
    if content_type != "application/json":
        raise Problem(
            415,
            f"send application/json or application/x-ndjson, not {content_type[:100]}",
        )
    return False


def _with_header_key(request: Request, events: list[Published], is_many: bool) -> list[Published]:
    key = request.headers.get("idempotency-key")
    if key is None:
        return events
    field = "Idempotency-Key"
    if is_many:
        raise Invalid([(field, "goes with a single event; give each event of several its own id")])
    if not 1 <= len(key) <= KEY_MAX_LENGTH:
        raise Invalid([(field, f"must have 1 to {KEY_MAX_LENGTH} characters")])
    if events[0].key not in (None, key):
        raise Invalid([(field, "differs from the event's id: give one of them")])
    return [replace(events[0], key=key)]


def _answer(receipts: list[Receipt], is_many: bool) -> bytes:
    answers = [
        ReceiptAnswer(
            id=receipt.id,
            type=receipt.type,
            timestamp=iso(receipt.occurred_at),
            deliveries=receipt.deliveries,
            duplicate=receipt.is_duplicate,
        )
        for receipt in receipts
    ]
    return (
        _encode_many(ReceiptsAnswer(accepted=len(answers), events=answers))
        if is_many
        else _encode_one(answers[0])
    )
