"""The OpenAPI document as a client reads it, and whether a value is what one of its schemas says."""

import json
from typing import Any

import jsonschema

from hub.web.docs import openapi
from hub.web.routes import CALLS

Json = dict[str, Any]
BASE_URL = "https://hub.example"
DOCUMENT = json.loads(json.dumps(openapi.document(CALLS, BASE_URL)))
OPERATIONS = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post", "put", "patch", "delete")
}


def errors_of(schema: Json, value: Any) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]
