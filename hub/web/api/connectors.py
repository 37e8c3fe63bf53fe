"""The calls about a project's connectors, and which are on: their shape. What they do is
`operations.connectors`'.
"""

from typing import Any, Literal

from pydantic import BaseModel

from connectors import registry
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input


class ConnectorAnswer(BaseModel):
    key: str
    name: str
    summary: str
    edit_rule: Literal["full", "switch", "none"]
    docs: str
    enabled: bool


class ConnectorInput(Input):
    enabled: bool


def list_connectors(request: ApiRequest) -> ApiResponse:
    found = request.services.connectors.list(request.requester, request.project)
    return ApiResponse([_answer(key, is_on) for key, is_on in found.items()])


def update_connector(request: ApiRequest) -> ApiResponse:
    key, is_on = request.path["key"], request.body.enabled
    request.services.connectors.update(request.requester, request.project, key, is_on)
    return ApiResponse(_answer(key, is_on))


def _answer(key: str, is_on: bool) -> dict[str, Any]:
    connector = registry.connector(key)
    return {
        "key": key,
        "name": connector.name,
        "summary": connector.summary,
        "edit_rule": connector.edit_rule.value,
        "docs": connector.docs,
        "enabled": is_on,
    }


_MANAGE = ("manage",)

CALLS = (
    Call("GET", "/connectors", list_connectors, "The connectors, and which are on", ("read", "manage"),
         list[ConnectorAnswer], tag="hooks"),
    Call("PATCH", "/connectors/{key}", update_connector, "Switch a connector on or off for the project",
         _MANAGE, ConnectorAnswer, body=ConnectorInput, tag="hooks"),
)  # fmt: skip
