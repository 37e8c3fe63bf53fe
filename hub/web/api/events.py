"""The calls that read events and event types, and declare types.

Owns their shapes; `publish` is the call that brings events in.
"""

import msgspec
from pydantic import Field

from connectors import registry
from connectors.base import Event, EventTypeInfo
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import WORDS, Deleted, Envelope, EventTypeAnswer, EventTypeInput
from hub.web.api.queries import Paged, Query, before_id

TYPES_PAGE = 100


def envelope(event: Event) -> msgspec.Raw:
    """An event as the `standard` format sends it, its `data` untouched."""
    return msgspec.Raw(registry.format_of("standard").body(event))


class EventQuery(Paged):
    before: str | None = before_id("evt")
    type: str | None = Field(
        None,
        description="Only these types, separated by commas",
        json_schema_extra={"pattern": f"^{WORDS}(,{WORDS})*$"},
    )


def list_events(request: ApiRequest) -> ApiResponse:
    wanted: EventQuery = request.query
    found, goes_on = request.services.events.find(
        request.requester,
        request.project,
        types=None if wanted.type is None else wanted.type.split(","),
        before=wanted.before,
        limit=wanted.limit,
    )
    return request.page(found, [envelope(event) for event in found], goes_on=goes_on)


def get_event(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        envelope(request.services.events.get(request.requester, request.project, request.path["id"]))
    )


def delete_event(request: ApiRequest) -> ApiResponse:
    request.services.events.withdraw(request.requester, request.project, request.path["id"])
    return ApiResponse({"id": request.path["id"], "deleted": True})


class EventTypeQuery(Query):
    page: int = Field(0, ge=0, le=1_000_000, description="From 0, a hundred a page")


def list_types(request: ApiRequest) -> ApiResponse:
    first = request.query.page * TYPES_PAGE
    found = request.services.event_types.page(request.requester, request.project, first, TYPES_PAGE)
    return ApiResponse([_type_answer(info) for info in found])


def declare_type(request: ApiRequest) -> ApiResponse:
    wanted: EventTypeInput = request.body
    declared = request.services.event_types.declare(
        request.requester, request.project, wanted.id, wanted.name, wanted.description
    )
    return ApiResponse(_type_answer(declared), 201)


def _type_answer(info: EventTypeInfo) -> EventTypeAnswer:
    return EventTypeAnswer(id=info.code, name=info.name, description=info.description, group=info.group)


CALLS = (
    Call("GET", "/event-types", list_types, "The event types that this project knows",
         answer=list[EventTypeAnswer], tag="events", query=EventTypeQuery),
    Call("POST", "/event-types", declare_type, "Declare an event type", ("manage",), EventTypeAnswer, 201,
         EventTypeInput, problems=(409,), tag="events"),
    Call("GET", "/events", list_events, "Events, newest first", ("read", "subscribe"), list[Envelope],
         tag="events", query=EventQuery),
    Call("GET", "/events/{id}", get_event, "One event", ("read",), Envelope, tag="events"),
    Call("DELETE", "/events/{id}", delete_event, "Withdraw an event that waits for its time",
         ("publish", "manage"), Deleted, problems=(409,), tag="events"),
)  # fmt: skip
