"""The calls about sources: their shape. What they do is `operations.sources`'."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from connectors import registry
from hub.operations.sources import SavedSource, SourceChange
from hub.operations.subscriptions import OVERLAP_HOURS_DEFAULT, OVERLAP_HOURS_MAX
from hub.rules import source_fields
from hub.rules.changes import UNSET
from hub.store.sources import RefusedRequest, Source
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.hook_inputs import Secret
from hub.web.api.models import WORDS, Deleted, Input, Text, documented
from hub.web.api.projects import Label
from hub.web.api.queries import Paged, before_id

Kind = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=registry.source_keys()))]
Prefix = Annotated[
    Text, documented(maxLength=source_fields.PREFIX_MAX, pattern=f"^({WORDS})?$", examples=["github"])
]
Rate = Annotated[float, documented(minimum=source_fields.RATE_MIN, maximum=source_fields.RATE_MAX)]


class NewSource(Input):
    kind: Kind
    name: Label = ""
    prefix: Prefix | None = Field(None, description="What its event types begin with; null: the kind's own")
    secret: Secret | None = Field(
        None, description="The sender's; without it one is made, where the hub makes it"
    )
    settings: dict[str, Label] = Field({}, description="Those of its kind")
    enabled: bool = True
    rate_per_s: Rate | None = Field(None, description="Requests a second it takes; null: as many as come")


class SourceUpdate(Input):
    name: Label | None = None
    prefix: Prefix | None = None
    settings: dict[str, Label] | None = Field(None, description="Only those that change")
    enabled: bool | None = None
    rate_per_s: Rate | None = None


class RotateSource(Input):
    secret: Secret | None = Field(
        None, description="The sender's; without it one is made, where the hub makes it"
    )
    overlap_hours: float = Field(
        OVERLAP_HOURS_DEFAULT, json_schema_extra={"minimum": 0, "maximum": OVERLAP_HOURS_MAX}
    )


class SourceAnswer(BaseModel):
    id: str
    kind: str
    name: str
    url: str = Field(description="What is typed in at the sender")
    prefix: str
    settings: dict[str, str]
    has_secret: bool
    enabled: bool
    rate_per_s: float | None
    created_by: str
    created_at: str
    updated_at: str
    last_event_at: str | None
    last_refused_at: str | None
    last_refused_reason: str | None
    accepted: int
    duplicates: int
    dropped: int = Field(description="Those that came while it was switched off")
    refused: int


class SourceWithSecret(SourceAnswer):
    secret: str = Field("", description="Only where the hub has just made one: shown this once")


class RefusalAnswer(BaseModel):
    id: str
    at: str
    status: int
    reason: str
    address: str | None
    headers: list[list[str]] = Field(description="Name and value; credentials are masked")
    body: str = Field(description="Its beginning; what is no UTF-8 is shown as U+FFFD")


class SourceTestAnswer(BaseModel):
    accepted: bool
    event_id: str | None = Field(description="Null: nothing was kept")
    event_type: str | None
    deliveries: int
    reason: str | None = Field(description="Why it was refused")


class SourceQuery(Paged):
    before: str | None = before_id("src")


class RefusalQuery(Paged):
    before: str | None = before_id("ref")


def list_sources(request: ApiRequest) -> ApiResponse:
    wanted: SourceQuery = request.query
    found = request.services.sources.list(request.requester, request.project, wanted.before, wanted.limit)
    return request.page(found, [_answer(request, one) for one in found])


def get(request: ApiRequest) -> ApiResponse:
    found = request.services.sources.get(request.requester, request.project, request.path["id"])
    return ApiResponse(_answer(request, found))


def create(request: ApiRequest) -> ApiResponse:
    wanted: NewSource = request.body
    saved = request.services.sources.create(
        request.requester,
        request.project,
        wanted.kind,
        name=wanted.name,
        prefix=wanted.prefix,
        secret=wanted.secret,
        settings=wanted.settings,
        is_on=wanted.enabled,
        rate_per_s=wanted.rate_per_s,
    )
    headers = {"Location": request.url(f"/api/v1/sources/{saved.source.id}")}
    return ApiResponse(_saved(request, saved), 201, headers)


def update(request: ApiRequest) -> ApiResponse:
    wanted: SourceUpdate = request.body
    given = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    # Null means something for the rate alone, and of the others says nothing.
    given = {name: value for name, value in given.items() if value is not None or name == "rate_per_s"}
    is_on = given.pop("enabled", UNSET)
    change = SourceChange(is_on=is_on, **given)
    found = request.services.sources.update(request.requester, request.project, request.path["id"], change)
    return ApiResponse(_answer(request, found))


def delete(request: ApiRequest) -> ApiResponse:
    request.services.sources.delete(request.requester, request.project, request.path["id"])
    return ApiResponse({"id": request.path["id"], "deleted": True})


def rotate_secret(request: ApiRequest) -> ApiResponse:
    wanted: RotateSource = request.body
    saved = request.services.sources.rotate_secret(
        request.requester, request.project, request.path["id"], wanted.secret, wanted.overlap_hours
    )
    return ApiResponse(_saved(request, saved))


def send_test(request: ApiRequest) -> ApiResponse:
    bytes_max = request.services.settings.recent().max_event_bytes
    tried = request.services.source_trials.send(
        request.requester, request.project, request.path["id"], bytes_max
    )
    receipt = tried.receipt
    answer = {
        "accepted": tried.reason is None,
        "event_id": None if receipt is None else receipt.id,
        "event_type": None if receipt is None else receipt.type,
        "deliveries": 0 if receipt is None else receipt.deliveries,
        "reason": tried.reason,
    }
    return ApiResponse(answer)


def list_refusals(request: ApiRequest) -> ApiResponse:
    wanted: RefusalQuery = request.query
    found = request.services.sources.refusals(
        request.requester, request.project, request.path["id"], wanted.limit, wanted.before
    )
    return request.page(found, [_refusal(one) for one in found])


def _answer(request: ApiRequest, source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "kind": source.kind,
        "name": source.name,
        "url": request.services.sources.url(source),
        "prefix": source.prefix,
        "settings": dict(source.settings),
        "has_secret": source.has_secret,
        "enabled": source.is_on,
        "rate_per_s": source.rate_per_s,
        "created_by": source.created_by,
        "created_at": iso(source.created_at),
        "updated_at": iso(source.updated_at),
        "last_event_at": iso_or_none(source.last_event_at),
        "last_refused_at": iso_or_none(source.last_refused_at),
        "last_refused_reason": source.last_refused_reason,
        "accepted": source.accepted,
        "duplicates": source.repeated,
        "dropped": source.dropped,
        "refused": source.refused,
    }


def _saved(request: ApiRequest, saved: SavedSource) -> dict[str, Any]:
    secret = {} if saved.secret is None else {"secret": saved.secret}
    return {**_answer(request, saved.source), **secret}


def _refusal(one: RefusedRequest) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": iso(one.at),
        "status": one.status,
        "reason": one.reason,
        "address": one.address,
        "headers": [list(pair) for pair in one.headers],
        "body": one.body.decode("utf-8", "replace"),
    }


_MANAGE = ("manage",)

CALLS = (
    Call("GET", "/sources", list_sources, "Sources, newest first", _MANAGE, list[SourceAnswer],
         query=SourceQuery, tag="sources"),
    Call("POST", "/sources", create, "Make a source", _MANAGE, SourceWithSecret, 201, NewSource,
         problems=(409,), headers=("Location",), tag="sources"),
    Call("GET", "/sources/{id}", get, "One source", _MANAGE, SourceAnswer, tag="sources"),
    Call("PATCH", "/sources/{id}", update, "Change a source", _MANAGE, SourceAnswer, body=SourceUpdate,
         tag="sources"),
    Call("DELETE", "/sources/{id}", delete, "Delete a source", _MANAGE, Deleted, tag="sources"),
    Call("POST", "/sources/{id}/rotate-secret", rotate_secret, "Give a source a new secret", _MANAGE,
         SourceWithSecret, body=RotateSource, is_body_optional=True, tag="sources"),
    Call("POST", "/sources/{id}/test", send_test, "Call a source as its sender would", _MANAGE,
         SourceTestAnswer, problems=(409,), tag="sources"),
    Call("GET", "/sources/{id}/refusals", list_refusals, "What a source did not take, newest first", _MANAGE,
         list[RefusalAnswer], query=RefusalQuery, tag="sources"),
)  # fmt: skip
