"""The call about notices: its shape. What it shows is `operations.notices`'."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from hub.rules import notices as rules
from hub.store.notices import Notice
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.queries import Paged
from hub.web.wording import NUMBER_PATTERN


class Subject(BaseModel):
    kind: Literal["hook", "source", "schedule", "connection", "hub"]
    id: str
    name: str


_SUBJECTS: dict[rules.Kind, str] = {
    "source_refuses": "source",
    "schedule_missed": "schedule",
    "connection": "connection",
    "hub": "hub",
}


class NoticeAnswer(BaseModel):
    id: str
    kind: rules.Kind
    subject: Subject
    title: str = Field(description="What has happened, in words")
    reason: str
    count: int
    first_at: str
    last_at: str
    next_at: str | None = Field(description="When a failing hook is tried next")
    told_at: str | None = Field(description="When the first person was told, by mail or on the page")
    closed_at: str | None


class NoticeQuery(Paged):
    state: Literal["open", "all"] = Field("open", description="Only what needs attention now, or all")
    before: str | None = Field(
        None, pattern=NUMBER_PATTERN, description="Only what is older than this id: the next page"
    )


def list_notices(request: ApiRequest) -> ApiResponse:
    wanted: NoticeQuery = request.query
    found = request.services.notices.list(
        request.requester,
        request.project,
        open_only=wanted.state == "open",
        before=None if wanted.before is None else min(int(wanted.before), 2**31 - 1),
        limit=wanted.limit,
    )
    return request.page(found, [_answer(one) for one in found])


def _answer(one: Notice) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "kind": one.kind,
        "subject": {"kind": _SUBJECTS.get(one.kind, "hook"), "id": one.subject_id, "name": one.title},
        "title": rules.words(one.kind),
        "reason": one.reason,
        "count": one.count,
        "first_at": iso(one.first_at),
        "last_at": iso(one.last_at),
        "next_at": iso_or_none(one.next_at),
        "told_at": iso_or_none(one.told_at),
        "closed_at": iso_or_none(one.closed_at),
    }


CALLS = (
    Call("GET", "/notices", list_notices, "What needs attention, newest first", ("read", "manage"),
         list[NoticeAnswer], query=NoticeQuery, tag="notices"),
)  # fmt: skip
