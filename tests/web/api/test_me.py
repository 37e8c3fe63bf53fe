"""What a token says of itself."""

from typing import Any

import pytest

from hub.web.api.calls import Call
from tests.rigs.api import Client, LiveHub

Json = dict[str, Any]


def name(value: Call | str) -> str:
    return value if isinstance(value, str) else f"{value.method} {value.path}"


@pytest.fixture
def admin(live: LiveHub) -> Client:
    return live.client("admin", project=None)


def issue(admin: Client, project: str | None, *scopes: str, **fields: Any) -> Json:
    answer = admin.post("/tokens", json={"project": project, "scopes": list(scopes), **fields})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def test_me_says_what_a_token_stands_for(live: LiveHub, admin: Client, project: str) -> None:
    made = issue(admin, project, "subscribe", "publish", app="zapier", name="My Zap")
    assert live.client_with(made["token"]).get("/me").json() == {
        "id": made["id"],
        "name": "My Zap",
        "project": {"key": project, "name": f"Project {project}"},
        "app": "zapier",
        "scopes": ["publish", "subscribe"],
    }
    wide = admin.get("/me").json()
    assert (wide["project"], wide["app"], wide["scopes"]) == (None, None, ["admin"])
    assert (
        live.client_with(issue(admin, project, "read")["token"]).get("/me").json()["name"]
    )  # a label for every connection
