"""Hooks whose format or app is no longer installed: shown, looked after, and mended like any other."""

from typing import Any

import pytest

from hub.store.models import Hook
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver

Json = dict[str, Any]


@pytest.fixture
def path(live: LiveHub, api: Client, receiver: Receiver) -> str:
    """A hook that was made when the format `fax` was still installed."""
    made = api.post("/hooks", json={"target_url": receiver.url, "event": "story.*"}).json()
    live.hub.database.write(lambda: Hook.update(format="fax").where(Hook.id == made["id"]).execute()).result()
    return f"/hooks/{made['id']}"


def test_it_is_shown_alone_and_in_lists(api: Client, path: str) -> None:
    shown = api.get(path)
    assert (shown.status_code, shown.json()["format"]) == (200, "fax")
    assert [hook["format"] for hook in api.get("/hooks").json()] == ["fax"]


def test_it_can_be_changed_switched_and_deleted(api: Client, path: str) -> None:
    assert api.patch(path, json={"name": "Faxes"}).json()["format"] == "fax"
    assert api.patch(path, json={"name": "Faxes", "format": "fax"}).status_code == 200, "it has it already"
    assert [api.post(f"{path}/{how}").status_code for how in ("disable", "enable")] == [200, 200]
    assert api.patch(path, json={"format": "telex"}).status_code == 422
    assert api.patch(path, json={"format": "github"}).json()["format"] == "github"
    assert api.delete(path).status_code == 200


def test_its_samples_say_what_is_missing(api: Client, path: str) -> None:
    answer = api.get(f"{path}/samples")
    assert (answer.status_code, "fax" in answer.json()["detail"]) == (409, True)


def test_a_test_of_it_fails_and_says_why(api: Client, path: str) -> None:
    sent = api.post(f"{path}/ping")
    assert (sent.status_code, sent.json()["success"], "fax" in sent.json()["reason"]) == (200, False, True)
    log = api.get(f"/deliveries/{sent.json()['delivery_id']}")
    assert (log.status_code, len(log.json()["attempts"])) == (200, 1)


def test_the_token_of_an_app_that_is_gone_still_works(
    live: LiveHub, project: str, receiver: Receiver
) -> None:
    app = live.client("subscribe", "read", project=project, app="telex")
    live.switch_connector(project, "telex")
    made = app.post("/hooks", json={"target_url": receiver.url, "event": "story.*"})
    assert (made.status_code, made.json()["format"]) == (201, "standard")
    assert app.get("/hooks").json()[0]["origin"]["app"] == "telex"
    assert app.delete(f"/hooks/{made.json()['id']}").status_code == 200


def test_an_app_that_is_gone_and_off_is_named_by_its_key(
    live: LiveHub, project: str, receiver: Receiver
) -> None:
    app = live.client("subscribe", project=project, app="telex")
    refused = app.post("/hooks", json={"target_url": receiver.url, "event": "story.*"})
    assert (refused.status_code, "telex" in refused.json()["detail"]) == (409, True)
