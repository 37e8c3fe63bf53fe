"""The overview: what needs attention first, then the figures of the last day."""

import re
from html import unescape

import pytest

from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def test_a_new_project_says_what_to_do_next(live: LiveHub, project: str) -> None:
    text = live.browser("mia", project=project, role="product_owner").get(f"/projects/{project}").text
    assert "There are no hooks yet" in text
    assert f'href="/projects/{project}/hooks/new"' in text
    assert "No events in the last 24 hours" in text


def words_of(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


@pytest.mark.usefixtures("late_retries")
def test_what_needs_attention_comes_before_the_figures(
    live: LiveHub, project: str, receiver: Receiver
) -> None:
    manager = live.browser("mia", project=project, role="product_owner")
    api = live.client(project=project)
    receiver.answer = lambda got: 500 if "broken" in got.path else 204
    for name, wanted in (("broken", "a.b"), ("well", "c.d")):
        api.post("/hooks", json={"target_url": f"{receiver.url}/{name}", "event": wanted, "name": name})
    api.post("/events", json=[{"type": "a.b", "data": {}}, {"type": "c.d", "data": {}}])

    def looked_at() -> str:
        """With what has been counted up to now: that is done after what a hook shows is written."""
        live.hub.services.scheduler.write_counts()
        return manager.get(f"/projects/{project}").text

    text = until(looked_at, lambda text: "Requests that succeeded 50.0% 1 of 2" in words_of(text))
    words = words_of(text)
    assert "1 of 2 hooks needs attention" in text
    assert "1 of 5 failures in a row; last: answered 500" in words
    assert "It is switched off after 4 more" in words
    assert "Events, 24 h 2 none the day before" in words
    assert text.index("Needs attention") < text.index("Events, 24 h")
    assert "Last 24 hours: 1 event" in text


def test_a_team_member_sees_the_figures_and_a_stakeholder_nothing(live: LiveHub, project: str) -> None:
    member = live.browser("tom", project=project, role="team_member").get(f"/projects/{project}").text
    assert "Requests per hour" in member
    assert "/tokens" not in member
    stakeholder = live.browser("sue", project=project, role="stakeholder").get(f"/projects/{project}").text
    assert "As a stakeholder you see nothing" in stakeholder
    assert "Requests per hour" not in stakeholder
