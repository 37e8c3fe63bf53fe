"""The calls about hooks: each reads what is asked for, lets an operation do it, and shows what came of it.

Who may do what is decided by `operations.subscriptions`, for every door alike; shapes are in `hook_inputs`
and `hook_answers`.
"""

from dataclasses import replace
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from hub.operations import hook_drafts, hook_views
from hub.operations.hook_views import HookView
from hub.operations.ping import Ping
from hub.operations.samples import SAMPLES_MAX
from hub.operations.subscriptions import OVERLAP_HOURS_DEFAULT, OVERLAP_HOURS_MAX, Saved
from hub.rules import signing_secret
from hub.rules.health import State
from hub.store.hooks import Hook
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.hook_answers import HookAnswer, HookWithSecret
from hub.web.api.hook_inputs import READ_ONLY, HookUpdate, NewHook, Secret
from hub.web.api.models import Deleted, Input
from hub.web.api.queries import Paged, Query, before_id


class HookQuery(Paged):
    before: str | None = before_id("hook")
    target_url: str | None = Field(None, description="Only hooks with exactly this target")
    state: State | None = Field(None, description="Only hooks in this state; gone ones are listed only so")


def list_hooks(request: ApiRequest) -> ApiResponse:
    wanted: HookQuery = request.query
    filters = wanted.model_dump(exclude_unset=True, exclude={"limit"})
    found = request.services.subscriptions.find(
        request.requester, request.project, **filters, limit=wanted.limit
    )
    return request.page(found, [HookAnswer.of(view) for view in _views(request, found)])


def get(request: ApiRequest) -> ApiResponse:
    return _answer(
        request, request.services.subscriptions.get(request.requester, request.project, request.path["id"])
    )


def create(request: ApiRequest) -> ApiResponse:
    saved = request.services.subscriptions.create(request.requester, request.project, request.body.change())
    [view] = _views(request, [saved.hook])
    headers = {"Location": request.url(f"/api/v1/hooks/{saved.hook.id}"), **_warned(saved)}
    return ApiResponse(HookWithSecret.of(view, secret=saved.secret), 201, headers)


def update(request: ApiRequest) -> ApiResponse:
    subscriptions, body = request.services.subscriptions, request.body
    change = body.change()
    if body.model_fields_set & set(READ_ONLY):
        _check_read_only(request, subscriptions.get(request.requester, request.project, request.path["id"]))
    saved = subscriptions.update(request.requester, request.project, request.path["id"], change)
    return _saved(request, saved)


def _check_read_only(request: ApiRequest, hook: Hook) -> None:
    """Raises: Invalid."""
    [view] = _views(request, [hook])
    after, body = hook, request.body
    if body.enabled is not None and body.enabled != hook.is_on:
        now = request.services.database.clock.now()
        after = replace(hook, health=hook_drafts.switched(hook, body.enabled, request.requester, now))
    body.check_read_only(HookAnswer.of(view), HookAnswer.of(replace(view, hook=after)))


def delete(request: ApiRequest) -> ApiResponse:
    request.services.subscriptions.delete(request.requester, request.project, request.path["id"])
    return ApiResponse({"id": request.path["id"], "deleted": True})


def enable(request: ApiRequest) -> ApiResponse:
    return _switch(request, True)


def disable(request: ApiRequest) -> ApiResponse:
    return _switch(request, False)


def take_over(request: ApiRequest) -> ApiResponse:
    taken = request.services.subscriptions.take_over(request.requester, request.project, request.path["id"])
    return _answer(request, taken)


class RotateInput(Input):
    secret: Secret | None = Field(None, description="Yours; without it one is made")
    overlap_hours: float = Field(
        OVERLAP_HOURS_DEFAULT, json_schema_extra={"minimum": 0, "maximum": OVERLAP_HOURS_MAX}
    )


def rotate_secret(request: ApiRequest) -> ApiResponse:
    saved = request.services.subscriptions.rotate_secret(
        request.requester,
        request.project,
        request.path["id"],
        request.body.secret,
        request.body.overlap_hours,
    )
    return _saved(request, saved)


def _switch(request: ApiRequest, is_on: bool) -> ApiResponse:
    switched = request.services.subscriptions.switch(
        request.requester, request.project, request.path["id"], is_on
    )
    return _answer(request, switched)


def _views(request: ApiRequest, found: list[Hook]) -> list[HookView]:
    services = request.services
    return hook_views.of(services.database, services.box, request.requester, found)


def _answer(request: ApiRequest, hook: Hook) -> ApiResponse:
    [view] = _views(request, [hook])
    return ApiResponse(HookAnswer.of(view))


def _saved(request: ApiRequest, saved: Saved) -> ApiResponse:
    """After a change the secret is shown where there is a new one, and not spoken of otherwise."""
    [view] = _views(request, [saved.hook])
    secret = {} if saved.secret is None else {"secret": saved.secret}
    return ApiResponse(HookWithSecret.of(view, **secret), headers=_warned(saved))


def _warned(saved: Saved) -> dict[str, str]:
    """A word to whoever chose the secret, beside an answer that clients know."""
    warning = signing_secret.warning(saved.secret)
    return {"X-Hub-Warning": warning} if warning else {}


def send_ping(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        PingAnswer.of(request.services.pings.send(request.requester, request.project, request.path["id"]))
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

    @classmethod
    def of(cls, sent: Ping) -> "PingAnswer":
        outcome = sent.outcome
        return cls(
            hook_id=sent.hook_id,
            delivery_id=sent.delivery_id,
            event_id=sent.event_id,
            success=outcome.kind == "success",
            status=outcome.status,
            reason=outcome.reason,
            phase=outcome.phase,
            duration_ms=round(outcome.duration_s * 1000, 1),
        )


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
    Call("POST", "/hooks", create, "Subscribe", _OWN, HookWithSecret, 201, NewHook, problems=(409,),
         headers=("Location", "X-Hub-Warning")),
    Call("GET", "/hooks/{id}", get, "One hook", _LOOK, HookAnswer),
    Call("PATCH", "/hooks/{id}", update, "Change a hook", _OWN, HookWithSecret, body=HookUpdate,
         problems=(409,), headers=("X-Hub-Warning",)),
    Call("PUT", "/hooks/{id}", update, "Change a hook: the same as PATCH", _OWN, HookWithSecret,
         body=HookUpdate, problems=(409,), headers=("X-Hub-Warning",)),
    Call("DELETE", "/hooks/{id}", delete, "Unsubscribe", _OWN, Deleted, problems=(409,)),
    Call("POST", "/hooks/{id}/enable", enable, "Switch a hook on; what was held is sent", ("manage",),
         HookAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/disable", disable, "Switch a hook off", ("manage",), HookAnswer,
         problems=(409,)),
    Call("POST", "/hooks/{id}/ping", send_ping, "Send a test, once", _OWN, PingAnswer, problems=(409,)),
    Call("POST", "/hooks/{id}/rotate-secret", rotate_secret, "Give a hook a new secret", ("manage",),
         HookWithSecret, body=RotateInput, is_body_optional=True, problems=(409,),
         headers=("X-Hub-Warning",)),
    Call("POST", "/hooks/{id}/take-over", take_over, "Make an app's hook the page's", ("manage",), HookAnswer,
         problems=(409,)),
    Call("GET", "/hooks/{id}/samples", samples, "Payloads exactly as this hook would get them", _LOOK,
         list[dict[str, Any]], query=SamplesQuery),
)  # fmt: skip
