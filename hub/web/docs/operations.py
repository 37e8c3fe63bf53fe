"""From a row of the table of calls to an operation of the OpenAPI document.

Owns its parameters, its statuses and its name. Beside it: `publishing` and `open_calls`, the operations that
are no `Call`.
"""

from collections.abc import Sequence
from typing import Any

from hub.rules.keys import PROJECT_KEY_PATTERN
from hub.web.api.calls import Call
from hub.web.api.models import PLAIN
from hub.web.api.queries import Paged, Query
from hub.web.docs import examples
from hub.web.docs.responses import header, problem_refs
from hub.web.docs.schemas import ForGenerators, Schemas

Json = dict[str, Any]

JSON_TYPE = "application/json"
BODY_STATUSES = (400, 408, 413, 415, 422)
"""What any call with a body may answer: no JSON, too slow, too large, another content type, wrong fields."""
FAULT_STATUSES = (500, 503)

PROJECT: Json = {
    "name": "project",
    "in": "query",
    "description": "The project's key; only a server-wide token needs it",
    "schema": {"type": "string", "pattern": PROJECT_KEY_PATTERN},
}


def statuses(call: Call) -> list[int]:
    """Every problem that this call may answer."""
    found = {401, 422, *FAULT_STATUSES, *call.problems}
    if call.scopes or call.is_about_project:
        found.add(403)
    if "{" in call.path or call.is_about_project:
        found.add(404)
    if call.body is not None:
        found.update(BODY_STATUSES)
    return sorted(found)


def operation(call: Call, schemas: Schemas) -> Json:
    parameters = [_path_parameter(name) for name in _names_in(call.path)] + _query_parameters(call.query)
    if call.is_about_project:
        parameters.append({"$ref": "#/components/parameters/project"})
    said = examples.of(call.method, call.path)
    content: Json = {"schema": schemas.answer(call)}
    if said.answer is not None:
        content["example"] = said.answer
    answer: Json = {"description": examples.phrase(call.status), "content": {JSON_TYPE: content}}
    names = ("Link", *call.headers) if issubclass(call.query, Paged) else call.headers
    headers = {name: header(name) for name in names}
    if headers:
        answer["headers"] = headers
    found: Json = {
        "operationId": operation_id(call.method, call.path),
        "summary": call.summary,
        "description": scope_text(call.scopes),
        "tags": [call.tag],
        "parameters": parameters,
        "responses": {str(call.status): answer, **problem_refs(statuses(call))},
    }
    if call.body is not None:
        body: Json = {"schema": schemas.body(call)}
        if said.bodies:
            body["examples"] = {name: {"value": value} for name, value in said.bodies.items()}
        found["requestBody"] = {"required": not call.is_body_optional, "content": {JSON_TYPE: body}}
    return found


def _names_in(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(model: type[Query]) -> list[Json]:
    described = model.model_json_schema(schema_generator=ForGenerators)
    required = described.get("required", [])
    return [
        _query_parameter(name, schema, name in required)
        for name, schema in described.get("properties", {}).items()
    ]


def _query_parameter(name: str, described: Json, is_required: bool) -> Json:
    """A parameter that may be left out is not null: it is not there."""
    given: Json = next((one for one in described.get("anyOf", ()) if one != {"type": "null"}), {})
    if given.get("type", described.get("type")) == "string" and not {"pattern", "enum"} & given.keys():
        given = {**given, "pattern": PLAIN}
    about = {key: value for key, value in described.items() if key not in ("anyOf", "title", "description")}
    return {
        "name": name,
        "in": "query",
        "required": is_required,
        "description": described["description"],
        "schema": {**given, **about},
    }


def operation_id(method: str, path: str) -> str:
    """`POST /hooks/{id}/rotate-secret` → `post_hooks_id_rotate_secret`."""
    words = [word.strip("{}").replace("-", "_") for word in path.split("/") if word]
    return "_".join([method.lower(), *words])


def scope_text(scopes: Sequence[str]) -> str:
    return (
        f"Needs the scope {' or '.join(f'`{scope}`' for scope in scopes)}."
        if scopes
        else "Any token will do."
    )
