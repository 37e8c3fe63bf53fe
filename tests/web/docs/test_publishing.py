"""`POST /events` takes what the document shows of it, one, many or lines, and answers as it says."""

from typing import Any

import pytest

from hub.web.api.calls import PREFIX
from hub.web.docs.publishing import NDJSON_TYPE
from tests.rigs.api import Client
from tests.rigs.document import OPERATIONS, errors_of
from tests.rigs.problems import JSON_TYPE

OPERATION = OPERATIONS["POST", f"{PREFIX}/events"]
BODIES = OPERATION["requestBody"]["content"]


@pytest.mark.parametrize("name", ["one", "many"])
def test_json_is_answered_by_the_schema_that_the_document_gives(api: Client, name: str) -> None:
    media = BODIES["application/json"]
    example: Any = media["examples"][name]["value"]
    answer = api.post("/events", json=example)
    assert answer.status_code == 202
    assert (
        errors_of(OPERATION["responses"]["202"]["content"]["application/json"]["schema"], answer.json()) == []
    )


def test_lines_are_taken_as_they_are_shown(api: Client) -> None:
    lines: str = BODIES[NDJSON_TYPE]["example"]
    answer = api.post("/events", data=lines.encode(), headers={"Content-Type": NDJSON_TYPE})
    assert (answer.status_code, answer.json()["accepted"]) == (202, lines.count("\n"))


def test_the_header_for_a_key_does_what_is_said_of_it(api: Client) -> None:
    [key] = [one for one in OPERATION["parameters"] if one.get("in") == "header"]
    headers = {key["name"]: "order-7", **JSON_TYPE}
    first, again = (api.post("/events", json={"type": "a.b", "data": {}}, headers=headers) for _ in range(2))
    assert (again.json()["id"], again.json()["duplicate"]) == (first.json()["id"], True)
    too_long = "k" * (key["schema"]["maxLength"] + 1)
    refused = api.post("/events", json={"type": "a.b", "data": {}}, headers={key["name"]: too_long})
    assert refused.status_code == 422
