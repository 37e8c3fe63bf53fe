"""Every call, filled with ids that nothing has, and what is true of every problem that it answers."""

from typing import Any

import requests

from hub.web.routes import CALLS

PUBLISH = ("POST", "/events")
WITH_BODY = [(call.method, call.path) for call in CALLS if call.body is not None] + [PUBLISH]
OPTIONAL_BODY = [(call.method, call.path) for call in CALLS if call.is_body_optional]
EVERY = [(call.method, call.path) for call in CALLS] + [PUBLISH]
IDS = {"id": "hook_00000000000000000000000000000000", "key": "NONE", "name": "nobody"}
JSON_TYPE = {"Content-Type": "application/json"}


def name_of(where: Any) -> str:
    return " ".join(where) if isinstance(where, tuple) else repr(where)[:40]


def filled(path: str, **ids: str) -> str:
    return path.format_map({**IDS, **ids})


def problem_of(answer: requests.Response, *statuses: int) -> dict[str, Any]:
    """The problem, after everything that is true of all of them."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found.keys() == {"type", "title", "status", "detail", "errors"}
    assert found["status"] == answer.status_code
    assert found["title"]
    assert found["detail"]
    assert all(
        error.keys() == {"field", "message"} and error["field"] and error["message"]
        for error in found["errors"]
    )
    return found


def fields_of(answer: requests.Response, *statuses: int) -> set[str]:
    return {error["field"] for error in problem_of(answer, *statuses)["errors"]}
