"""Each call in the document: its parameters, its body, every status it may answer."""

import re
from typing import Any

import pytest

from hub.web.api.calls import PREFIX
from hub.web.docs import openapi, operations
from hub.web.routes import CALLS
from tests.rigs.document import OPERATIONS


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_each_call_says_its_parameters_its_body_and_every_status(call: Any) -> None:
    operation = OPERATIONS[call.method, PREFIX + call.path]
    named = {one["name"] for one in operation["parameters"] if "name" in one}
    assert named == set(re.findall(r"\{(\w+)\}", call.path)) | call.query.model_fields.keys()
    assert {"$ref": "#/components/parameters/project"} in operation["parameters"] or not call.is_about_project
    assert ("requestBody" in operation) == (call.body is not None)
    assert set(operation["responses"]) == {
        str(status) for status in (call.status, *operations.statuses(call))
    }
    assert operation["responses"].keys() >= {"401", "422", "500", "503"}


def test_operations_are_told_apart() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    assert {operation["tags"][0] for operation in OPERATIONS.values()} <= set(openapi.TAGS)


def test_the_name_of_an_operation_is_made_of_its_path() -> None:
    assert operations.operation_id("POST", "/hooks/{id}/rotate-secret") == "post_hooks_id_rotate_secret"
