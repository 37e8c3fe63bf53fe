"""The preview on a hook's form: what it would make of the newest events, before anything is saved."""

from html import unescape

import pytest

from tests.rigs.api import Browser, LiveHub, publish

TYPED = {
    "target_url": "https://example.com/x",
    "verify_ssl": "on",
    "choice": "selected",
    "event": ["order.paid"],
    "format": "standard",
    "enabled": "on",
}


@pytest.fixture
def path(live: LiveHub, project: str) -> str:
    """The part's own address, in a project with four events."""
    client = live.client(project=project)
    for number in range(4):
        publish(client, b'{"name":"<b>Order %d","state":%d}' % (number, number), "order.paid")
    publish(client, b"{}", "order.other")
    return f"/projects/{project}/hooks/preview"


def test_the_three_newest_events_of_its_types_are_shown_as_they_would_be_sent(
    live: LiveHub, project: str, manager: Browser, path: str
) -> None:
    template = '{"text": "{{ name | upper }}"}'
    shown = manager.submit(path, **TYPED | {"template": template})

    assert shown.status_code == 200
    text = unescape(shown.text)
    assert [f"<B>ORDER {number}" in text for number in range(4)] == [False, True, True, True]
    assert "POST https://example.com/x" in text
    assert "<B>" not in shown.text, "what an event holds is text"
    assert live.client(project=project).get("/hooks").json() == []


def test_it_says_why_an_event_would_not_be_sent_or_cannot_be(manager: Browser, path: str) -> None:
    filtered = manager.submit(path, **TYPED | {"filter_mode": "text", "filter_text": "state = 3"})
    refused = manager.submit(path, **TYPED | {"template": "{% if name %}{{ name }}, {{ name }}{% endif %}"})

    assert refused.text.count("makes no JSON of this event") == 3
    assert filtered.text.count("Would not be sent") == 2


def test_once_asked_for_it_follows_every_change_of_the_form(
    project: str, manager: Browser, path: str
) -> None:
    follows = "hx-trigger='change delay:300ms from:\"closest form\"'"

    assert follows not in manager.get(f"/projects/{project}/hooks/new").text
    assert follows in manager.submit(path, **TYPED).text
    assert follows in manager.submit(f"/projects/{project}/hooks/new", **TYPED | {"preview": "1"}).text


def test_what_is_wrong_is_said_and_nothing_is_shown(manager: Browser, path: str) -> None:
    wrong = unescape(manager.submit(path, **TYPED | {"template": "{{ x( }}", "target_url": ""}).text)

    assert "Its own text line 1" in wrong
    assert "Target URL is missing" in wrong
    assert "POST " not in wrong


def test_what_a_stored_hook_keeps_is_not_asked_for_again(manager: Browser, path: str) -> None:
    matrix = {"format": "matrix", "setting.matrix.room_id": "!a:b", "setting.matrix.access_token": ""}
    kept = manager.submit(path, **TYPED | matrix | {"header_name": ["X-Key"], "header_value": [""]})

    assert "PUT https://example.com/x/_matrix/client/v3/rooms/%21a%3Ab" in unescape(kept.text)
    assert "Bearer" not in kept.text


def test_without_javascript_the_form_comes_back_with_it(project: str, manager: Browser, path: str) -> None:
    again = manager.submit(f"/projects/{project}/hooks/new", **TYPED | {"preview": "1", "name": "kept"})

    assert again.status_code == 200
    assert 'value="kept"' in again.text
    assert "Order 3" in again.text


def test_a_project_without_events_says_so(live: LiveHub) -> None:
    key = live.project()
    browser = live.browser("Nina", project=key, role="product_owner")

    assert "nothing to try it on" in browser.submit(f"/projects/{key}/hooks/preview", **TYPED).text
