"""The calls about the settings that admins tune while the hub runs.

Owns their shape: the values in force, and what each one means. It must never decide what a value may be:
`rules.settings` does.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from hub.errors import Invalid
from hub.rules.settings import DEFINITIONS, SCHEDULE_MAX_STEPS, Definition, SettingRefused, Settings, checked
from hub.store import audit, settings
from hub.web.api.calls import ApiRequest, ApiResponse, Call


class DefinitionAnswer(BaseModel):
    default: int | float | list[float]
    unit: str
    minimum: float
    maximum: float
    help: str


class SettingsAnswer(BaseModel):
    """The values in force, and beside them what each one means."""

    failure_limit: int
    retry_schedule_s: list[float]
    attempt_timeout_s: float
    connect_timeout_s: float
    max_in_flight_per_hook: int
    max_event_bytes: int
    max_hooks_per_project: int
    retention_days: float
    hold_days: float
    definitions: dict[str, DefinitionAnswer]


def _described(schema: dict[str, Any]) -> None:
    """What `checked` takes, for the document."""
    schema["additionalProperties"] = False
    schema["properties"] = {key: _schema_of(definition) for key, definition in DEFINITIONS.items()}


def _schema_of(definition: Definition) -> dict[str, Any]:
    number = {
        "type": "integer" if definition.is_whole else "number",
        "minimum": definition.minimum,
        "maximum": definition.maximum,
    }
    about = {"description": f"{definition.help} ({definition.unit})"}
    return (
        {"type": "array", "items": number, "maxItems": SCHEDULE_MAX_STEPS, **about}
        if definition.is_list
        else {**number, **about}
    )


class SettingsInput(BaseModel):
    """Any of the settings; what is left out stays as it is."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_described)


def get_settings(request: ApiRequest) -> ApiResponse:
    return ApiResponse(_settings_answer(request.services.database.read(settings.load)))


def change_settings(request: ApiRequest) -> ApiResponse:
    values: dict[str, Any] = {}
    errors = []
    for key, value in (request.body.model_extra or {}).items():
        try:
            values[key] = checked(key, value)
        except SettingRefused as refused:
            errors.append((key, str(refused)))
    if errors:
        raise Invalid(errors, title="Wrong settings")
    database = request.services.database

    def write() -> Settings:
        before = settings.load().as_dict()
        settings.change(values)
        fields = {key: [before[key], value] for key, value in values.items() if value != before[key]}
        if fields:
            audit.add(database.clock.now(), request.requester, "settings.changed", "settings", fields=fields)
        return settings.load()

    after = database.write(write).result()
    request.callers.forget()
    request.services.wake()
    return ApiResponse(_settings_answer(after))


def _settings_answer(tuned: Settings) -> dict[str, Any]:
    defaults = Settings().as_dict()
    definitions = {
        key: {
            "default": defaults[key],
            "unit": d.unit,
            "minimum": d.minimum,
            "maximum": d.maximum,
            "help": d.help,
        }
        for key, d in DEFINITIONS.items()
    }
    return {**tuned.as_dict(), "definitions": definitions}


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/settings", get_settings, "The settings in force", _ADMIN, SettingsAnswer, is_about_project=False, tag="admin"),
    Call("PATCH", "/settings", change_settings, "Change settings; they count at once, everywhere", _ADMIN, SettingsAnswer,
         body=SettingsInput, is_about_project=False, tag="admin"),
)  # fmt: skip
