"""Publishing and reading events.

Owns `POST /events`, the one call that stays on the event loop: no thread is switched between the body and the
group commit. It must never answer 202 before the commit, nor change a byte of `data`.
"""

import asyncio
from typing import Any

import msgspec
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors import registry
from hub.engine.intake import Receipt
from hub.errors import Conflict, Invalid, NotFound
from hub.rules import catalogue
from hub.rules.access import Requester
from hub.rules.matching import OWN_EVENT_TYPES, PING_EVENT_TYPE, is_event_type
from hub.rules.payload import KEY_MAX_LENGTH, PayloadRefused, Published, read_lines, read_one_or_many
from hub.services import Services
from hub.store import event_types, events
from hub.store.events import Event
from hub.store.projects import Project
from hub.timestamps import iso
from hub.web.api.calls import (
    PREFIX,
    ApiRequest,
    ApiResponse,
    Call,
    archived,
    check_scope,
)
from hub.web.api.models import Envelope, EventTypeAnswer, EventTypeInput
from hub.web.api.queries import TITLE, Paged, Query, before_id, read_query
from hub.web.body import read_body
from hub.web.callers import Callers
from hub.web.problems import Problem

PUBLISH_BYTES_MAX = 67_108_864
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
TYPES_PAGE = 100
TYPES_ASKED_MAX = 100
"""SQLite builds differ in how many values a query may have (32,766 is usual)."""


def publish_route(services: Services, callers: Callers) -> Route:
    """`POST /events`; stands first in the route table, because each route before it costs every publisher."""

    async def endpoint(request: Request) -> Response:
        requester = await callers.requester(request)
        check_scope(requester, ("publish",))
        read_query(request.query_params, Query)
        project = await callers.project(requester, request.query_params)
        if project.is_archived:
            raise archived(project.key)
        body = await read_body(request, PUBLISH_BYTES_MAX)
        bytes_max = await callers.max_event_bytes()
        published, is_many = _read(request, body, bytes_max)
        _check_types(project, published, is_many)
        published = _with_header_key(request, published, is_many)
        is_open = project.catalogue == catalogue.OPEN
        receipts = await asyncio.wrap_future(
            services.intake.accept(project.id, published, remembers_types=is_open)
        )
        return Response(msgspec.json.encode(_answer(receipts, is_many)), 202, media_type="application/json")

    return Route(PREFIX + "/events", endpoint, methods=["POST"])


def _read(request: Request, body: bytes, bytes_max: int) -> tuple[list[Published], bool]:
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type in NDJSON:
        return read_lines(body, bytes_max), True
    if content_type != "application/json":
        raise Problem(
            415,
            f"send application/json or application/x-ndjson, not {content_type[:100]}",
        )
    return read_one_or_many(body, bytes_max)


def _check_types(project: Project, published: list[Published], is_many: bool) -> None:
    errors = []
    for n, one in enumerate(published):
        if reason := catalogue.type_error(project.catalogue, one.type):
            errors.append((f"[{n}].type" if is_many else "type", f"{one.type!r} {reason}"))
    if errors:
        raise PayloadRefused(errors[:100])


def _with_header_key(request: Request, published: list[Published], is_many: bool) -> list[Published]:
    key = request.headers.get("idempotency-key")
    if key is None:
        return published
    field = "Idempotency-Key"
    if is_many:
        raise PayloadRefused([(field, "goes with a single event; give each event of several its own id")])
    one = published[0]
    if not 1 <= len(key) <= KEY_MAX_LENGTH:
        raise PayloadRefused([(field, f"must have 1 to {KEY_MAX_LENGTH} characters")])
    if one.key not in (None, key):
        raise PayloadRefused([(field, "differs from the event's id: give one of them")])
    return [Published(one.type, one.data, key, one.occurred_at)]


def _answer(receipts: list[Receipt], is_many: bool) -> dict[str, Any]:
    bodies = [
        {
            "id": r.id,
            "type": r.type,
            "timestamp": iso(r.occurred_at),
            "deliveries": r.deliveries,
            "duplicate": r.is_duplicate,
        }
        for r in receipts
    ]
    return {"accepted": len(bodies), "events": bodies} if is_many else bodies[0]


def envelope(event: Event, project_key: str) -> msgspec.Raw:
    """An event as the `standard` format sends it, its `data` untouched."""
    return msgspec.Raw(registry.format_of("standard").body(events.as_sent(event, project_key)))


def hidden_types(requester: Requester) -> tuple[str, ...]:
    """Tests are nobody's news; the hub's own events tell of hooks, and an app must not learn of another's
    (contract §5).
    """
    return (PING_EVENT_TYPE,) if requester.app is None else (PING_EVENT_TYPE, *OWN_EVENT_TYPES)


class EventQuery(Paged):
    before: str | None = before_id("evt")
    type: str | None = Field(None, description="Only these types, separated by commas")


def list_events(request: ApiRequest) -> ApiResponse:
    wanted: EventQuery = request.query
    types = wanted.type.split(",") if wanted.type else None
    if types is not None and len(types) > TYPES_ASKED_MAX:
        message = f"may name {TYPES_ASKED_MAX} types"
        raise Invalid([("type", message)], title=TITLE)
    hidden = hidden_types(request.requester)
    rows = request.services.database.read(
        lambda: events.newest(request.project.id, types, wanted.before, wanted.limit, hidden)
    )
    return request.page(rows, [envelope(row, request.project.key) for row in rows])


def get_event(request: ApiRequest) -> ApiResponse:
    row = request.services.database.read(lambda: events.get(request.project.id, request.path["id"]))
    if row is None or (request.requester.app is not None and row.type in hidden_types(request.requester)):
        raise NotFound("there is no such event in this project", title="No such event")
    return ApiResponse(envelope(row, request.project.key))


class EventTypeQuery(Query):
    page: int = Field(0, ge=0, le=1_000_000, description="From 0, a hundred a page")


def list_types(request: ApiRequest) -> ApiResponse:
    """A catalogue's types, or those an open project has seen or declared; then the hub's own. 100 a page,
    pages from 0.
    """
    known = catalogue.types_of(request.project.catalogue)
    if known is not None:
        infos = [(info.code, info.name, info.description, info.group) for info in known.values()]
    else:
        rows = request.services.database.read(lambda: event_types.find(request.project.id))
        infos = [
            (row.code, row.name or row.code, row.description, row.code.partition(".")[0]) for row in rows
        ]
    infos += [(info.code, info.name, info.description, info.group) for info in catalogue.OWN_TYPES]
    first = request.query.page * TYPES_PAGE
    return ApiResponse(
        [
            {"id": code, "name": name, "description": text, "group": group}
            for code, name, text, group in infos[first : first + TYPES_PAGE]
        ]
    )


def declare_type(request: ApiRequest) -> ApiResponse:
    wanted: EventTypeInput = request.body
    if request.project.catalogue != catalogue.OPEN:
        raise Conflict(
            f"this project knows the types of the {request.project.catalogue} catalogue and no others",
            title="Catalogue",
        )
    if not is_event_type(wanted.id) or wanted.id in OWN_EVENT_TYPES or wanted.id == PING_EVENT_TYPE:
        raise PayloadRefused(
            [
                (
                    "id",
                    "must be words joined by dots, each beginning with a lower-case letter, and not the hub's own",
                )
            ]
        )
    database, project_id = request.services.database, request.project.id
    now = database.clock.now()
    database.write(
        lambda: event_types.declare(project_id, wanted.id, wanted.name, wanted.description, now)
    ).result()
    group = wanted.id.partition(".")[0]
    body = {
        "id": wanted.id,
        "name": wanted.name or wanted.id,
        "description": wanted.description,
        "group": group,
    }
    return ApiResponse(body, 201)


CALLS = (
    Call("GET", "/event-types", list_types, "The event types that this project knows", answer=list[EventTypeAnswer], tag="events",
         query=EventTypeQuery),
    Call("POST", "/event-types", declare_type, "Declare an event type", ("manage",), EventTypeAnswer, 201, EventTypeInput,
         problems=(409,), tag="events"),
    Call("GET", "/events", list_events, "Events, newest first", ("read", "subscribe"), list[Envelope], tag="events",
         query=EventQuery),
    Call("GET", "/events/{id}", get_event, "One event", ("read",), Envelope, tag="events"),
)  # fmt: skip
