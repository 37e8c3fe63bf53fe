"""Hooks as the API takes them: names and aliases of the fields, and what null means.

Plain types are checked here, everything else by `rules.hook_fields`, whose limits the document shows. Inputs
refuse unknown fields, so that a misspelt one is not silently without effect. Step after:
`operations.subscriptions` gets a `HookChange`.
"""

from typing import Annotated, Any, Self

import msgspec
from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from connectors import registry
from hub.errors import FieldError, Invalid
from hub.rules import filters, format_fields, hook_fields, pace, signing_secret
from hub.rules import headers as header_rules
from hub.rules.hook_fields import Handshake, HookChange
from hub.rules.targets import MAX_URL_CHARS
from hub.rules.templating.template import SOURCE_MAX
from hub.web.api.hook_answers import HookAnswer
from hub.web.api.hook_filters import GivenFilter
from hub.web.api.models import PLAIN, EventPattern, Input, documented

TARGET_ALIASES = ("url", "hookUrl", "target", "callback_url", "notification_url", "subscription_url")
"""What other subscribers call `target_url`; the last is sent beside it by Zapier's form builder."""

_EMPTY: dict[str, Any] = {
    "name": "",
    "headers": {},
    "secret": None,
    "handshake": None,
    "filter": None,
    "template": None,
    "settings": {},
    **{name: getattr(pace.PLAIN, name) for name in pace.FIELDS},
}
"""What null means in a change; the other fields cannot be null."""

_CHECKED_ALONE = ("name", "format", "handshake", "secret", "headers", "filter", "template", "delay_s")
"""What can be checked before the hook is known."""


_URL_PATTERN = r"^([Hh][Tt][Tt][Pp][Ss]?://|[Mm][Aa][Ii][Ll][Tt][Oo]:|[Bb][Rr][Oo][Kk][Ee][Rr]://)[^\u0000-\u0020\u007f#\\]+$"
_HEADER_NAME_PATTERN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_HEADER_VALUE_PATTERN = (
    r"^([\u0021-\u007e\u0080-\u00ff]([\t\u0020-\u007e\u0080-\u00ff]*[\u0021-\u007e\u0080-\u00ff])?)?$"
)


def _has_type(name: str, value: Any) -> bool:
    """Whether a field may be looked at although the model as a whole was not made."""
    if name == "headers":
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if name == "delay_s":
        return isinstance(value, int | float)
    return isinstance(value, str) or name == "filter"


Secret = Annotated[str, documented(minLength=1, maxLength=signing_secret.LENGTH_MAX, pattern=PLAIN)]
_Url = Annotated[str, documented(pattern=_URL_PATTERN, maxLength=MAX_URL_CHARS)]
_Patterns = Annotated[list[EventPattern], documented(minItems=1, maxItems=hook_fields.EVENTS_MAX)]
_Format = Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=registry.format_keys()))]
_Headers = Annotated[
    dict[str, str],
    documented(
        maxProperties=header_rules.MAX_HEADERS,
        propertyNames={"pattern": _HEADER_NAME_PATTERN, "maxLength": header_rules.MAX_NAME_CHARS},
        additionalProperties={
            "type": "string",
            "pattern": _HEADER_VALUE_PATTERN,
            "maxLength": header_rules.MAX_VALUE_CHARS,
        },
    ),
]


_Template = Annotated[
    str,
    documented(minLength=1, maxLength=SOURCE_MAX, pattern=PLAIN),
    Field(
        description="What is sent instead of the format's own body: "
        "text with `{{ field }}` (docs/templates.md)"
    ),
]
_Settings = Annotated[
    dict[str, str],
    documented(
        maxProperties=format_fields.SETTINGS_MAX,
        additionalProperties={"type": "string", "maxLength": format_fields.VALUE_MAX, "pattern": PLAIN},
    ),
    Field(description="What the format needs besides the URL, such as Telegram's `chat_id` (docs/chats.md)"),
]

_DelayS = Annotated[
    float,
    documented(minimum=0, maximum=pace.LONGEST_S),
    Field(description="Each event is sent so many seconds after it came in (docs/pace.md)"),
]
_Ordering = Annotated[
    pace.Ordering,
    Field(description="`fifo`: one after the other, as they came; one that fails stops those behind it"),
]
_OnFailure = Annotated[
    pace.OnFailure,
    Field(
        description="In order, one that has failed for good is given up (`wait`), or stops the hook (`hold`)"
    ),
]
_ScheduleS = Annotated[
    list[Annotated[float, documented(minimum=0, maximum=pace.LONGEST_S)]],
    documented(maxItems=pace.STEPS_MAX),
    Field(description="Its own waits between the tries of one delivery; null: the server's"),
]

_NEEDED = ("target_url", "events")


def _described(schema: dict[str, Any]) -> None:
    """One name for each field: clients that are generated would offer them all. No null where it means
    nothing.
    """
    fields = schema["properties"]
    for name, field in fields.items():
        if name not in _EMPTY:
            _without_null(field)
    others = ", ".join(f"`{alias}`" for alias in TARGET_ALIASES)
    fields["target_url"]["description"] = f"Where to send to. Also taken under another name: {others}"
    patterns = {key: fields["events"].pop(key) for key in ("type", "items", "minItems", "maxItems")}
    fields["events"]["anyOf"] = [patterns, patterns["items"]]
    fields["events"]["description"] = "What to send: patterns, or one of them. `event` is another name for it"


def described_as_new(schema: dict[str, Any]) -> None:
    """What is needed is required; null is as good as nothing for the rest."""
    optional = {name: {**field} for name, field in schema["properties"].items() if name not in _NEEDED}
    _described(schema)
    schema["properties"].update(optional)
    schema["required"] = list(_NEEDED)


def _without_null(field: dict[str, Any]) -> None:
    field.update(next(one for one in field.pop("anyOf") if one != {"type": "null"}))


class RateLimit(Input):
    """So many requests at once, and so many in so many seconds, evenly."""

    count: Annotated[int, documented(minimum=1, maximum=pace.COUNT_MAX)]
    per_s: Annotated[float, documented(minimum=pace.PER_S_MIN, maximum=pace.LONGEST_S)]


class Digest(Input):
    """What comes within a window goes in one request, at once when so many wait."""

    window_s: Annotated[float, documented(minimum=pace.WINDOW_MIN_S, maximum=pace.LONGEST_S)]
    max: Annotated[int, documented(minimum=1, maximum=pace.DIGEST_MAX)]


class HookFields(Input):
    """The fields of a hook that can be set; all optional here, for a change."""

    model_config = ConfigDict(json_schema_extra=_described)

    target_url: _Url | None = None
    events: _Patterns | None = None
    name: Annotated[str, documented(maxLength=hook_fields.NAME_MAX, pattern=PLAIN)] | None = None
    enabled: bool | None = None
    secret: Secret | None = None
    verify_ssl: bool | None = None
    format: _Format | None = None
    headers: _Headers | None = None
    manual_edit: bool | None = None
    handshake: Handshake | None = None
    filter: GivenFilter = None
    template: _Template | None = None
    settings: _Settings | None = None
    rate_limit: RateLimit | None = None
    digest: Digest | None = None
    delay_s: _DelayS | None = None
    ordering: _Ordering | None = None
    fifo_on_failure: _OnFailure | None = None
    retry_schedule_s: _ScheduleS | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _name_all_at_once(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Where a type is wrong, also say what else is."""
        try:
            return handler(values)
        except ValidationError as refused:
            if not isinstance(values, dict):
                raise
            wrong = {one["loc"][0] for one in refused.errors() if one["loc"]}
            rest = {
                n: v for n, v in values.items() if n in _CHECKED_ALONE and n not in wrong and _has_type(n, v)
            }
            also = _wrong_besides(rest, handler)
            raise _refusal([(tuple(field.split(".", 1)), text) for field, text in also], refused) from None

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
            elif not isinstance(values.get(name), list | None):
                raise _refusal(
                    [(("events",), "must be an event type such as story.create, or a list of them")]
                )
        _merge(values, "events", ("event",))
        return values

    def change(self) -> HookChange:
        """What is asked for. Raises: Invalid for null where there must be something."""
        given = {name: getattr(self, name) for name in hook_fields.FIELDS if name in self.model_fields_set}
        empty = [name for name, value in given.items() if value is None]
        if wrong := [(name, "must not be null") for name in empty if name not in _EMPTY]:
            raise Invalid(wrong)
        return _change({**given, **{name: _EMPTY[name] for name in empty}})


def _wrong_besides(fields: dict[str, Any], handler: ModelWrapValidatorHandler[Any]) -> list[FieldError]:
    try:
        handler(fields)
    except ValidationError:  # of another type too: that has not been looked at yet
        return []
    return hook_fields.errors_anywhere(_change(fields), registry.format_keys())


class NewHook(HookFields):
    """The fields of a new hook: a target and at least one event are needed."""

    model_config = ConfigDict(json_schema_extra=described_as_new)

    def change(self) -> HookChange:
        """What is asked for; null is as good as nothing."""
        given = {name: getattr(self, name) for name in hook_fields.FIELDS if name in self.model_fields_set}
        return _change({name: value for name, value in given.items() if value is not None})


def _change(given: dict[str, Any]) -> HookChange:
    if "events" in given:
        given["events"] = tuple(given["events"])
    if given.get("filter") is not None:
        given["filter"] = filters.read(given["filter"])
    if given.get("rate_limit") is not None:
        given["rate_limit"] = pace.RateLimit(given["rate_limit"].count, given["rate_limit"].per_s)
    if given.get("digest") is not None:
        given["digest"] = pace.Digest(given["digest"].window_s, given["digest"].max)
    if given.get("retry_schedule_s") is not None:
        given["retry_schedule_s"] = tuple(given["retry_schedule_s"])
    return HookChange(**given)


def _merge(values: dict[str, Any], name: str, aliases: tuple[str, ...]) -> None:
    """Put what was given under an alias under the field's own name; null beside another name is absent."""
    given = {alias: values.pop(alias) for alias in (name, *aliases) if alias in values}
    if not given:
        return
    said = {alias: value for alias, value in given.items() if value is not None} or given
    first, *others = said
    for other in others:
        if said[other] != said[first]:
            raise _refusal([((other,), f"is not the same as {first}: give one of them")])
    values[name] = said[first]


def _refusal(
    errors: list[tuple[tuple[str, ...], str]], beside: ValidationError | None = None
) -> ValidationError:
    """What a validator raises to name other fields than the one it is for, beside what pydantic found."""
    details = [
        InitErrorDetails(
            type=PydanticCustomError("refused", one["msg"]) if one["type"] == "refused" else one["type"],
            loc=one["loc"],
            input=one["input"],
            ctx=one.get("ctx", {}),
        )
        for one in (beside.errors() if beside else ())
    ]
    details += [
        InitErrorDetails(type=PydanticCustomError("refused", "{text}", {"text": text}), loc=at, input=None)
        for at, text in errors
    ]
    return ValidationError.from_exception_data("refused", details)


READ_ONLY = tuple(name for name in HookAnswer.model_fields if name not in HookFields.model_fields)


class _WrittenBack(HookFields):
    """A change of a hook. What is shown of one and cannot be set may come back with it, as it is."""

    def check_read_only(self, now: HookAnswer, after: HookAnswer) -> None:
        """Raises: Invalid for a read-only field that is neither as it is now, nor as this change makes it,
        nor what it may have been when it was read.
        """
        shown, made = now.model_dump(), after.model_dump()
        wrong = [
            (name, f"cannot be set; it is {msgspec.json.encode(shown[name]).decode()}: leave it out")
            for name in READ_ONLY
            if name in self.model_fields_set
            and (value := getattr(self, name)) not in (shown[name], made[name])
            and not _may_have_been(name, value, shown)
        ]
        if wrong:
            raise Invalid(wrong)


_read_only: dict[str, Any] = dict.fromkeys(READ_ONLY, (SkipJsonSchema[Any], None))  # type: ignore[misc]
HookUpdate = create_model("HookUpdate", __base__=_WrittenBack, **_read_only)
"""Its read-only fields are in no document: they are taken, not asked for."""


def _may_have_been(name: str, value: Any, shown: dict[str, Any]) -> bool:
    """True for an older value of what moves by itself between reading and writing."""
    if name in ("last_success_at", "updated_at"):
        return value is None or (isinstance(value, str) and value <= (shown[name] or ""))
    return name in ("last_error", "next_attempt_at") and shown["state"] == "failing"
