"""The calls about the settings that admins tune while the hub runs: their shape, made from the table of
settings.

What they do is `operations.settings`'; what a value may be `rules.settings` decides.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model

from hub.rules.settings import DEFINITIONS, Definition, Settings
from hub.web.api.calls import ApiRequest, ApiResponse, Call


class DefinitionAnswer(BaseModel):
    default: int | float | list[float]
    unit: str
    minimum: float
    maximum: float
    help: str


def _described(schema: dict[str, Any]) -> None:
    """The fields of `SettingsInput`, for the document."""
    schema["additionalProperties"] = False
    schema["properties"] = {
        key: TypeAdapter(definition.type).json_schema() for key, definition in DEFINITIONS.items()
    }


class SettingsInput(BaseModel):
    """Any of the settings; what is left out stays as it is."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_described)


def _shown_as(definition: Definition) -> Any:
    if definition.is_list:
        return list[float]
    return int if definition.is_whole else float


_SHOWN: Any = {
    **{key: (_shown_as(definition), ...) for key, definition in DEFINITIONS.items()},
    "definitions": (dict[str, DefinitionAnswer], ...),
}
SettingsAnswer: Any = create_model(
    "SettingsAnswer",
    __doc__="The values in force, and beside them what each one means.",
    **_SHOWN,
)


def get_settings(request: ApiRequest) -> ApiResponse:
    return ApiResponse(_answer(request.services.settings.get(request.requester)))


def update_settings(request: ApiRequest) -> ApiResponse:
    wanted: SettingsInput = request.body
    return ApiResponse(_answer(request.services.settings.update(request.requester, wanted.model_extra or {})))


def _answer(tuned: Settings) -> dict[str, Any]:
    definitions = {
        key: {
            "default": definition.default,
            "unit": definition.unit,
            "minimum": definition.minimum,
            "maximum": definition.maximum,
            "help": definition.help,
        }
        for key, definition in DEFINITIONS.items()
    }
    return {**tuned.as_dict(), "definitions": definitions}


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/settings", get_settings, "The settings in force", _ADMIN, SettingsAnswer,
         is_about_project=False, tag="admin"),
    Call("PATCH", "/settings", update_settings, "Change settings; they count at once, everywhere", _ADMIN,
         SettingsAnswer, body=SettingsInput, is_about_project=False, tag="admin"),
)  # fmt: skip
