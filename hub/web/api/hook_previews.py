"""`POST /hooks/preview`: fields of a hook and an event, before anything is saved.

Owns the call's shapes; `operations.hook_preview` says what comes of it.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import Invalid
from hub.operations.hook_preview import HookPreview, PreviewRequest
from hub.rules.filters import Failed
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.hook_inputs import NewHook, described_as_new
from hub.web.api.models import Text


def _described(schema: dict[str, Any]) -> None:
    described_as_new(schema)
    schema["required"] = [*schema["required"], "event_id"]
    event_id = schema["properties"]["event_id"]
    event_id.update(next(one for one in event_id.pop("anyOf") if one != {"type": "null"}))


class HookPreviewInput(NewHook):
    """The fields of a new hook, and the event that it is tried on."""

    model_config = ConfigDict(json_schema_extra=_described)

    event_id: Text | None = Field(None, description="An event of this project")


class FailedRow(BaseModel):
    path: str = Field(examples=["filter.any[0].all[0]"])
    row: str = Field(examples=["state = 3"])
    found: str = Field(examples=["2"], description="What the event has there, shortened")

    @classmethod
    def of(cls, failed: Failed) -> "FailedRow":
        return cls(path=failed.path, row=failed.row, found=failed.found)


class PreviewedRequest(BaseModel):
    method: str
    url: str = Field(description="Masked where it is a credential")
    headers: dict[str, str] = Field(description="Credentials masked")
    body: str

    @classmethod
    def of(cls, built: PreviewRequest) -> "PreviewedRequest":
        body = built.body.decode("utf-8", "replace")
        return cls(method=built.method, url=built.url, headers=built.headers, body=body)


class HookPreviewAnswer(BaseModel):
    """Whether the hook would get the event, and exactly what would be sent; nothing is."""

    event_id: str
    matches: bool
    reason: str | None = Field(description="Why it would not get it")
    failed: FailedRow | None = Field(description="The first row of the filter that the event does not pass")
    request: PreviewedRequest | None
    problem: str | None = Field(description="Why there is no request, such as what the template says")

    @classmethod
    def of(cls, found: HookPreview) -> "HookPreviewAnswer":
        failed, built = found.failed, found.request
        return cls(
            event_id=found.event_id,
            matches=found.reason is None,
            reason=found.reason,
            failed=None if failed is None else FailedRow.of(failed),
            request=None if built is None else PreviewedRequest.of(built),
            problem=found.problem,
        )


def preview(request: ApiRequest) -> ApiResponse:
    wanted: HookPreviewInput = request.body
    if not wanted.event_id:
        raise Invalid([("event_id", "is missing: name an event of this project, as GET /events lists them")])
    found = request.services.hook_previews.of_new(
        request.requester, request.project, wanted.change(), wanted.event_id
    )
    return ApiResponse(HookPreviewAnswer.of(found))


CALLS = (
    Call("POST", "/hooks/preview", preview, "Try a hook on an event before it is saved", ("manage",),
         HookPreviewAnswer, body=HookPreviewInput),
)  # fmt: skip
