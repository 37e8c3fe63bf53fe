"""The calls about deliveries: the log, retry, replay, and the preview of what an event would reach.

Owns their shapes. It must never show a delivery of a hook that the party does not see, nor a stored body as
anything but text.
"""

import base64
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from connectors import registry
from hub.errors import Conflict, Invalid, NotFound
from hub.operations import replay
from hub.operations.replay import Span
from hub.rules import catalogue
from hub.rules.access import Origin, sees
from hub.store import attempts, deliveries, events, history
from hub.store.attempts import Attempt
from hub.store.history import Delivery
from hub.store.hooks import Hook
from hub.timestamps import iso, iso_or_none, parse_iso
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input, Text
from hub.web.api.queries import Paged, before_id

PREVIEW_MAX = 10_000


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
    created_at: str
    finished_at: str | None


class SentRequest(BaseModel):
    url: str
    headers: dict[str, str] = Field(description="As sent, secrets masked")
    body: str | None = Field(description="None once the event is past its retention")


class ReceivedResponse(BaseModel):
    status: int
    headers: list[tuple[str, str]]
    body: str = Field(description="The first 8 KiB")
    body_base64: str | None = Field(description="The same bytes, where they are no text")


class AttemptAnswer(BaseModel):
    number: int
    outcome: Literal["success", "failure", "gone", "refused", "fault", "unknown"]
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
    type: Text | None = None
    state: Literal["delivered", "failed", "refused", "cancelled"] | None = None
    dry_run: bool = False


class ReplayAnswer(BaseModel):
    count: int
    dry_run: bool


class PreviewInput(Input):
    type: Annotated[Text, Field(max_length=128)]
    data: dict[str, Any] = Field(default_factory=dict)


class NotMatched(BaseModel):
    id: str
    reason: str


class PreviewAnswer(BaseModel):
    matched: list[str]
    not_matched: list[NotMatched]


def delivery_answer(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "hook_id": delivery.hook_id,
        "type": delivery.type,
        "state": delivery.state,
        "attempt_count": delivery.attempt_count,
        "next_attempt_at": iso_or_none(delivery.next_attempt_at),
        "reason": delivery.reason,
        "created_at": iso(delivery.created_at),
        "finished_at": iso_or_none(delivery.finished_at),
    }


class DeliveryQuery(Paged):
    before: str | None = before_id("dlv")
    state: State | None = Field(None, description="Only in this state")
    type: str | None = Field(None, description="Only of this event type")


def list_all(request: ApiRequest) -> ApiResponse:
    return _list(request)


def list_of_hook(request: ApiRequest) -> ApiResponse:
    hook = request.services.subscriptions.get(request.requester, request.project, request.path["id"])
    return _list(request, hook_id=hook.id)


def list_of_event(request: ApiRequest) -> ApiResponse:
    if request.services.database.read(lambda: events.get(request.project.id, request.path["id"])) is None:
        raise NotFound("there is no such event in this project", title="No such event")
    return _list(request, event_id=request.path["id"])


def _list(request: ApiRequest, **of: str) -> ApiResponse:
    wanted: DeliveryQuery = request.query
    filters = {**of, **wanted.model_dump(exclude_unset=True, exclude={"limit"})}
    app = request.requester.app
    rows = request.services.database.read(
        lambda: history.find(request.project.id, **filters, origin_app=app, limit=wanted.limit)
    )
    return request.page(rows, [delivery_answer(row) for row in rows])


def get(request: ApiRequest) -> ApiResponse:
    delivery = _seen(request)
    event = request.services.database.read(lambda: events.get(request.project.id, delivery.event_id))
    sent = None if event is None else events.as_sent(event, request.project.key)
    log = []
    for attempt in request.services.database.read(lambda: attempts.of_delivery(delivery.id)):
        form = attempt.outcome.format
        body = None if sent is None else _text(registry.format_of(form).body(sent)) if form else ""
        log.append(_attempt_answer(attempt, body))
    return ApiResponse({**delivery_answer(delivery), "attempts": log})


def _seen(request: ApiRequest) -> Delivery:
    found = request.services.database.read(lambda: history.get(request.project.id, request.path["id"]))
    if found is None or not sees(request.requester, Origin(found.origin_kind, found.origin_app)):
        raise NotFound("there is no such delivery", title="No such delivery")
    return found


def _attempt_answer(attempt: Attempt, body: str | None) -> dict[str, Any]:
    outcome = attempt.outcome
    text = _text(outcome.response_body)
    is_text = text.encode() == outcome.response_body
    return {
        "number": attempt.number,
        "outcome": outcome.kind,
        "started_at": iso(outcome.started_at),
        "duration_ms": round(outcome.duration_s * 1000, 1),
        "phase": outcome.phase,
        "peer": outcome.peer,
        "was_sent": outcome.was_sent,
        "reason": outcome.reason,
        "request": {"url": outcome.url, "headers": outcome.request_headers, "body": body},
        "response": None
        if outcome.status is None
        else {
            "status": outcome.status,
            "headers": outcome.response_headers,
            "body": text,
            "body_base64": None if is_text else base64.b64encode(outcome.response_body).decode(),
        },
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def retry(request: ApiRequest) -> ApiResponse:
    delivery = _seen(request)
    request.services.subscriptions.check(request.requester, request.project, delivery.hook_id, "redeliver")
    database = request.services.database

    def write() -> bool:
        return deliveries.retry_now(database, delivery.id, delivery.hook_id, database.clock.now())

    if not database.write(write).result():
        raise Conflict("this delivery is being sent at this moment", title="Under way")
    request.services.wake()
    return ApiResponse({"id": delivery.id, "hook_id": delivery.hook_id, "event_id": delivery.event_id}, 202)


class RetryAnswer(BaseModel):
    id: str
    hook_id: str
    event_id: str


def replay_hook(request: ApiRequest) -> ApiResponse:
    hook = request.services.subscriptions.check(
        request.requester, request.project, request.path["id"], "redeliver"
    )
    wanted: ReplayInput = request.body
    since = _moment("since", wanted.since)
    # Without an end until now; a caller whose clock is ahead of ours asks for an empty span, not for a wrong
    # one.
    until = (
        max(since, request.services.database.clock.now())
        if wanted.until is None
        else _moment("until", wanted.until)
    )
    span = Span(since, until, wanted.type, wanted.state)
    if span.until < span.since:
        raise Invalid([("until", "must not be before since")])
    count = replay.replay(request.services.database, hook, span, is_dry_run=wanted.dry_run)
    request.services.wake()
    return ApiResponse({"count": count, "dry_run": wanted.dry_run}, 202)


def _moment(field: str, text: str) -> float:
    try:
        moment = parse_iso(text)
    except (ValueError, OverflowError) as error:
        message = "must be an ISO 8601 time, such as 2026-11-23T21:04:06Z"
        raise Invalid([(field, message)]) from error
    return min(max(moment, 0.0), 253_402_300_800.0)


def preview(request: ApiRequest) -> ApiResponse:
    """What an event would reach now, and why not the others; nothing is stored."""
    wanted: PreviewInput = request.body
    if reason := catalogue.type_error(request.project.catalogue, wanted.type):
        raise Invalid([("type", f"{wanted.type!r} {reason}")])
    matched, not_matched = [], []
    for hook in request.services.subscriptions.find(request.requester, request.project, limit=PREVIEW_MAX):
        why = _why_not(hook, wanted.type)
        if why is None:
            matched.append(hook.id)
        else:
            not_matched.append({"id": hook.id, "reason": why})
    return ApiResponse({"matched": matched, "not_matched": not_matched})


def _why_not(hook: Hook, event_type: str) -> str | None:
    if hook.state == "disabled":
        return f"it is switched off: {hook.health.disabled_reason}"
    if not hook.subscription.wants(event_type):
        return f"it does not want {event_type}: it wants {', '.join(hook.events[:20])}"
    return None


_READ = ("read",)
_MANY = list[DeliveryAnswer]

CALLS = (
    Call("GET", "/deliveries", list_all, "Deliveries, newest first", _READ, _MANY, query=DeliveryQuery, tag="deliveries"),
    Call("GET", "/deliveries/{id}", get, "One delivery with its attempts", _READ, DeliveryWithAttempts, tag="deliveries"),
    Call("POST", "/deliveries/{id}/retry", retry, "One more attempt, with the same id", ("manage",), RetryAnswer, 202,
         problems=(409,), tag="deliveries"),
    Call("GET", "/hooks/{id}/deliveries", list_of_hook, "A hook's deliveries", _READ, _MANY, query=DeliveryQuery, tag="deliveries"),
    Call("GET", "/events/{id}/deliveries", list_of_event, "An event's deliveries", _READ, _MANY, query=DeliveryQuery, tag="deliveries"),
    Call("POST", "/hooks/{id}/replay", replay_hook, "Send again what a hook missed", ("manage",), ReplayAnswer, 202, ReplayInput,
         problems=(409,), tag="deliveries"),
    Call("POST", "/events/preview", preview, "What an event would reach, and why not the others", _READ, PreviewAnswer, body=PreviewInput,
         tag="events"),
)  # fmt: skip
