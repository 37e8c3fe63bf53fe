"""Events and event types as they are read, and types as they are declared."""

import pytest

from hub.rules.matching import OWN_EVENT_TYPES
from tests.rigs.api import Client, LiveHub, publish
from tests.rigs.receivers import Receiver


def test_an_event_is_read_in_the_shape_in_which_it_is_sent(api: Client, receiver: Receiver) -> None:
    api.post("/hooks", json={"target_url": receiver.url, "event": "*", "format": "standard"})
    event_id = publish(api, b'{"n":1}').json()["id"]
    assert api.get(f"/events/{event_id}").content == receiver.wait_for(1)[0].body
    assert list(api.get(f"/events/{event_id}").json()) == ["id", "type", "timestamp", "project", "data"]


def test_events_are_read_page_by_page(api: Client) -> None:
    made = [publish(api, b'{"n":%d}' % n).json()["id"] for n in range(5)]
    seen: list[str] = []
    answer = api.get("/events", params={"limit": 2})
    while True:
        seen += [one["id"] for one in answer.json()]
        if "next" not in answer.links:
            break
        assert answer.links["next"]["url"].startswith(f"{api.url}/api/v1/events?")
        answer = api.get(answer.links["next"]["url"])
    assert seen == made[::-1]


def test_a_list_of_large_events_goes_on_page_by_page(api: Client) -> None:
    data = b'{"a":"%s"}' % (b"x" * 900_000)
    made = [publish(api, data).json()["id"] for _ in range(5)]
    answer = api.get("/events", params={"limit": 60})
    seen = [one["id"] for one in answer.json()]
    while "next" in answer.links:
        assert len(answer.content) < 3_000_000
        answer = api.get(answer.links["next"]["url"])
        seen += [one["id"] for one in answer.json()]
    assert seen == made[::-1]


def test_events_are_read_by_type(api: Client) -> None:
    for code in ("a", "b", "c.d"):
        publish(api, type=code)
    assert [one["type"] for one in api.get("/events", params={"type": "a,c.d"}).json()] == ["c.d", "a"]
    assert api.get("/events", params={"type": "nope"}).json() == []


WRONG_TYPES = ["", ",", "a,,b", "a,", ",a", "a,b c", "Story", "story.*", "*", "a%00", "a" * 129]


@pytest.mark.parametrize("code", WRONG_TYPES)
def test_a_type_that_is_none_is_refused_instead_of_finding_nothing(api: Client, code: str) -> None:
    answer = api.get(f"/events?type={code}")
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["type"])


@pytest.mark.parametrize("path", ["/events", "/deliveries"])
def test_a_type_that_a_catalogue_does_not_have_is_refused(live: LiveHub, path: str) -> None:
    api = live.client(project=live.project("icescrum"))
    answer = api.get(path, params={"type": "story.creat"})
    assert answer.status_code == 422
    assert "did you mean story.create?" in answer.json()["errors"][0]["message"]
    for known in ("story.create", "hook.disabled"):
        assert api.get(path, params={"type": known}).json() == []


@pytest.mark.parametrize("before", ["zzz", "", "dlv_019ab2a6c1d87b4c8d5e6f708192a3b4", "evt_zz", "evt_"])
def test_a_place_in_another_list_is_refused(api: Client, before: str) -> None:
    answer = api.get("/events", params={"before": before})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["before"])


def test_more_types_than_a_database_takes_are_refused(api: Client) -> None:
    answer = api.get(f"/events?type={',' * 40_000}")
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["type"])


def test_anothers_event_is_unknown(live: LiveHub, api: Client) -> None:
    event_id = publish(api).json()["id"]
    stranger = live.client(project=live.project())
    assert stranger.get(f"/events/{event_id}").status_code == 404
    assert stranger.get(f"/events/{event_id}/deliveries").status_code == 404
    assert stranger.get("/events").json() == []


def test_an_open_project_lists_what_it_has_seen_or_declared(api: Client) -> None:
    publish(api, type="story.create")
    publish(api, type="story.create")
    declared = {"id": "sprint.addedGoal", "name": "Goal added", "description": "A sprint has a goal"}
    answer = api.post("/event-types", json=declared)
    assert (answer.status_code, answer.json()) == (201, {**declared, "group": "sprint"})
    listed = {one["id"]: one for one in api.get("/event-types").json()}
    assert listed.keys() == {"story.create", "sprint.addedGoal", *OWN_EVENT_TYPES}
    assert listed["story.create"] == {
        "id": "story.create",
        "name": "story.create",
        "description": "",
        "group": "story",
    }
    assert listed["sprint.addedGoal"]["name"] == "Goal added"


def test_declaring_again_changes_the_words(api: Client) -> None:
    api.post("/event-types", json={"id": "a", "name": "One"})
    assert api.post("/event-types", json={"id": "a", "name": "Two"}).status_code == 201
    assert [one["name"] for one in api.get("/event-types").json() if one["id"] == "a"] == ["Two"]


def test_event_types_come_a_hundred_a_page(api: Client) -> None:
    api.post("/events", json=[{"type": f"t.n{n:03}", "data": {}} for n in range(150)])
    pages = [api.get("/event-types", params={"page": n}).json() for n in range(3)]
    assert [len(page) for page in pages] == [100, 50 + len(OWN_EVENT_TYPES), 0]
    assert len({one["id"] for page in pages for one in page}) == 150 + len(OWN_EVENT_TYPES)
    assert api.get("/event-types").json() == pages[0]
    assert api.get("/event-types", params={"page": 1_000_000}).json() == []


def test_a_catalogue_knows_only_its_own(live: LiveHub) -> None:
    api = live.client(project=live.project("icescrum"))
    assert publish(api, type="story.create").status_code == 202
    refused = publish(api, type="story.creat")
    assert refused.status_code == 422
    assert "did you mean story.create?" in refused.json()["errors"][0]["message"]
    assert api.post("/event-types", json={"id": "mine"}).status_code == 409
    listed = [one["id"] for one in api.get("/event-types").json()]
    assert {"story.create", "hook.disabled"} <= set(listed)
    assert "story.creat" not in listed
