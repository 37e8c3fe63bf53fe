"""Schedules over the API: made, shown with their next times, changed, fired by hand, ended."""

import json
from typing import Any

import pytest

from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver

MORNING = {"event_type": "report.due", "cron": "0 9 * * 1-5", "time_zone": "Europe/Berlin", "name": "Morning"}


def make(api: Client, **fields: Any) -> dict[str, Any]:
    answer = api.post("/schedules", json={**MORNING, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def errors(answer: Any) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]


def test_a_schedule_is_shown_with_its_next_five_times(api: Client) -> None:
    made = make(api, data={"team": "A", "amount": 1.5})

    assert made["data"] == {"team": "A", "amount": 1.5}
    assert len(made["next_times"]) == 5
    assert made["next_at"] == made["next_times"][0]
    assert {moment[11:16] for moment in made["next_times"]} <= {"07:00", "08:00"}, (
        "nine in Berlin, told in UTC"
    )
    assert api.get(f"/schedules/{made['id']}").json() == made
    assert made in api.get("/schedules").json()


def test_one_rhythm_takes_the_place_of_the_other(api: Client) -> None:
    path = f"/schedules/{make(api)['id']}"

    assert errors(api.patch(path, json={"every_s": 90})) == ["cron"]
    changed = api.patch(path, json={"every_s": 90, "cron": None}).json()
    assert (changed["cron"], changed["every_s"], changed["name"]) == (None, 90, "Morning")


def test_one_that_is_switched_off_has_no_next_time_until_it_is_on_again(api: Client) -> None:
    made = make(api)
    path = f"/schedules/{made['id']}"

    off = api.patch(path, json={"enabled": False}).json()
    assert (off["next_at"], off["next_times"]) == (None, [])
    assert api.patch(path, json={"enabled": True}).json()["next_at"] == made["next_at"]


def test_fired_by_hand_it_publishes_now_and_its_times_stay(
    api: Client, live: LiveHub, receiver: Receiver
) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "report.*"})
    made = make(api, data={"team": "A"})

    fired = api.post(f"/schedules/{made['id']}/fire")
    assert fired.status_code == 202
    [request] = receiver.wait_for(1)

    sent = json.loads(request.body)
    assert sent["id"] == fired.json()["event_id"]
    assert (sent["data"]["schedule"], sent["data"]["team"]) == (made["id"], "A")
    after = api.get(f"/schedules/{made['id']}").json()
    assert (after["next_at"], after["last_event_id"]) == (made["next_at"], sent["id"])


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"cron": "0 9 * *"}, ["cron"]),
        ({"cron": None}, ["cron"]),
        ({"cron": None, "every_s": 59}, ["every_s"]),
        ({"time_zone": "Berlin"}, ["time_zone"]),
        ({"event_type": "hook.disabled"}, ["event_type"]),
        ({"event_type": "Wrong!"}, ["event_type"]),
        ({"data": {"missed": 1}}, ["data.missed"]),
        ({"misfire": "twice"}, ["misfire"]),
        ({"grace_s": -1}, ["grace_s"]),
        ({"nmae": "x"}, ["nmae"]),
    ],
)
def test_what_is_wrong_is_named(api: Client, fields: dict[str, Any], wrong: list[str]) -> None:
    answer = api.post("/schedules", json={**MORNING, **fields})

    assert (answer.status_code, errors(answer)) == (422, wrong)


def test_an_ended_one_is_gone_and_another_projects_is_not_there(api: Client, live: LiveHub) -> None:
    path = f"/schedules/{make(api)['id']}"
    stranger = live.client("manage", project=live.project())

    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/fire").status_code == 404
    assert live.client("read", project=None).get(path).status_code in (403, 404)
    assert api.delete(path).json()["deleted"] is True
    assert api.get(path).status_code == 404


def test_a_project_with_a_catalogue_takes_its_types_only(live: LiveHub) -> None:
    client = live.client(project=live.project("icescrum"))

    assert errors(client.post("/schedules", json=MORNING)) == ["event_type"]
    assert client.post("/schedules", json={**MORNING, "event_type": "sprint.update"}).status_code == 201
