"""What calls take and answer, as types: they validate requests and make the OpenAPI document.

Owns the names and shapes of contract §4. It must never hold logic beyond what a field may be. Answers are
built by `of` functions beside the handlers; inputs refuse unknown fields, so that a misspelt one is not
silently without effect.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.rules.access import Scope
from hub.rules.matching import EVENT_TYPE_MAX_LENGTH
from hub.rules.payload import KEY_MAX_LENGTH

EVENT_TYPE_PATTERN = r"^[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*$"
"""For the document; `rules.matching` decides."""


def _clean(text: str) -> str:
    """PostgreSQL has no NUL in texts."""
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


Text = Annotated[str, AfterValidator(_clean)]
Name = Annotated[Text, Field(max_length=200)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Deleted(BaseModel):
    id: str
    deleted: bool


class PublishInput(Input):
    """One event; `data` is kept and sent byte for byte. For the document only: `rules.payload` reads
    events.
    """

    type: str = Field(examples=["story.create"], max_length=EVENT_TYPE_MAX_LENGTH, pattern=EVENT_TYPE_PATTERN)
    data: dict[str, Any]
    id: Annotated[str, Field(min_length=1, max_length=KEY_MAX_LENGTH)] | None = Field(
        None, description="Your idempotency key, good for seven days"
    )
    occurred_at: str | None = Field(None, description="ISO 8601, now if left out")


class ReceiptAnswer(BaseModel):
    id: str
    type: str
    timestamp: str
    deliveries: int
    duplicate: bool


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


class EventTypeAnswer(BaseModel):
    id: str
    name: str
    description: str
    group: str


class EventTypeInput(Input):
    id: Annotated[str, Field(max_length=128)]
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
