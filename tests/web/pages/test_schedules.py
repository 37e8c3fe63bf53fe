"""The pages of schedules: made, looked at with their next times, changed, fired, ended."""

import json
from html import unescape

from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import opened_at

MORNING = {
    "name": "Morning <b>",
    "event_type": "report.due",
    "by": "cron",
    "cron": "0 9 * * 1-5",
    "every_s": "",
    "time_zone": "Europe/Berlin",
    "data": '{"team": "<A>"}',
    "misfire": "once",
    "grace_s": "60",
    "enabled": "on",
}


def only(live: LiveHub, project: str) -> dict[str, object]:
    [found] = live.client(project=project).get("/schedules").json()
    return dict(found)


def test_a_schedule_is_made_shown_changed_and_ended(live: LiveHub, project: str, manager: Browser) -> None:
    path = f"/projects/{project}/schedules"
    assert "No schedules yet" in manager.get(path).text
    made = manager.submit(f"{path}/new", **MORNING)
    assert made.status_code == 303

    found = only(live, project)
    assert (found["cron"], found["data"]) == ("0 9 * * 1-5", {"team": "<A>"})
    shown = manager.get(f"{path}/{found['id']}").text
    assert "At 09:00 on Monday through Friday, Europe/Berlin" in shown
    assert shown.count(", 09:00 CE") == 5, "in the zone, and not in UTC alone"
    assert "Morning &lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "At 09:00 on Monday through Friday" in manager.get(path).text

    changed = manager.submit(f"{path}/{found['id']}", **MORNING | {"by": "every", "every_s": "90"})
    assert changed.status_code == 303
    assert (only(live, project)["cron"], only(live, project)["every_s"]) == (None, 90)

    assert manager.get(f"{path}/{found['id']}/delete").status_code == 200
    assert manager.submit(f"{path}/{found['id']}/delete").status_code == 303
    assert live.client(project=project).get("/schedules").json() == []


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    live: LiveHub, project: str, manager: Browser
) -> None:
    wrong = {"cron": "0 9", "data": '{"a"', "time_zone": "Mars", "grace_s": "soon"}
    refused = manager.submit(f"/projects/{project}/schedules/new", **MORNING | wrong)

    assert refused.status_code == 422
    text = unescape(refused.text)
    assert "Data is no JSON" in text
    assert "So late is still on time must be a number of seconds" in text
    assert 'value="0 9"' in text
    assert live.client(project=project).get("/schedules").json() == []

    again = manager.submit(f"/projects/{project}/schedules/new", **MORNING | {"cron": "0 9"})
    assert "When must have five fields" in unescape(again.text)


def test_times_are_shown_before_anything_is_saved(live: LiveHub, project: str, manager: Browser) -> None:
    for path, more in (("new", {"look": "1"}), ("times", {})):
        looked = manager.submit(f"/projects/{project}/schedules/{path}", **MORNING | more)
        assert looked.status_code == 200
        assert looked.text.count(", 09:00 CE") == 5
    assert live.client(project=project).get("/schedules").json() == []


def test_fired_by_hand_it_leads_to_its_event(live: LiveHub, project: str, manager: Browser) -> None:
    path = f"/projects/{project}/schedules"
    manager.submit(f"{path}/new", **MORNING)
    schedule = only(live, project)
    assert manager.submit(f"{path}/{schedule['id']}/fire").status_code == 303

    event = only(live, project)["last_event_id"]
    assert f"/projects/{project}/events/{event}" in manager.get(f"{path}/{schedule['id']}").text
    assert manager.get(f"/projects/{project}/events/{event}").status_code == 200


def test_a_form_takes_as_much_data_as_a_schedule_may_have(
    live: LiveHub, project: str, manager: Browser
) -> None:
    rows = [""] * 12_000  # quotes and commas, each of which a form writes with three characters
    data = json.dumps({"rows": rows}, separators=(",", ":"))
    made = manager.submit(f"/projects/{project}/schedules/new", **MORNING | {"data": data})
    assert made.status_code == 303
    assert only(live, project)["data"] == {"rows": rows}


def test_whoever_saves_a_schedule_later_is_told_first(live: LiveHub, project: str, manager: Browser) -> None:
    manager.submit(f"/projects/{project}/schedules/new", **MORNING)
    path = f"/projects/{project}/schedules/{only(live, project)['id']}"

    first = opened_at(manager.get(path).text)
    assert manager.submit(path, **MORNING | {"grace_s": "90"}, opened=first).status_code == 303
    refused = manager.submit(path, **MORNING | {"name": "Mine"}, opened=first)
    assert refused.status_code == 409
    assert "Not saved: this schedule was changed" in refused.text
    assert 'value="Mine"' in refused.text
    assert only(live, project)["grace_s"] == 90
    again = manager.submit(path, **MORNING | {"name": "Mine"}, opened=opened_at(refused.text))
    assert again.status_code == 303
