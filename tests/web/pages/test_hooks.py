"""The list of hooks: what it says of each, how it is filtered, and that ten thousand are no trouble."""

import re
from html import unescape

import pytest

from tests.rigs.api import Browser, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def make(live: LiveHub, project: str, url: str, **fields: object) -> str:
    answer = live.client(project=project).post("/hooks", json={"target_url": url, "events": ["*"], **fields})
    return str(answer.json()["id"])


def titles(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'<a class="cut" href="[^"]*">(.*?)</a>', text)]


def test_an_empty_list_says_how_to_get_a_hook(live: LiveHub, project: str, manager: Browser) -> None:
    text = manager.get(f"/projects/{project}/hooks").text
    assert "No hooks yet" in text
    assert f"curl {live.hub.services.config.base_url}/api/v1/hooks" in text
    assert f'href="/projects/{project}/hooks/new"' in text


def test_each_hook_says_its_state_its_last_result_and_its_last_day(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    receiver.answer = 204
    hook_id = make(live, project, f"{receiver.url}/in", name="Ledger", events=["order.paid", "order.*"])
    api = live.client(project=project)
    api.post("/events", json={"type": "order.paid", "data": {}})
    until(lambda: api.get(f"/hooks/{hook_id}").json()["last_success_at"])

    def looked_at() -> str:
        """With what has been counted up to now: that is done after what a hook shows is written."""
        live.hub.services.scheduler.write_counts()
        return manager.get(f"/projects/{project}/hooks").text

    text = until(looked_at, lambda text: "Last 24 hours: 1 delivered, 0 failed" in text)
    assert titles(text) == ["Ledger"]
    assert titles(manager.get(f"/projects/{project}/hooks?format=standard").text) == ["Ledger"]
    assert titles(manager.get(f"/projects/{project}/hooks?format=slack").text) == []
    assert ">Standard Webhooks</option>" in text
    assert re.search(r"204 in \d", text)
    assert "order.paid, order.*" in text
    assert "token test" in text


@pytest.mark.usefixtures("late_retries")
def test_what_needs_attention_comes_first(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    receiver.answer = 500
    failing = make(live, project, receiver.url, name="Broken", events=["a.b"])
    make(live, project, receiver.url, name="Well", events=["c.d"])
    api = live.client(project=project)
    api.post("/events", json={"type": "a.b", "data": {}})
    until(lambda: api.get(f"/hooks/{failing}").json()["state"] == "failing")
    text = manager.get(f"/projects/{project}/hooks").text
    assert titles(text) == ["Broken", "Well"]
    assert "1 of 5 in a row" in text
    assert "1 needs attention" in text
    assert titles(manager.get(f"/projects/{project}/hooks?state=attention").text) == ["Broken"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ledg", ["Ledger"]),
        ("q=no-such", []),
        ("q=%25", []),
        ("state=disabled", ["Off"]),
        ("state=nonsense", ["Off", "Board", "Ledger"]),
        ("origin=api", ["Off", "Board", "Ledger"]),
        ("origin=zapier", []),
        ("event=order.paid", ["Ledger"]),
        ("event=order.paid&q=board", []),
        ("page=99999999999999", ["Off", "Board", "Ledger"]),
        ("page=-1", ["Off", "Board", "Ledger"]),
    ],
)
def test_it_is_filtered_by_text_state_origin_and_event(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver, query: str, found: list[str]
) -> None:
    make(live, project, receiver.url, name="Ledger", events=["order.*"])
    make(live, project, receiver.url, name="Board", events=["story.create"])
    make(live, project, receiver.url, name="Off", events=["order.paid"], enabled=False)
    text = manager.get(f"/projects/{project}/hooks?{query}").text
    assert titles(text) == found
    assert found or "No hooks with this filter" in text


def test_a_part_of_the_page_is_the_list_alone(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    make(live, project, receiver.url, name="Ledger")
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    part = manager.get(f"/projects/{project}/hooks", headers=headers).text.strip()
    assert part.startswith('<section class="card" id="hooks"')
    assert "<html" not in part


def test_hostile_names_and_targets_stay_text(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    script = '"><script>alert(1)</script>'
    make(live, project, f"{receiver.url}/%3Cscript%3E", name=script)
    text = manager.get(f"/projects/{project}/hooks", params={"q": script, "event": script}).text
    assert "<script>alert" not in text
    assert titles(manager.get(f"/projects/{project}/hooks").text) == [script]


def test_a_stakeholder_sees_nothing_of_hooks(live: LiveHub, project: str) -> None:
    stakeholder = live.browser("sue", project=project, role="stakeholder")
    assert stakeholder.get(f"/projects/{project}/hooks").status_code == 403


def test_a_chat_is_called_by_its_name(
    live: LiveHub, project: str, manager: Browser, receiver: Receiver
) -> None:
    hook_id = make(live, project, f"{receiver.url}/services/T/B/X", name="Team", format="slack")
    assert ">Slack · " in manager.get(f"/projects/{project}/hooks").text
    assert "</span> Slack</span></dd>" in manager.get(f"/projects/{project}/hooks/{hook_id}").text
