"""The calls about schedules: their shape. What they do is `operations.schedules`'."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from hub.operations.schedules import ScheduleChange, ScheduleFields, fields_of
from hub.rules import schedule as rules
from hub.store.schedules import Schedule
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Deleted, EventType, Input, Text, documented
from hub.web.api.projects import Label
from hub.web.api.queries import Paged, before_id

Cron = Annotated[
    Text,
    documented(
        maxLength=rules.CRON_MAX,
        examples=["0 9 * * 1-5"],
        description="Minute, hour, day of month, month, day of week, by Debian cron's rules",
    ),
]
EveryS = Annotated[int, documented(minimum=rules.EVERY_MIN_S, maximum=rules.EVERY_MAX_S)]
Zone = Annotated[
    Text, documented(maxLength=64, examples=["Europe/Berlin"], description="A zone of the IANA database")
]
GraceS = Annotated[float, documented(minimum=0, maximum=rules.GRACE_MAX_S)]


class NewSchedule(Input):
    event_type: EventType
    name: Label = ""
    cron: Cron | None = Field(None, description="Either this or every_s")
    every_s: EveryS | None = Field(None, description="Either this or cron")
    time_zone: Zone = "UTC"
    data: dict[str, Any] = Field(
        {}, description="What its events carry besides schedule, scheduled_for, missed"
    )
    enabled: bool = True
    misfire: Literal["once", "skip"] = Field(
        "once", description="Times that were missed: one event for all, or none"
    )
    grace_s: GraceS = Field(rules.GRACE_DEFAULT_S, description="So late is still on time")


class ScheduleUpdate(Input):
    event_type: EventType | None = None
    name: Label | None = None
    cron: Cron | None = None
    every_s: EveryS | None = None
    time_zone: Zone | None = None
    data: dict[str, Any] | None = None
    enabled: bool | None = None
    misfire: Literal["once", "skip"] | None = None
    grace_s: GraceS | None = None


class ScheduleAnswer(BaseModel):
    id: str
    name: str
    cron: str | None
    every_s: int | None
    time_zone: str
    event_type: str
    data: dict[str, Any]
    enabled: bool
    misfire: str
    grace_s: float
    next_at: str | None = Field(description="Null while it is switched off")
    next_times: list[str] = Field(description="The next five, in UTC")
    last_at: str | None
    last_event_id: str | None
    missed: int = Field(description="How many times had been missed when it fired last")
    created_by: str
    created_at: str
    updated_at: str


class Fired(BaseModel):
    id: str
    event_id: str


class ScheduleQuery(Paged):
    before: str | None = before_id("sch")


_NULLABLE = ("cron", "every_s")
"""The fields whose null in a change means something: one makes room for the other."""


def list_schedules(request: ApiRequest) -> ApiResponse:
    wanted: ScheduleQuery = request.query
    found = request.services.schedules.list(request.requester, request.project, wanted.before, wanted.limit)
    return request.page(found, [_answer(request, one) for one in found])


def get(request: ApiRequest) -> ApiResponse:
    found = request.services.schedules.get(request.requester, request.project, request.path["id"])
    return ApiResponse(_answer(request, found))


def create(request: ApiRequest) -> ApiResponse:
    wanted: NewSchedule = request.body
    fields = ScheduleFields(**wanted.model_dump())
    made = request.services.schedules.create(request.requester, request.project, fields)
    return ApiResponse(_answer(request, made), 201, {"Location": request.url(f"/api/v1/schedules/{made.id}")})


def update(request: ApiRequest) -> ApiResponse:
    wanted: ScheduleUpdate = request.body
    given = wanted.model_dump(include=wanted.model_fields_set)
    changes = {name: value for name, value in given.items() if value is not None or name in _NULLABLE}
    services, project, change = request.services, request.project, ScheduleChange(**changes)
    changed = services.schedules.update(request.requester, project, request.path["id"], change)
    return ApiResponse(_answer(request, changed))


def delete(request: ApiRequest) -> ApiResponse:
    request.services.schedules.delete(request.requester, request.project, request.path["id"])
    return ApiResponse({"id": request.path["id"], "deleted": True})


def fire(request: ApiRequest) -> ApiResponse:
    event_id = request.services.schedules.fire(request.requester, request.project, request.path["id"])
    return ApiResponse({"id": request.path["id"], "event_id": event_id}, 202)


def _answer(request: ApiRequest, found: Schedule) -> dict[str, Any]:
    fields = fields_of(found)
    times = [iso(moment) for moment in request.services.schedules.next_times(found)]
    return {
        "id": found.id,
        "name": found.name,
        "cron": found.cron,
        "every_s": found.every_s,
        "time_zone": found.time_zone,
        "event_type": found.event_type,
        "data": fields.data,
        "enabled": found.enabled,
        "misfire": found.misfire,
        "grace_s": found.grace_s,
        "next_at": times[0] if times else None,
        "next_times": times,
        "last_at": iso_or_none(found.last_at),
        "last_event_id": found.last_event_id,
        "missed": found.missed,
        "created_by": found.created_by,
        "created_at": iso(found.created_at),
        "updated_at": iso(found.updated_at),
    }


_MANAGE = ("manage",)

CALLS = (
    Call("GET", "/schedules", list_schedules, "Schedules, newest first", _MANAGE, list[ScheduleAnswer],
         query=ScheduleQuery, tag="schedules"),
    Call("POST", "/schedules", create, "Make a schedule", _MANAGE, ScheduleAnswer, 201, NewSchedule,
         problems=(409,), headers=("Location",), tag="schedules"),
    Call("GET", "/schedules/{id}", get, "One schedule", _MANAGE, ScheduleAnswer, tag="schedules"),
    Call("PATCH", "/schedules/{id}", update, "Change a schedule", _MANAGE, ScheduleAnswer,
         body=ScheduleUpdate, tag="schedules"),
    Call("DELETE", "/schedules/{id}", delete, "Delete a schedule", _MANAGE, Deleted, tag="schedules"),
    Call("POST", "/schedules/{id}/fire", fire, "Publish its event now; its times stay", _MANAGE, Fired, 202,
         tag="schedules"),
)  # fmt: skip
