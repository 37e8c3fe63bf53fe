"""What calls take and answer, as types: they validate requests and make the OpenAPI document.

Owns what several calls share: texts, times, event types, project keys, events and their receipts. Inputs
refuse unknown fields, so that a misspelt one is not silently without effect.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.errors import Invalid
from hub.rules.access import Scope
from hub.rules.hook_fields import PATTERN_MAX
from hub.rules.keys import PROJECT_KEY_PATTERN
from hub.rules.matching import EVENT_TYPE_MAX_LENGTH
from hub.rules.payload import KEY_MAX_LENGTH
from hub.timestamps import parse_iso

WORDS = r"[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*"
EVENT_TYPE_PATTERN = f"^{WORDS}$"
PLAIN = r"^[^\u0000]*$"


def documented(**schema: Any) -> Any:
    """A limit that the document shows and a rule of `hub.rules` holds."""
    return Field(json_schema_extra=schema)


def _clean(text: str) -> str:
    """PostgreSQL has no NUL in texts."""
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


Text = Annotated[str, AfterValidator(_clean), documented(pattern=PLAIN)]
Name = Annotated[Text, Field(max_length=200)]


EventType = Annotated[
    str, documented(pattern=EVENT_TYPE_PATTERN, maxLength=EVENT_TYPE_MAX_LENGTH, examples=["story.create"])
]
EventPattern = Annotated[
    str,
    documented(
        pattern=rf"^(\*|{WORDS}(\.\*)?)$",
        maxLength=PATTERN_MAX,
        examples=["story.create", "story.*", "*"],
    ),
]
ProjectKey = Annotated[str, documented(pattern=PROJECT_KEY_PATTERN)]


def moment(field: str, text: str) -> float:
    """The time that a field says, in epoch seconds. Raises: Invalid."""
    try:
        return parse_iso(text)
    except ValueError as error:
        message = "must be an ISO 8601 time, such as 2026-11-23T21:04:06Z"
        raise Invalid([(field, message)]) from error


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Deleted(BaseModel):
    id: str
    deleted: bool


class PublishInput(Input):
    """One event; `data` is kept and sent byte for byte. For the document only: `rules.payload` reads
    events.
    """

    type: EventType
    data: dict[str, Any]
    id: Annotated[str, Field(min_length=1, max_length=KEY_MAX_LENGTH)] | None = Field(
        None, description="Your idempotency key, good for seven days"
    )
    occurred_at: str | None = Field(None, description="ISO 8601, now if left out")
    deliver_at: str | None = Field(
        None, description="ISO 8601, at most 30 days ahead: who gets it is asked then. At once if left out"
    )


class ReceiptAnswer(BaseModel):
    id: str
    type: str
    timestamp: str
    deliveries: int | None = Field(description="Null for one that waits for its time")
    duplicate: bool
    deliver_at: str | None = Field(description="Null for one that is delivered at once")


class ReceiptsAnswer(BaseModel):
    accepted: int
    events: list[ReceiptAnswer]


class Envelope(BaseModel):
    """An event, of the same shape as the `standard` payload."""

    id: str
    type: str
    timestamp: str
    project: str
    data: dict[str, Any]


class EventAnswer(Envelope):
    """An event that was published."""

    deliver_at: str | None = Field(None, description="Only while it waits for its time: when that is")


class EventTypeAnswer(BaseModel):
    id: str
    name: str
    description: str
    group: str


class EventTypeInput(Input):
    id: EventType
    name: Name = ""
    description: Annotated[Text, Field(max_length=1000)] = ""


class ProjectShort(BaseModel):
    key: str
    name: str


class Me(BaseModel):
    id: str
    name: str
    project: ProjectShort | None
    app: str | None
    scopes: list[Scope]
