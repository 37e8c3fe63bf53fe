"""An app's hooks need its connector, switched on in its own project."""

import pytest

from connectors import registry
from connectors.base import EditRule
from hub.errors import Refusal
from hub.store import audit, projects
from hub.web.problems import problem_of
from tests.rigs.api import LiveHub
from tests.rigs.origins import APPS, Origins
from tests.rigs.receivers import Receiver


@pytest.mark.parametrize("app", ["zapier", "make", "activepieces"])
def test_an_apps_hook_needs_its_connector_switched_on(live: LiveHub, target: Receiver, app: str) -> None:
    key = live.project()
    manage = live.client("manage", project=key)
    assert manage.patch(f"/connectors/{app}", json={"enabled": False}).status_code == 200
    client = live.client("subscribe", project=key, app=app)
    wanted = {"target_url": target.url, "event": "*"}
    refused = client.post("/hooks", json=wanted)
    assert refused.status_code == 409
    assert registry.connector(app).name in refused.json()["detail"]
    assert client.get("/hooks").json() == []
    assert manage.patch(f"/connectors/{app}", json={"enabled": True}).json()["enabled"] is True
    assert client.post("/hooks", json=wanted).status_code == 201


def test_a_target_is_not_asked_for_consent_while_its_connector_is_off(
    live: LiveHub, receiver: Receiver
) -> None:
    key = live.project()
    client = live.client("subscribe", project=key, app="make")
    refused = client.post(
        "/hooks", json={"target_url": receiver.url, "event": "*", "handshake": "rest-hooks"}
    )
    assert refused.status_code == 409
    assert receiver.requests == []


def test_a_connector_is_on_in_its_own_project_only(live: LiveHub) -> None:
    one, two = live.project(), live.project()
    live.client("manage", project=one).patch("/connectors/make", json={"enabled": True})
    is_on = {
        key: {
            row["key"]: row["enabled"] for row in live.client("read", project=key).get("/connectors").json()
        }["make"]
        for key in (one, two)
    }
    assert is_on == {one: True, two: False}


def test_the_edit_rule_of_each_connector_is_told(live: LiveHub) -> None:
    told = {
        row["key"]: row["edit_rule"]
        for row in live.client("read", project=live.project()).get("/connectors").json()
    }
    assert told == {key: registry.connector(key).edit_rule.value for key in registry.connector_keys()}
    assert {told[app]: rule for rule, app in APPS.items()} == {rule.value: rule.value for rule in EditRule}


def test_an_app_token_issued_through_the_api_switches_its_connector_on(
    live: LiveHub, target: Receiver
) -> None:
    admin = live.client("admin", project=None)
    key = live.project()
    answer = admin.post("/tokens", json={"scopes": ["subscribe"], "project": key, "app": "pipedream"})
    assert answer.status_code == 201
    client = live.client_with(answer.json()["token"])
    assert client.post("/hooks", json={"target_url": target.url, "event": "*"}).status_code == 201
    switched = live.hub.database.read(lambda: audit.entries(None, "pipedream", None, 10))
    assert [row.action for row in switched] == ["connector.switched"]


def test_the_page_needs_its_own_connector_and_new_projects_have_it(live: LiveHub, target: Receiver) -> None:
    admin = live.client("admin", project=None)
    assert admin.post("/projects", json={"key": "WEBHK"}).status_code == 201
    database = live.hub.database
    elsewhere = database.write(lambda: projects.add("WEBHL", "", "open", database.clock.now())).result()
    assert "webhooks" in database.read(lambda: projects.connectors(int(elsewhere.id)))
    for key in ("WEBHK", "WEBHL"):
        origins = Origins(live, key, {}, {}, target.url)
        assert origins.row(origins.make("page"))["origin_kind"] == "page"
    admin.patch("/connectors/webhooks", params={"project": "WEBHK"}, json={"enabled": False})
    with pytest.raises(Refusal) as refused:
        Origins(live, "WEBHK", {}, {}, target.url).make("page")
    assert problem_of(refused.value).status == 409
    assert "Webhooks" in refused.value.detail
