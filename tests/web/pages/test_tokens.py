"""Tokens: made and shown once, revoked; by managers of the project alone."""

import re

import pytest

from tests.rigs.api import Browser, LiveHub


def token_in(text: str) -> str:
    [token] = set(re.findall(r"hub_[\w-]{20,}", text))
    return token


def test_a_token_is_made_shown_once_and_revoked(live: LiveHub, project: str, manager: Browser) -> None:
    path = f"/projects/{project}/tokens"
    made = manager.submit(path, name="<b>ci</b>", scope=["publish", "read"], expires_at="2099-01-31")
    assert made.status_code == 201
    assert "<b>ci" not in made.text
    assert f"curl -sS {live.hub.services.config.base_url}/api/v1/events" in made.text
    token = token_in(made.text)
    client = live.client_with(token)
    me = client.get("/me").json()
    assert sorted(me["scopes"]) == ["publish", "read"]
    asked = manager.get(f"{path}/{me['id']}/revoke")
    assert "Every call with it is refused at once" in asked.text
    assert manager.submit(f"{path}/{me['id']}/revoke").status_code == 303
    assert client.get("/me").status_code == 401
    assert "Revoked" in manager.get(path).text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scope": []}, "scopes"),
        ({"scope": ["manage"], "app": "zapier"}, "scopes"),
        ({"scope": ["publish"], "expires_at": "2001-01-01"}, "expires_at"),
        ({"scope": ["publish"], "expires_at": "soon"}, "expires_at"),
        ({"scope": ["publish"], "app": "nope"}, "app"),
    ],
)
def test_a_token_that_cannot_be_is_told(
    project: str, manager: Browser, fields: dict[str, object], field: str
) -> None:
    refused = manager.submit(f"/projects/{project}/tokens", name="kept", **fields)
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert 'value="kept"' in refused.text


def test_no_page_makes_a_token_that_rules_the_server(project: str, manager: Browser) -> None:
    assert manager.submit(f"/projects/{project}/tokens", name="x", scope=["admin"]).status_code == 422


def test_another_projects_token_is_not_there(live: LiveHub, project: str, manager: Browser) -> None:
    other = live.project()
    token_id = live.client(project=other).get("/me").json()["id"]
    assert manager.get(f"/projects/{project}/tokens/{token_id}/revoke").status_code in (403, 404)
    assert manager.submit(f"/projects/{project}/tokens/{token_id}/revoke").status_code in (403, 404)


@pytest.mark.parametrize("role", ["team_member", "stakeholder"])
def test_they_are_for_managers(live: LiveHub, project: str, role: str) -> None:
    person = live.browser(f"p-{role}", project=project, role=role)  # type: ignore[arg-type]
    for page in ("apps", "tokens"):
        assert person.get(f"/projects/{project}/{page}").status_code == 403
    assert person.submit(f"/projects/{project}/apps/zapier/token").status_code == 403
    assert person.submit(f"/projects/{project}/tokens", scope=["publish"]).status_code == 403
