"""The page of a hook: its figures, its deliveries, its samples, and what is not offered to whom may only look."""

import re
import time
from html import unescape

from tests.rigs.api import Browser, LiveHub
from tests.rigs.hook_page import HookPage
from tests.rigs.receivers import Receiver
from tests.rigs.requesters import ADMIN
from tests.rigs.waiting import until


def test_a_hook_that_is_well_shows_its_figures_and_its_deliveries(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 204
    hook.publish(3)
    receiver.wait_for(3)
    until(lambda: hook.text().count("</svg> Delivered</span>") == 3)
    text = until(hook.text, lambda found: "Last 24 hours: 3 delivered, 0 failed" in found)
    assert "half within" in text
    assert 'class="notice' not in text
    assert hook.secret not in text
    assert "hush" not in text
    assert "<code>X-Key</code>: set" in text


def test_deliveries_are_filtered_and_paged(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 204
    hook.publish(30)
    receiver.wait_for(30)
    first = hook.text()
    assert first.count('<th scope="row"><a href="/projects/') == 25
    [older] = re.findall(r'href="[^"]*\?before=(dlv_\w+)">Older', first)
    assert hook.text(f"?before={older}").count('<th scope="row"><a href="/projects/') == 5
    assert "No deliveries with this filter" in hook.text("?type=order.sent")
    assert hook.text("?state=nonsense&since=x&before=%00&type=%00").count("</tr>") > 20
    part = hook.browser.get(hook.path, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.strip().startswith('<div id="rows"')


def test_each_delivery_says_what_its_event_is_about_to_who_may_see_into_it(
    live: LiveHub, project: str, hook: HookPage
) -> None:
    hook.api.post("/events", json={"type": "order.paid", "data": {"name": "<b>Night train</b>"}})
    hook.api.post("/events", json={"type": "order.sent", "data": {"n": 1}})
    assert 'title="<b>Night train</b>"' in unescape(hook.text())
    assert hook.text().count('<small class="mute cut"') == 1
    assert "<b>Night train" not in hook.text()
    member = live.browser("tim", project=project, role="team_member")
    text = member.get(hook.path).text
    assert "order.paid</a>" in text
    assert "Night train" not in text


def test_samples_are_what_the_hook_would_get(hook: HookPage, receiver: Receiver) -> None:
    hook.publish()
    receiver.wait_for(1)
    text = unescape(hook.browser.get(f"{hook.path}/samples").text)
    assert '"type":"order.paid"' in text
    assert '"n": 0' in text


def test_who_may_only_look_is_offered_nothing_to_press(live: LiveHub, project: str, hook: HookPage) -> None:
    member = live.browser("tom", project=project, role="team_member")
    text = member.get(hook.path).text
    for offered in ('name="do"', "Replay since", "Rotate secret", "Delete webhook"):
        assert offered not in text
    for form in ("actions", "drop", "replay", "rotate"):
        assert member.submit(f"{hook.path}/{form}", do="test").status_code == 403


def test_an_unknown_hook_is_a_page_that_says_so(project: str, manager: Browser) -> None:
    assert manager.get(f"/projects/{project}/hooks/hook_nope").status_code == 404


def test_a_pause_that_the_target_asks_for_is_said_on_its_page_and_in_the_list(
    hook: HookPage, receiver: Receiver
) -> None:
    receiver.answer = (429, {"Retry-After": "3000"}, b"")
    hook.publish()
    until(lambda: "Paused until" in hook.text())
    text = hook.text()
    assert "which is no failure and does not count. 1 delivery waits;" in text
    listed = hook.browser.get(f"/projects/{hook.project}/hooks").text
    assert 'paused until <time datetime="' in listed


def test_the_last_hour_is_paged_as_such(live: LiveHub, hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 204
    hook.publish(30)
    receiver.wait_for(30)
    first = hook.text("?since=3600")
    [older] = re.findall(r'href="[^"]*before=(dlv_\w+)">Older', first)
    assert hook.text(f"?since=3600&before={older}").count('<th scope="row"><a href="/projects/') == 5
    found = live.hub.services.deliveries.find(
        ADMIN, live.hub.services.projects.get(ADMIN, hook.project), since=time.time() + 60
    )
    assert found == []


def test_a_chats_hook_says_that_it_has_a_text_of_its_own_and_that_nothing_is_signed(
    live: LiveHub, project: str, manager: Browser
) -> None:
    slack = {"target_url": "https://hooks.slack.com/services/a", "events": ["*"], "format": "slack"}
    made = live.client(project=project).post("/hooks", json={**slack, "template": "{{ name }}"}).json()
    page = manager.get(f"/projects/{project}/hooks/{made['id']}").text

    assert "Its own text" in page
    assert "all of this project" in page
    assert "Nothing is signed for this target" in page
    assert "Give it a secret" not in page
