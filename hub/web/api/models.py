"""What calls take and answer, as types: they validate requests and make the OpenAPI document.

Owns the names and shapes of contract §4. It must never hold logic beyond what a field may be. Answers are
built by `of` functions beside the handlers; inputs refuse unknown fields, so that a misspelt one is not
silently without effect.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from connectors import registry
from connectors.signing import key_bytes
from hub.rules import headers as header_rules
from hub.rules.access import Scope
from hub.rules.matching import EVENT_TYPE_MAX_LENGTH
from hub.rules.payload import KEY_MAX_LENGTH

EVENT_TYPE_PATTERN = r"^[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*$"
"""For the document; `rules.matching` decides."""
TARGET_ALIASES = ("url", "hookUrl", "target", "callback_url", "notification_url", "subscription_url")
"""What other subscribers call `target_url` (contract §4; the last is sent beside it by Zapier's form
builder).
"""


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


def _format(key: str) -> str:
    if key not in registry.format_keys():
        raise ValueError(f"must be one of {', '.join(registry.format_keys())}")
    return key


def _headers(headers: dict[str, str]) -> dict[str, str]:
    wrong = header_rules.check_headers(headers)
    if wrong:
        raise _refusal([((name,) if name else (), message) for name, message in wrong])
    return headers


def _refusal(errors: list[tuple[tuple[str, ...], str]]) -> ValidationError:
    """What a validator raises to name other fields than the one it is for: pydantic puts its own location
    before theirs.
    """
    details = [
        InitErrorDetails(type=PydanticCustomError("refused", "{text}", {"text": text}), loc=at, input=None)
        for at, text in errors
    ]
    return ValidationError.from_exception_data("refused", details)


Format = Annotated[
    str,
    Field(max_length=20, json_schema_extra=lambda schema: schema.update(enum=registry.format_keys())),
    AfterValidator(_format),
]
Headers = Annotated[
    dict[str, str],
    Field(json_schema_extra={"maxProperties": header_rules.MAX_HEADERS}),
    AfterValidator(_headers),
]
Pattern = Annotated[
    str, Field(max_length=EVENT_TYPE_MAX_LENGTH + 2, examples=["story.create", "story.*", "*"])
]


def _with_aliases(schema: dict[str, Any]) -> None:
    """Say in the document what `_merge_aliases` takes beside the fields' own names."""
    fields = schema["properties"]
    for alias in TARGET_ALIASES:
        fields[alias] = {"type": "string", "description": "Another name for `target_url`"}
    pattern = fields["events"]["anyOf"][0]["items"]
    fields["events"]["anyOf"].insert(1, pattern)
    fields["event"] = {"anyOf": fields["events"]["anyOf"], "description": "Another name for `events`"}


class HookFields(Input):
    """The fields of a hook that can be set; all optional here, for a change."""

    model_config = ConfigDict(json_schema_extra=_with_aliases)

    target_url: Annotated[Text, Field(max_length=2048)] | None = None
    events: Annotated[list[Pattern], Field(max_length=1000)] | None = None
    name: Name | None = None
    enabled: bool | None = None
    secret: Secret | None = None
    verify_ssl: bool | None = None
    format: Format | None = None
    headers: Headers | None = None
    manual_edit: bool | None = None
    handshake: Literal["rest-hooks", "cloudevents"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _merge_aliases(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = dict(values)
        _merge(values, "target_url", TARGET_ALIASES)
        for name in ("event", "events"):
            if isinstance(values.get(name), str):
                values[name] = [values[name]]
        _merge(values, "events", ("event",))
        return values


def _with_needed(schema: dict[str, Any]) -> None:
    _with_aliases(schema)
    targets = [{"required": [name]} for name in ("target_url", *TARGET_ALIASES)]
    schema["allOf"] = [{"anyOf": targets}, {"anyOf": [{"required": ["event"]}, {"required": ["events"]}]}]


class NewHook(HookFields):
    """The fields of a new hook: a target and at least one event are needed, under one of their names."""

    model_config = ConfigDict(json_schema_extra=_with_needed)


def _merge(values: dict[str, Any], name: str, aliases: tuple[str, ...]) -> None:
    """Put what was given under an alias under the field's own name."""
    given = {alias: values.pop(alias) for alias in (name, *aliases) if alias in values}
    if not given:
        return
    first, *others = given
    for other in others:
        if given[other] != given[first]:
            raise _refusal([((other,), f"is not the same as {first}: give one of them")])
    values[name] = given[first]


class HookOrigin(BaseModel):
    kind: Literal["page", "api", "app"]
    app: str | None = Field(description="The connector's key, for an app's hook")
    created_by: str
    created_at: str


HookState = Literal["active", "failing", "disabled", "auto_disabled", "gone"]


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
    state: HookState
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
