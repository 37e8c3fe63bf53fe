"""Settings that admins tune: they are checked, and count at once."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from hub.rules.settings import DEFINITIONS, Settings
from hub.store import settings
from tests.rigs.administration import fields_of, trail, tune
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver, hang
from tests.rigs.waiting import until


def test_the_settings_are_shown_with_default_unit_and_range(admin: Client) -> None:
    shown = admin.get("/settings").json()
    assert {key: shown[key] for key in DEFINITIONS} == Settings().as_dict()
    assert set(shown["definitions"]) == set(DEFINITIONS)
    for key, definition in shown["definitions"].items():
        assert definition["default"] == shown[key]
        assert definition["unit"]
        assert definition["help"]
        assert definition["minimum"] <= definition["maximum"]
    assert (shown["failure_limit"], shown["retention_days"], shown["hold_days"]) == (5, 14, 7)


@pytest.mark.parametrize("key", DEFINITIONS)
def test_each_setting_is_kept_at_both_ends_of_its_range_and_refused_beyond(admin: Client, key: str) -> None:
    definition = DEFINITIONS[key]
    value: Callable[[float], Any] = lambda number: [number] if definition.is_list else number  # noqa: E731
    for end in (definition.minimum, definition.maximum):
        whole = int(end) if definition.is_whole else end
        assert tune(admin, **{key: value(whole)})[key] == value(whole)
        assert admin.get("/settings").json()[key] == value(whole)
    kept = admin.get("/settings").json()
    for beyond in (definition.minimum - 1, definition.maximum + 1, "5", None, True, {}, [[]], 1e308):
        answer = admin.patch(
            "/settings", json={key: value(beyond) if isinstance(beyond, float | int) else beyond}
        )
        assert answer.status_code == 422, beyond
        assert [error["field"] for error in answer.json()["errors"]] == [key]
        assert definition.unit in answer.json()["detail"]
    assert admin.get("/settings").json() == kept


def test_settings_change_together_or_not_at_all(admin: Client) -> None:
    answer = admin.patch("/settings", json={"failure_limit": 3, "hold_days": -1, "nonsense": 1})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["hold_days", "nonsense"]
    assert admin.get("/settings").json()["failure_limit"] == 5


def test_a_lower_failure_limit_counts_from_the_next_failure_on(
    admin: Client, api: Client, receiver: Receiver
) -> None:
    receiver.answer = 500
    tune(admin, failure_limit=100, retry_schedule_s=[0.01] * 5)
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "order.*"}).json()
    for _ in range(2):
        api.post("/events", json={"type": "order.paid", "data": {}})
    until(lambda: api.get(f"/hooks/{hook['id']}").json()["consecutive_failures"], lambda count: count >= 3)
    tune(admin, failure_limit=2)
    api.post("/events", json={"type": "order.paid", "data": {}})
    shown = until(
        lambda: api.get(f"/hooks/{hook['id']}").json(), lambda found: found["state"] == "auto_disabled"
    )
    assert "in a row failed" in shown["disabled_reason"]
    assert [one["type"] for one in api.get("/events", params={"type": "hook.disabled"}).json()] == [
        "hook.disabled"
    ]


def test_the_attempt_time_out_counts_for_the_next_attempt(
    admin: Client, api: Client, receiver: Receiver
) -> None:
    receiver.answer = hang()
    tune(admin, attempt_timeout_s=0.2)
    hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
    began = time.monotonic()
    sent = api.post(f"/hooks/{hook['id']}/ping").json()
    assert (sent["success"], sent["status"]) == (False, None)
    assert time.monotonic() - began < Settings().attempt_timeout_s


def test_the_size_of_an_event_counts_for_the_next_event(admin: Client, api: Client) -> None:
    body = {"type": "big.event", "data": {"x": "y" * 2000}}
    assert api.post("/events", json=body).status_code == 202
    tune(admin, max_event_bytes=1024)
    assert api.post("/events", json=body).status_code == 413
    tune(admin, max_event_bytes=4096)
    assert api.post("/events", json=body).status_code == 202


def test_the_number_of_hooks_is_bounded_for_every_credential(
    admin: Client, live: LiveHub, project: str, receiver: Receiver
) -> None:
    tune(admin, max_hooks_per_project=2)
    wanted = {"target_url": receiver.url, "event": "*"}
    clients = [
        live.client("subscribe", project=project),
        live.client("subscribe", project=project, app="zapier"),
    ]
    made = [client.post("/hooks", json=wanted) for client in clients]
    assert [answer.status_code for answer in made] == [201, 201]
    for client in clients:
        refused = client.post("/hooks", json=wanted)
        assert refused.status_code == 409
        assert "max_hooks_per_project" in refused.json()["detail"]
    assert clients[0].delete(f"/hooks/{made[0].json()['id']}").status_code == 200
    assert clients[1].post("/hooks", json=wanted).status_code == 201


def test_a_change_of_settings_is_audited_by_name_with_old_and_new(admin: Client, live: LiveHub) -> None:
    before = len(trail(live, "settings"))
    tune(admin, failure_limit=7, hold_days=7)
    tune(admin, failure_limit=7)
    tune(admin)
    entries = trail(live, "settings")[before:]
    assert [(row.action, fields_of(row)) for row in entries] == [
        ("settings.changed", {"failure_limit": [5, 7]})
    ]
    assert entries[0].actor == "token test"


def test_stored_settings_are_those_that_somebody_set(admin: Client, live: LiveHub) -> None:
    tune(admin, failure_limit=8)
    assert live.hub.database.read(settings.stored)["failure_limit"] == 8
