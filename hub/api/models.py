"""What calls take and answer, as types: they validate requests and make the OpenAPI document.

Owns the names and shapes of contract §4. It must never hold logic beyond what a field may be. Answers are built by `of` functions beside
the handlers; inputs refuse unknown fields, so that a misspelt one is not silently without effect.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors import registry
from connectors.signing import key_bytes
from hub.rules import headers as header_rules
from hub.rules.access import Scope

TARGET_ALIASES = ("url", "hookUrl", "target", "callback_url", "notification_url", "subscription_url")
"""What other subscribers call `target_url` (contract §4; the last is sent beside it by Zapier's form builder)."""


def _clean(text: str) -> str:
    """PostgreSQL has no NUL in texts."""
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


Text = Annotated[str, AfterValidator(_clean)]
Name = Annotated[Text, Field(max_length=200)]


def _secret(text: str) -> str:
    try:
        key_bytes(text)
    except ValueError as error:
        raise ValueError(f"{error}") from error
    return text


Secret = Annotated[Text, Field(min_length=1, max_length=256), AfterValidator(_secret)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class HookFields(Input):
    """The fields of a hook that can be set; all optional here, for a change."""

    target_url: Annotated[Text, Field(max_length=2048)] | None = None
    events: list[Annotated[str, Field(max_length=130)]] | None = Field(None, max_length=1000)
    name: Name | None = None
    enabled: bool | None = None
    secret: Secret | None = None
    verify_ssl: bool | None = None
    format: Annotated[str, Field(max_length=20)] | None = None
    headers: dict[str, str] | None = None
    manual_edit: bool | None = None
    handshake: Literal["rest-hooks", "cloudevents"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _merge_aliases(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = dict(values)
        _merge(values, "target_url", TARGET_ALIASES)
        event = values.pop("event", None)
        if event is not None:
            events = event if isinstance(event, list) else [event]
            if values.get("events") not in (None, events):
                raise ValueError("give event or events, not both")
            values["events"] = events
        elif isinstance(values.get("events"), str):
            values["events"] = [values["events"]]
        return values

    @model_validator(mode="after")
    def _check(self) -> "HookFields":
        if self.format is not None and self.format not in registry.format_keys():
            raise ValueError(f"format: must be one of {', '.join(registry.format_keys())}")
        for name, message in header_rules.check_headers(self.headers or {}):
            raise ValueError(f"headers.{name}: {message}")
        return self


def _merge(values: dict[str, Any], name: str, aliases: tuple[str, ...]) -> None:
    given = {alias: values.pop(alias) for alias in (name, *aliases) if alias in values}
    if not given:
        return
    first = next(iter(given.values()))
    if any(value != first for value in given.values()):
        raise ValueError(f"{' and '.join(given)} disagree: give one")
    values[name] = first


class HookOrigin(BaseModel):
    kind: Literal["page", "api", "app"]
    app: str | None = Field(description="The connector's key, for an app's hook")
    created_by: str
    created_at: str


class HookAnswer(BaseModel):
    """A hook. Its secret is in the answer of the call that made or changed it, and nowhere else."""

    id: str
    target_url: str
    events: list[str]
    name: str
    enabled: bool
    verify_ssl: bool
    format: str
    headers: dict[str, str] = Field(description="Names with masked values")
    manual_edit: bool
    handshake: str | None
    state: Literal["active", "failing", "disabled", "auto_disabled", "gone"]
    has_secret: bool
    origin: HookOrigin
    can_edit: bool = Field(description="Whether this token may change its fields")
    consecutive_failures: int
    last_error: str | None
    last_success_at: str | None
    disabled_reason: str | None
    next_attempt_at: str | None
    created_at: str
    updated_at: str


class HookWithSecret(HookAnswer):
    secret: str | None = Field(None, description="Shown this once")


class Deleted(BaseModel):
    id: str
    deleted: Literal[True]


class PublishInput(BaseModel):
    """One event; `data` is kept and sent byte for byte."""

    type: str = Field(examples=["story.create"])
    data: dict[str, Any]
    id: str | None = Field(None, description="Your idempotency key, good for seven days")
    occurred_at: str | None = Field(None, description="ISO 8601")


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
