"""Events: the list, one event with where it went and why not elsewhere, a test event by hand."""

import re
from html import unescape

import pytest
import requests

from hub.timestamps import iso
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import plain
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S, until


def test_the_list_says_what_each_event_is_about_and_where_it_went(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    receiver.answer = 204
    api = live.client(project=project)
    api.post("/hooks", json={"target_url": receiver.url, "event": "order.paid", "name": "Ledger"})
    api.post("/events", json={"type": "order.paid", "data": {"name": "<b>Night train</b>", "n": 1}})
    api.post("/events", json={"type": "order.sent", "data": {"n": 2}})
    until(lambda: "Delivered to 1" in manager.get(f"/projects/{project}/events").text)
    text = manager.get(f"/projects/{project}/events").text
    assert "<b>Night" not in text
    assert "<b>Night train</b>" in unescape(text)
    assert "No hook wants it" in text
    assert plain(manager.get(f"/projects/{project}/events?type=order.sent").text).count("order.sent") >= 1
    assert "Delivered to 1" not in manager.get(f"/projects/{project}/events?type=order.sent").text


def test_the_list_goes_back_to_a_time(live: LiveHub, project: str, manager: Browser) -> None:
    live.client(project=project).post("/events", json={"type": "order.paid", "data": {}})
    path = f"/projects/{project}/events"
    assert "order.paid" in plain(manager.get(f"{path}?until=2100-01-01T00:00").text)
    assert "No events with this filter" in manager.get(f"{path}?until=2001-01-01T00:00").text
    wrong = manager.get(f"{path}?until=yesterday")
    assert wrong.status_code == 422
    assert "must be a time like" in wrong.text


def test_the_list_is_narrowed_to_types_by_a_pattern(live: LiveHub, project: str, manager: Browser) -> None:
    api = live.client(project=project)
    for code in ("git.push", "git.tag.made", "gitlab.push", "git"):
        api.post("/events", json={"type": code, "data": {}})
    path = f"/projects/{project}/events?type="
    cells = re.compile(r'/events/evt_\w+">([\w.]+)</a>')
    assert cells.findall(manager.get(f"{path}git.*").text) == ["git.tag.made", "git.push"]
    assert len(cells.findall(manager.get(f"{path}*").text)) == 4
    assert cells.findall(manager.get(f"{path}git.tag.*").text) == ["git.tag.made"]
    wrong = manager.get(f"{path}git*")
    assert (wrong.status_code, "is no pattern" in wrong.text) == (422, True)


def test_an_event_of_a_source_says_what_it_is_about(live: LiveHub, project: str, manager: Browser) -> None:
    made = live.client(project=project).post(
        "/sources", json={"kind": "none", "settings": {"type": "github.push"}}
    )
    push = {
        "ref": "refs/heads/main",
        "commits": [{"message": "x"}],
        "repository": {"full_name": "a/b"},
        "sender": {"login": "mia"},
    }
    assert requests.post(made.json()["url"], json=push, timeout=DEADLINE_S).status_code == 200
    assert "1 commit pushed to main" in manager.get(f"/projects/{project}/events").text


def test_one_event_says_where_it_went_and_why_not_elsewhere(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    receiver.answer = 500
    api = live.client(project=project)
    for name, wanted in (("Ledger", "order.*"), ("Board", "story.create")):
        hook = {"target_url": receiver.url, "event": wanted, "name": name, "retry_schedule_s": [3600]}
        assert api.post("/hooks", json=hook).status_code == 201
    event_id = api.post("/events", json={"type": "order.paid", "data": {"price": 1.10}}).json()["id"]
    path = f"/projects/{project}/events/{event_id}"
    # The counts and the rows of a page are read one after the other, while the hub writes.
    recorded = re.compile(r"Ledger Retrying 500 [\d.]+ m?s 1")
    text = until(lambda: plain(manager.get(path).text), lambda text: recorded.search(text) is not None)
    assert "Retrying 1" in text
    assert "Board It does not want order.paid" in text
    assert '"price": 1.1' in text
    assert manager.get(f"/projects/{project}/events?id={event_id}").headers["location"].endswith(path)
    assert manager.get(f"/projects/{project}/events/evt_nope").status_code == 404
    unknown = manager.get(f"/projects/{project}/events?id=../tokens")
    assert "There is no event with this id" in unknown.text
    assert 'value="../tokens"' in unknown.text


def test_an_event_that_deliveries_of_a_hub_led_to_says_so(
    live: LiveHub, project: str, manager: Browser
) -> None:
    for hops, said in ((0, None), (1, "Led here by 1 delivery of a hub"), (3, "3 deliveries of a hub")):
        made = live.client(project=project).post(
            "/events", json={"type": "order.paid", "data": {}}, headers={"x-hub-hops": str(hops)}
        )
        text = plain(manager.get(f"/projects/{project}/events/{made.json()['id']}").text)
        assert ("Led here" in text) is (said is not None)
        assert said is None or said in text


def test_a_test_event_is_published_with_its_types_example(
    live: LiveHub, manager: Browser, receiver: Receiver
) -> None:
    project = live.project("icescrum")
    owner = live.browser("ida", project=project, role="product_owner")
    live.client(project=project).post("/hooks", json={"target_url": receiver.url, "event": "story.create"})
    form = owner.get(f"/projects/{project}/events/new?type=story.create").text
    example = unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", form, re.S)[0])
    assert '"class": "Story"' in example
    done = owner.submit(f"/projects/{project}/events/new", type="story.create", data=example)
    assert done.status_code == 303
    assert "Published: it goes to 1 hook." in owner.get(done.headers["location"]).text
    assert b'"class": "Story"' in receiver.wait_for(1)[0].body


def test_an_example_replaces_nothing_that_was_typed_without_a_way_back(
    live: LiveHub, project: str, manager: Browser
) -> None:
    path = f"/projects/{project}/events/new"
    fields = {"type": "story.create", "filled": "order.paid", "example": "1"}
    untouched = manager.submit(path, **fields, data="{}")
    assert "Put back" not in untouched.text
    assert 'name="filled" value="story.create"' in untouched.text
    mine = '{"mine": "<b>"}'
    filled = manager.submit(path, **fields, data=mine)
    assert "stands in place of what you had typed" in filled.text
    [kept] = re.findall(r'<textarea name="typed"[^>]*>\n(.*?)</textarea>', filled.text, re.S)
    assert unescape(kept) == mine
    back = manager.submit(path, type="story.create", data="{}", typed=mine, undo="1").text
    assert unescape(re.findall(r'<textarea id="data"[^>]*>\n(.*?)</textarea>', back, re.S)[0]) == mine


@pytest.mark.parametrize(
    ("type_", "data", "field"),
    [
        ("order.paid", "{not json", "data"),
        ("order.paid", "[1]", "data"),
        ("Wrong!", "{}", "type"),
        ("hook.gone", "{}", "type"),
        ("order.paid", '{"keep":1},"id":"mine.1"', "data"),
    ],
)
def test_a_test_event_that_cannot_be_is_told_at_its_field(
    project: str, manager: Browser, type_: str, data: str, field: str
) -> None:
    refused = manager.submit(f"/projects/{project}/events/new", type=type_, data=data)
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text
    assert unescape(data) in unescape(refused.text)


def test_a_team_member_sees_no_data_and_publishes_nothing(
    live: LiveHub, project: str, manager: Browser
) -> None:
    api = live.client(project=project)
    event_id = api.post("/events", json={"type": "order.paid", "data": {"name": "inside"}}).json()["id"]
    member = live.browser("tom", project=project, role="team_member")
    assert "inside" not in member.get(f"/projects/{project}/events/{event_id}").text
    assert "inside" not in member.get(f"/projects/{project}/events").text
    assert member.get(f"/projects/{project}/events/new").status_code == 403
    assert member.submit(f"/projects/{project}/events/new", type="a.b", data="{}").status_code == 403


def test_an_event_for_later_says_until_when_it_waits_and_is_withdrawn(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    later = {"type": "order.due", "data": {}, "deliver_at": iso(live.hub.database.clock.now() + 86_400)}
    event = live.client(project=project).post("/events", json=later).json()["id"]
    path = f"/projects/{project}/events/{event}"

    made = {"target_url": receiver.url, "events": ["order.due"]}
    live.client(project=project).post("/hooks", json=made)

    page = manager.get(path).text
    assert "It waits until" in page
    assert "Waits until" in manager.get(f"/projects/{project}/events").text
    assert "No hook wants it" not in page + manager.get(f"/projects/{project}/events").text
    assert "made or changed after" not in page
    assert manager.submit(f"{path}/withdraw").status_code == 303
    assert manager.get(path).status_code == 404
