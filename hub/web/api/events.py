"""The calls that read events and event types, and declare types.

Owns their shapes; `publish` is the call that brings events in.
"""

from collections.abc import Sequence

import msgspec
from pydantic import Field

from connectors import registry
from connectors.base import Event, EventTypeInfo
from hub.timestamps import iso
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import WORDS, Deleted, EventAnswer, EventTypeAnswer, EventTypeInput
from hub.web.api.queries import Paged, Query, before_id

TYPES_PAGE = 100


def _shown(request: ApiRequest, found: Sequence[Event]) -> list[msgspec.Raw]:
    """Events as the `standard` format sends them, `data` untouched, with the time that they wait for."""
    due_at = request.services.events.due_at([event.id for event in found])
    form = registry.format_of("standard")

    def one(event: Event) -> msgspec.Raw:
        body, at = form.body(event), due_at.get(event.id)
        return msgspec.Raw(body if at is None else b'%s,"deliver_at":"%s"}' % (body[:-1], iso(at).encode()))

    return [one(event) for event in found]


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
    return request.page(found, _shown(request, found), goes_on=goes_on)


def get_event(request: ApiRequest) -> ApiResponse:
    found = request.services.events.get(request.requester, request.project, request.path["id"])
    return ApiResponse(_shown(request, [found])[0])


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
    Call("GET", "/events", list_events, "Events, newest first", ("read", "subscribe"), list[EventAnswer],
         tag="events", query=EventQuery),
    Call("GET", "/events/{id}", get_event, "One event", ("read",), EventAnswer, tag="events"),
    Call("DELETE", "/events/{id}", delete_event, "Withdraw an event that waits for its time",
         ("publish", "manage"), Deleted, problems=(409,), tag="events"),
)  # fmt: skip
