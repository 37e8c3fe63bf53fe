"""The calls about deliveries: the log, retry, replay, and the preview of what an event would reach.

Owns their shapes. Stored bodies are shown as text and as nothing else.
"""

import base64
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, Field

from hub.operations.replay_pages import Span
from hub.rules.facts import Facts
from hub.rules.matching import EVENT_TYPE_MAX_LENGTH
from hub.rules.outcome import Outcome
from hub.store.attempts import Attempt
from hub.store.history import Delivery
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import EVENT_TYPE_PATTERN, EventType, Input, Text, moment
from hub.web.api.queries import Paged, before_id

State = Literal["waiting", "retrying", "held", "sending", "delivered", "failed", "refused", "cancelled"]


class DeliveryAnswer(BaseModel):
    id: str
    event_id: str
    hook_id: str
    type: str
    state: State
    attempt_count: int
    next_attempt_at: str | None
    reason: str | None
    batch_id: str | None = Field(
        description="With a digest: those with the same one go, or went last, in one request"
    )
    created_at: str
    finished_at: str | None


class SentRequest(BaseModel):
    method: str
    url: str
    headers: dict[str, str] = Field(description="As sent, secrets masked")
    body: str | None = Field(
        description="None when nothing was sent, for those behind the first of a batch, once the event is "
        "past its retention, "
        "and for the older attempts of a "
        "large event that was sent often"
    )


class ReceivedResponse(BaseModel):
    status: int | None = Field(description="None from a broker, which has no numbers: its words are the body")
    headers: list[tuple[str, str]]
    body: str = Field(description="The first 8 KiB")
    body_base64: str | None = Field(description="The same bytes, where they are no text")


class AttemptAnswer(BaseModel):
    number: int
    outcome: Literal["success", "failure", "later", "gone", "refused", "fault", "unknown"]
    started_at: str
    duration_ms: float
    phase: Literal["none", "dns", "connect", "tls", "sent", "head", "body"]
    peer: str | None
    was_sent: bool
    reason: str | None
    request: SentRequest
    response: ReceivedResponse | None


class DeliveryWithAttempts(DeliveryAnswer):
    attempts: list[AttemptAnswer]


class ReplayInput(Input):
    since: Text
    until: Text | None = None
    type: EventType | None = None
    state: Literal["delivered", "failed", "refused", "cancelled"] | None = None
    dry_run: bool = False


class ReplayAnswer(BaseModel):
    count: int
    dry_run: bool


class PreviewInput(Input):
    type: EventType
    data: dict[str, Any] = Field(default_factory=dict)


class NotMatched(BaseModel):
    id: str
    reason: str


class PreviewAnswer(BaseModel):
    matched: list[str]
    not_matched: list[NotMatched]


def delivery_fields(delivery: Delivery) -> dict[str, Any]:
    """What every answer says of a delivery."""
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "hook_id": delivery.hook_id,
        "type": delivery.type,
        "state": delivery.state,
        "attempt_count": delivery.attempt_count,
        "next_attempt_at": iso_or_none(delivery.next_attempt_at),
        "reason": delivery.reason,
        "batch_id": delivery.batch_id,
        "created_at": iso(delivery.created_at),
        "finished_at": iso_or_none(delivery.finished_at),
    }


class DeliveryQuery(Paged):
    before: str | None = before_id("dlv")
    state: State | None = Field(None, description="Only in this state")
    type: str | None = Field(
        None,
        description="Only of this event type",
        json_schema_extra={"pattern": EVENT_TYPE_PATTERN, "maxLength": EVENT_TYPE_MAX_LENGTH},
    )
    batch_id: str | None = Field(None, description="Only what goes, or went last, in this request")


def list_all(request: ApiRequest) -> ApiResponse:
    return _list(request)


def list_of_hook(request: ApiRequest) -> ApiResponse:
    return _list(request, hook_id=request.path["id"])


def list_of_event(request: ApiRequest) -> ApiResponse:
    return _list(request, event_id=request.path["id"])


def _list(request: ApiRequest, **of: Any) -> ApiResponse:
    wanted: DeliveryQuery = request.query
    found = request.services.deliveries.find(
        request.requester,
        request.project,
        **of,
        state=wanted.state,
        type=wanted.type,
        batch_id=wanted.batch_id,
        before=wanted.before,
        limit=wanted.limit,
    )
    return request.page(found, [DeliveryAnswer(**delivery_fields(delivery)) for delivery in found])


def get(request: ApiRequest) -> ApiResponse:
    deliveries = request.services.deliveries
    delivery = deliveries.get(request.requester, request.project, request.path["id"])
    log = [_attempt_answer(attempt, body) for attempt, body in deliveries.attempts(request.project, delivery)]
    return ApiResponse(DeliveryWithAttempts(**delivery_fields(delivery), attempts=log))


def _attempt_answer(attempt: Attempt, body: bytes | None) -> AttemptAnswer:
    outcome = attempt.outcome
    return AttemptAnswer(
        number=attempt.number,
        outcome=outcome.kind,
        started_at=iso(outcome.started_at),
        duration_ms=round(outcome.duration_s * 1000, 1),
        phase=outcome.phase,
        peer=outcome.peer,
        was_sent=outcome.was_sent,
        reason=outcome.reason,
        request=SentRequest(
            method=outcome.method,
            url=outcome.url,
            headers=outcome.request_headers,
            body=None if body is None else _text(body),
        ),
        response=_response(outcome),
    )


def _response(outcome: Outcome) -> ReceivedResponse | None:
    if not outcome.is_answered:
        return None
    text = _text(outcome.response_body)
    is_text = text.encode() == outcome.response_body
    return ReceivedResponse(
        status=outcome.status,
        headers=outcome.response_headers,
        body=text,
        body_base64=None if is_text else base64.b64encode(outcome.response_body).decode(),
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class RetryAnswer(BaseModel):
    id: str
    hook_id: str
    event_id: str


def retry(request: ApiRequest) -> ApiResponse:
    retried = request.services.deliveries.retry(request.requester, request.project, request.path["id"])
    return ApiResponse(RetryAnswer(id=retried.id, hook_id=retried.hook_id, event_id=retried.event_id), 202)


def replay_hook(request: ApiRequest) -> ApiResponse:
    wanted: ReplayInput = request.body
    since = _moment("since", wanted.since)
    # Without an end until now; a caller whose clock is ahead of ours asks for an empty span, not for a wrong
    # one.
    now = request.services.database.clock.now()
    until = max(since, now) if wanted.until is None else _moment("until", wanted.until)
    count = request.services.deliveries.replay(
        request.requester,
        request.project,
        request.path["id"],
        Span(since, until, wanted.type, wanted.state),
        is_dry_run=wanted.dry_run,
    )
    return ApiResponse(ReplayAnswer(count=count, dry_run=wanted.dry_run), 202)


def _moment(field: str, text: str) -> float:
    """Within the times that an id can say. Raises: Invalid."""
    return min(max(moment(field, text), 0.0), 253_402_300_800.0)


def preview(request: ApiRequest) -> ApiResponse:
    """What an event would reach now, and why not the others; nothing is stored."""
    wanted: PreviewInput = request.body
    now = request.services.database.clock.now()
    facts = Facts(wanted.type, now, msgspec.json.encode(wanted.data))
    found = request.services.events.preview(request.requester, request.project, facts)
    not_matched = [NotMatched(id=hook_id, reason=reason) for hook_id, reason in found.not_matched]
    return ApiResponse(PreviewAnswer(matched=list(found.matched), not_matched=not_matched))


_READ = ("read",)
_MANY = list[DeliveryAnswer]

CALLS = (
    Call("GET", "/deliveries", list_all, "Deliveries, newest first", _READ, _MANY, query=DeliveryQuery,
         tag="deliveries"),
    Call("GET", "/deliveries/{id}", get, "One delivery with its attempts", _READ, DeliveryWithAttempts,
         tag="deliveries"),
    Call("POST", "/deliveries/{id}/retry", retry, "One more attempt, with the same id", ("manage",),
         RetryAnswer, 202, problems=(409,), tag="deliveries"),
    Call("GET", "/hooks/{id}/deliveries", list_of_hook, "A hook's deliveries", _READ, _MANY,
         query=DeliveryQuery, tag="deliveries"),
    Call("GET", "/events/{id}/deliveries", list_of_event, "An event's deliveries", _READ, _MANY,
         query=DeliveryQuery, tag="deliveries"),
    Call("POST", "/hooks/{id}/replay", replay_hook, "Send again what a hook missed", ("manage",),
         ReplayAnswer, 202, ReplayInput, problems=(409,), tag="deliveries"),
    Call("POST", "/events/preview", preview, "What an event would reach, and why not the others", _READ,
         PreviewAnswer, body=PreviewInput, tag="events"),
)  # fmt: skip
