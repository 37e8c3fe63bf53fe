"""Apps: switched on and off, their tokens issued and shown once; by managers of the project alone."""

import re

import pytest

from tests.rigs.api import Browser, LiveHub


@pytest.fixture
def manager(live: LiveHub, project: str) -> Browser:
    return live.browser("mia", project=project, role="scrum_master")


def token_in(text: str) -> str:
    [token] = set(re.findall(r"hub_[\w-]{20,}", text))
    return token


def test_an_app_is_switched_on_and_off(live: LiveHub, project: str, manager: Browser) -> None:
    path = f"/projects/{project}/apps"
    assert "A Zap subscribes" in manager.get(path).text
    assert (
        "Make is switched on."
        in manager.get(manager.submit(f"{path}/make", do="on").headers["location"]).text
    )
    is_on = {app["key"]: app["enabled"] for app in live.client(project=project).get("/connectors").json()}
    assert is_on["make"]
    manager.submit(f"{path}/make", do="off")
    assert manager.submit(f"{path}/nope", do="on").status_code == 404


def test_an_apps_token_is_shown_once_and_its_hooks_are_the_apps(
    live: LiveHub, project: str, manager: Browser
) -> None:
    issued = manager.submit(f"/projects/{project}/apps/zapier/token")
    assert issued.status_code == 201
    token = token_in(issued.text)
    me = live.client_with(token).get("/me").json()
    assert (me["app"], me["project"]["key"]) == ("zapier", project)
    for page in ("apps", "tokens"):
        assert token not in manager.get(f"/projects/{project}/{page}").text
    assert "zapier-mia" in manager.get(f"/projects/{project}/tokens").text
