"""Apps: switched on and off, their tokens issued and shown once; by managers of the project alone."""

import re

import pytest

from connectors import registry
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


def test_the_gallery_shows_everything_and_finds_by_words(
    live: LiveHub, project: str, manager: Browser
) -> None:
    path = f"/projects/{project}/apps"
    whole = manager.get(path).text
    for kind, keys in (
        ("app", registry.connector_keys()),
        ("source", registry.source_keys()),
        ("target", registry.format_keys()),
    ):
        assert all(f'id="{kind}-{key}"' in whole for key in keys)
    assert f"/projects/{project}/hooks/new?format=slack" in whole
    assert f"/projects/{project}/sources/new?kind=stripe" in whole

    found = manager.get(f"{path}?q=CHAT%20room").text
    assert re.findall(r'<article class="card app" id="([\w-]+)"', found) == [
        "target-rocketchat",
        "target-matrix",
    ]
    assert "Nothing here is called that" in manager.get(f"{path}?q=%3Cb%3E").text


def test_set_up_steps_have_this_hubs_values(live: LiveHub, project: str, manager: Browser) -> None:
    shown = manager.get(f"/projects/{project}/apps?q=icescrum").text
    assert re.search(
        rf"its hooks are at <code>https?://[^<]+</code>/ws/project/<code>{project}</code>/hook", shown
    )
