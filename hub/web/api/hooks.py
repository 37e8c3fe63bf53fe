"""The calls about hooks.

Owns the shape of a hook's answers. It must never decide who may do what: `subscriptions` does, for every door
alike.
"""

from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field

from hub.errors import Invalid
from hub.logs import MASK
from hub.operations import ping
from hub.operations.samples import SAMPLES_MAX
from hub.operations.subscriptions import OVERLAP_HOURS_DEFAULT, OVERLAP_HOURS_MAX, Made, origin_of
from hub.rules.access import refusal
from hub.store import destinations, history, hooks
from hub.store.hooks import Hook
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import (
    Deleted,
    HookAnswer,
    HookFields,
    HookState,
    HookWithSecret,
    Input,
    NewHook,
    Secret,
)
from hub.web.api.queries import Paged, Query, before_id

_NEVER_NULL = ("target_url", "events", "verify_ssl", "format", "enabled", "manual_edit")


def hook_answer(
    request: ApiRequest, hook: Hook, secret: str | None = None, shows_secret: bool = False
) -> dict[str, Any]:
    """A hook as the API shows it; on the calling thread's connection."""
    body = {
        "id": hook.id,
        "target_url": hook.target_url,
        "events": list(hook.events),
        "name": hook.name,
        "enabled": hook.is_on,
        "verify_ssl": hook.verify_ssl,
        "format": hook.format,
        "headers": dict.fromkeys(_header_names(request, hook), MASK),
        "manual_edit": hook.manual_edit,
        "handshake": hook.handshake,
        "state": hook.state,
        "has_secret": hook.has_secret,
        "origin": {
            "kind": hook.origin_kind,
            "app": hook.origin_app,
            "created_by": hook.created_by,
            "created_at": iso(hook.created_at),
        },
        "can_edit": refusal(request.requester, origin_of(hook), "edit") is None,
        "consecutive_failures": hook.health.consecutive_failures,
        "last_error": hook.health.last_error,
        "last_success_at": iso_or_none(hook.health.last_success_at),
        "disabled_reason": hook.health.disabled_reason,
        "next_attempt_at": _next_attempt_at(request, hook),
        "created_at": iso(hook.created_at),
        "updated_at": iso(hook.updated_at),
    }
    return {**body, "secret": secret} if shows_secret else body


def _header_names(request: ApiRequest, hook: Hook) -> list[str]:
    try:
        return list(destinations.headers_of(request.services.box, hook))
    except Exception:  # sealed with another key: the hook can still be looked at, and mended
        return []


def _next_attempt_at(request: ApiRequest, hook: Hook) -> str | None:
    if hook.state != "failing":
        return None
    first = request.services.database.read(lambda: history.first_retry_at(hook.id))
    return iso_or_none(hooks.next_attempt_at(hook, first))


def _made(request: ApiRequest, made: Made, status: int) -> ApiResponse:
    headers = {"Location": request.url(f"/api/v1/hooks/{made.hook.id}")} if status == 201 else {}
    return ApiResponse(
        hook_answer(request, made.hook, made.secret, status == 201 or made.secret is not None),
        status,
        headers,
    )


def create(request: ApiRequest) -> ApiResponse:
    fields = request.body.model_dump(exclude_unset=True)
    return _made(
        request, request.services.subscriptions.make(request.requester, request.project, fields), 201
    )


class HookQuery(Paged):
    before: str | None = before_id("hook")
    target_url: str | None = Field(None, description="Only hooks with exactly this target")
    state: HookState | None = Field(
        None, description="Only hooks in this state; gone ones are listed only so"
    )


def list_hooks(request: ApiRequest) -> ApiResponse:
    wanted: HookQuery = request.query
    rows = request.services.subscriptions.find(
        request.requester,
        request.project,
        **wanted.model_dump(exclude_unset=True, exclude={"limit"}),
        limit=wanted.limit,
    )
    return request.page(rows, [hook_answer(request, row) for row in rows])


def get(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        hook_answer(
            request,
            request.services.subscriptions.get(request.requester, request.project, request.path["id"]),
        )
    )


def change(request: ApiRequest) -> ApiResponse:
    fields = request.body.model_dump(exclude_unset=True)
    empty = [(name, "must not be null") for name in _NEVER_NULL if name in fields and fields[name] is None]
    if empty:
        raise Invalid(empty)
    for name, nothing in (("name", ""), ("headers", {})):
        if name in fields and fields[name] is None:
            fields[name] = nothing
    return _made(
        request,
        request.services.subscriptions.change(request.requester, request.project, request.path["id"], fields),
        200,
    )


def delete(request: ApiRequest) -> ApiResponse:
    request.services.subscriptions.delete(request.requester, request.project, request.path["id"])
    return ApiResponse({"id": request.path["id"], "deleted": True})


def enable(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        hook_answer(
            request,
            request.services.subscriptions.switch(
                request.requester, request.project, request.path["id"], True
            ),
        )
    )


def disable(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        hook_answer(
            request,
            request.services.subscriptions.switch(
                request.requester, request.project, request.path["id"], False
            ),
        )
    )


def take_over(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        hook_answer(
            request,
            request.services.subscriptions.take_over(request.requester, request.project, request.path["id"]),
        )
    )


class RotateInput(Input):
    secret: Secret | None = Field(None, description="Yours; without it one is made")
    overlap_hours: Annotated[float, Field(ge=0, le=OVERLAP_HOURS_MAX)] = OVERLAP_HOURS_DEFAULT


def rotate(request: ApiRequest) -> ApiResponse:
    made = request.services.subscriptions.rotate(
        request.requester,
        request.project,
        request.path["id"],
        request.body.secret,
        request.body.overlap_hours,
    )
    return _made(request, made, 200)


def send_ping(request: ApiRequest) -> ApiResponse:
    hook = request.services.subscriptions.check(
        request.requester, request.project, request.path["id"], "test"
    )
    services = request.services
    sent = ping.ping(services.database, services.box, services.outbound, request.project, hook)
    outcome = sent.outcome
    return ApiResponse(
        {
            "hook_id": hook.id,
            "delivery_id": sent.delivery_id,
            "event_id": sent.event_id,
            "success": outcome.kind == "success",
            "status": outcome.status,
            "reason": outcome.reason,
            "phase": outcome.phase,
            "duration_ms": round(outcome.duration_s * 1000, 1),
        }
    )


class PingAnswer(BaseModel):
    hook_id: str
    delivery_id: str
    event_id: str
    success: bool
    status: int | None
    reason: str | None
    phase: str
    duration_ms: float


class SamplesQuery(Query):
    limit: int = Field(3, ge=1, le=SAMPLES_MAX, description="How many at the most")


def samples(request: ApiRequest) -> ApiResponse:
    """What this hook would have got: recent events, or examples where there are none."""
    found = request.services.samples.find(
        request.requester, request.project, request.path["id"], request.query.limit
    )
    return ApiResponse([msgspec.Raw(body) for body in found])


_OWN = ("subscribe", "manage")
_LOOK = ("subscribe", "read", "manage")

CALLS = (
    Call("GET", "/hooks", list_hooks, "Hooks, newest first", _LOOK, list[HookAnswer], query=HookQuery),
    Call("POST", "/hooks", create, "Subscribe", _OWN, HookWithSecret, 201, NewHook, problems=(409,)),
    Call("GET", "/hooks/{id}", get, "One hook", _LOOK, HookAnswer),
    Call("PATCH", "/hooks/{id}", change, "Change a hook", _OWN, HookWithSecret, body=HookFields, problems=(409,)),
    Call("PUT", "/hooks/{id}", change, "Change a hook: the same as PATCH", _OWN, HookWithSecret, body=HookFields, problems=(409,)),
    Call("DELETE", "/hooks/{id}", delete, "Unsubscribe", _OWN, Deleted, problems=(409,)),
    Call("POST", "/hooks/{id}/enable", enable, "Switch a hook on; what was held is sent", ("manage",), HookAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/disable", disable, "Switch a hook off", ("manage",), HookAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/ping", send_ping, "Send a test, once", _OWN, PingAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/rotate-secret", rotate, "Give a hook a new secret", ("manage",), HookWithSecret,
         body=RotateInput, is_body_optional=True, problems=(409,)),
    Call("POST", "/hooks/{id}/take-over", take_over, "Make an app's hook the page's", ("manage",), HookAnswer, problems=(409,)),
    Call("GET", "/hooks/{id}/samples", samples, "Payloads exactly as this hook would get them", _LOOK, list[dict[str, Any]],
         query=SamplesQuery),
)  # fmt: skip
