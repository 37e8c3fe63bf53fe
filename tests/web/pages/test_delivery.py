"""One delivery: its tries, its request and answer side by side, secrets masked, sent once more by hand."""

import re
from html import unescape

import pytest

from tests.rigs.api import LiveHub
from tests.rigs.hook_page import HookPage
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


def first(hook: HookPage) -> str:
    [found] = hook.api.get(f"/hooks/{hook.id}/deliveries?type=order.paid").json()
    return f"/projects/{hook.project}/deliveries/{found['id']}"


@pytest.mark.usefixtures("late_retries")
def test_its_request_and_answer_stand_side_by_side_with_secrets_masked(
    hook: HookPage, receiver: Receiver
) -> None:
    receiver.answer = (500, {"X-Echo": "hush"}, b'{"error":"<script>alert(1)</script>","n":1.10}')
    hook.publish()
    until(hook.is_in("failing"))
    text = hook.browser.get(first(hook)).text
    shown = unescape(text)
    assert "answered 500" in shown
    assert '"n": 1.10' in shown
    assert '"type":"order.paid"' in shown
    assert "<script>alert" not in text
    assert "hush" not in text
    assert hook.secret not in text
    assert not re.search(r"v1,[\w+/=]{20,}", text), "a signature is masked too"
    assert 'aria-label="Phases: ' in text
    assert '-H "X-Key: $HEADER_X_KEY"' in shown
    assert "Next try" in shown


@pytest.mark.usefixtures("late_retries")
def test_one_that_waits_behind_a_failing_hook_says_for_what(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 500
    hook.publish(12)
    until(hook.is_in("failing"))
    waiting = until(lambda: hook.api.get(f"/hooks/{hook.id}/deliveries?state=waiting").json())
    shown = hook.browser.get(f"/projects/{hook.project}/deliveries/{waiting[0]['id']}").text
    assert "It waits its turn: its hook is failing" in shown
    assert "after the next try" in hook.text("?state=waiting")


@pytest.mark.usefixtures("quick_retries")
def test_each_try_can_be_looked_at(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 500
    hook.publish()
    until(hook.is_in("auto_disabled"))
    path = first(hook)
    assert "Try 3" in hook.browser.get(path).text
    assert "Try 1" in hook.browser.get(f"{path}?attempt=1").text
    assert "Try 3" in hook.browser.get(f"{path}?attempt=99").text


@pytest.mark.usefixtures("late_retries")
def test_a_failed_one_is_tried_again_at_once(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 500
    hook.publish()
    until(hook.is_in("failing"))
    receiver.answer = 204
    assert "sent once more" in hook.said(hook.browser.submit(f"{first(hook)}/retry"))
    hook.press("actions", do="test")
    until(lambda: "</svg> Delivered</span>" in hook.browser.get(first(hook)).text)
    assert "Retry now" not in hook.browser.get(first(hook)).text


def test_a_team_member_sees_no_bodies(
    live: LiveHub, project: str, hook: HookPage, receiver: Receiver
) -> None:
    receiver.answer = (200, {}, b"an answer of theirs")
    hook.publish()
    receiver.wait_for(1)
    path = first(hook)
    until(lambda: "answered 200" in hook.browser.get(path).text)
    text = live.browser("tom", project=project, role="team_member").get(path).text
    assert "an answer of theirs" not in text
    assert "order.paid&#34;" not in text
    assert "Bodies are shown to product owners and scrum masters" in text


def test_a_team_member_sees_no_header_that_could_hold_a_secret(
    live: LiveHub, project: str, hook: HookPage, receiver: Receiver
) -> None:
    receiver.answer = (200, {"X-Api-Token": "tok-1", "Set-Cookie": "sid=2", "Retry-After": "77"}, b"")
    hook.publish()
    path = first(hook)
    until(lambda: "answered 200" in hook.browser.get(path).text)
    assert "tok-1" in hook.browser.get(path).text
    text = live.browser("tom", project=project, role="team_member").get(path).text
    assert "X-Api-Token" in text
    for secret in ("tok-1", "sid=2"):
        assert secret not in text
    assert "<dd>77</dd>" in text


@pytest.mark.usefixtures("quick_retries")
def test_a_held_one_says_until_when(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 500
    hook.publish()
    until(hook.is_in("auto_disabled"))
    text = hook.browser.get(first(hook)).text
    assert re.search(r"held until its hook is switched on; <time [^>]*>[^<]*</time> at the latest", text)


def test_one_that_went_with_others_says_in_which_batch_and_where_its_request_is_kept(
    hook: HookPage, receiver: Receiver
) -> None:
    hook.api.patch(f"/hooks/{hook.id}", json={"digest": {"window_s": 600, "max": 3}})
    receiver.answer = lambda _: 422 if len(receiver.requests) < 2 else 200
    for _ in range(3):
        hook.publish()
    path = f"/hooks/{hook.id}/deliveries?type=order.paid"
    until(lambda: {one["state"] for one in hook.api.get(path).json()} == {"delivered"})
    last, second, head = hook.api.get(path).json()

    def page(delivery: dict[str, str], attempt: int = 2) -> str:
        return hook.browser.get(
            f"/projects/{hook.project}/deliveries/{delivery['id']}?attempt={attempt}"
        ).text

    assert f"<code>{head['batch_id']}</code>, 2 events in one request" in page(head)
    assert "Request body" in page(head)
    assert f'kept with <a href="/projects/{hook.project}/deliveries/{head["id"]}">the first' in page(second)
    assert f"<code>{last['batch_id']}</code>, this event alone" in page(last)
    assert "Request body" in page(last)
    assert "request and answer are kept with the first of those" in page(last, attempt=1)
