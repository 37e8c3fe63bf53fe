"""The calls about a project's connectors: which there are, and which are on.

Owns their shape. It must never switch one on for more than the project it was asked for.
"""

from typing import Any, Literal

from pydantic import BaseModel

from connectors import registry
from hub.errors import NotFound
from hub.store import audit, projects
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
    is_on = request.services.database.read(lambda: projects.connectors(request.project.id))
    return ApiResponse([_connector_answer(key, key in is_on) for key in registry.connector_keys()])


def switch_connector(request: ApiRequest) -> ApiResponse:
    key, is_on = request.path["key"], request.body.enabled
    if key not in registry.connector_keys():
        raise NotFound(
            f"there is no connector {key}; there are: {', '.join(registry.connector_keys())}",
            title="No such connector",
        )
    database, project_id = request.services.database, request.project.id

    def write() -> None:
        now = database.clock.now()
        was_on = key in projects.connectors(project_id)
        if is_on != was_on:
            projects.switch_connector(project_id, key, is_on, request.requester.name, now)
            audit.add(
                now, request.requester, "connector.switched", key, project_id, {"enabled": [was_on, is_on]}
            )

    database.write(write).result()
    return ApiResponse(_connector_answer(key, is_on))


def _connector_answer(key: str, is_on: bool) -> dict[str, Any]:
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
    Call("GET", "/connectors", list_connectors, "The connectors, and which are on", ("read", "manage"), list[ConnectorAnswer], tag="hooks"),
    Call("PATCH", "/connectors/{key}", switch_connector, "Switch a connector on or off for the project", _MANAGE, ConnectorAnswer,
         body=ConnectorInput, tag="hooks"),
)  # fmt: skip
