"""What can be pressed on a hook's page, with real receivers that are broken and mended."""

import re

import pytest

from tests.rigs.hook_page import HookPage
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


@pytest.mark.usefixtures("quick_retries")
def test_from_a_broken_receiver_to_a_released_hook_without_the_command_line(
    hook: HookPage, receiver: Receiver
) -> None:
    receiver.answer = 500
    hook.publish()
    until(hook.is_in("auto_disabled"))
    hook.publish(2)
    text = hook.text()
    assert "Switched off after 3 requests in a row failed" in text
    assert "Last: answered 500" in text
    assert "3 deliveries are held until" in text
    assert "Enable and release 3" in text

    assert "The test failed: answered 500" in hook.said(hook.press("actions", do="test"))
    receiver.answer = 204
    assert re.match(r"Test sent: 204 in \d", hook.said(hook.press("actions", do="test")))
    assert hook.is_in("auto_disabled")(), "a test switches nothing on"
    assert "Switched on" in hook.said(hook.press("actions", do="switch_on"))
    until(hook.is_in("active"))
    until(lambda: hook.api.get(f"/hooks/{hook.id}/deliveries?state=held").json() == [])


@pytest.mark.usefixtures("quick_retries")
def test_what_is_held_can_be_dropped_instead(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 500
    hook.publish()
    until(hook.is_in("auto_disabled"))
    hook.publish(4)
    assert "Drop 5 held deliveries?" in hook.browser.get(f"{hook.path}/drop").text
    receiver.answer = 204
    before = len(receiver.requests)
    assert hook.said(hook.press("drop")) == "Switched on; 5 deliveries dropped."
    assert hook.text("?state=cancelled").count("</svg> Cancelled</span>") == 5
    hook.publish()
    receiver.wait_for(before + 1)
    assert len(receiver.requests) == before + 1


def test_switching_off_says_who_did_it_and_holds_what_is_open(hook: HookPage, receiver: Receiver) -> None:
    assert "Switched off" in hook.said(hook.press("actions", do="switch_off"))
    text = hook.text()
    assert "Switched off by mia" in text
    assert 'value="switch_on"' in text
    hook.publish()
    assert receiver.requests == []


@pytest.mark.usefixtures("late_retries")
def test_a_failing_hook_can_be_tried_at_once(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 500
    hook.publish()
    until(hook.is_in("failing"))
    text = hook.text()
    assert "1 request failed; 4 more switch it off" in text
    receiver.answer = 204
    hook.said(hook.press("actions", do="try_now"))
    until(hook.is_in("active"))
    refused = hook.press("actions", do="try_now")
    assert refused.status_code == 409


def test_a_replay_is_counted_first(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 204
    hook.publish(3)
    receiver.wait_for(3)
    until(lambda: hook.text().count("</svg> Delivered</span>") == 3)
    asked = hook.browser.get(f"{hook.path}/replay?since=2026-01-01T00:00&only=delivered").text
    assert "Replay 3?" in asked
    fields = dict(re.findall(r'<input type="hidden" name="(since|until|only)" value="([^"]*)"', asked))
    begun = hook.press("replay", **fields)
    assert begun.headers["location"] == f"{hook.path}/replay/progress"
    receiver.wait_for(6)
    done = until(lambda: hook.browser.get(f"{hook.path}/replay/progress").text, lambda text: "Done" in text)
    assert "3 of 3 are sent" in done
    assert "hx-get" not in done, "nothing more will change"
    assert (
        "nothing to replay" in hook.browser.get(f"{hook.path}/replay?since=2026-01-01T00:00&only=failed").text
    )
    assert hook.browser.get(f"{hook.path}/replay?since=yesterday").status_code == 422


def test_a_new_secret_is_shown_once_and_the_old_one_signs_beside_it(
    hook: HookPage, receiver: Receiver
) -> None:
    rotated = hook.press("rotate", secret="", overlap_hours="24")
    [secret] = set(re.findall(r"whsec_[\w+/=]+", rotated.text))
    assert secret != hook.secret
    assert secret not in hook.text()
    hook.publish()
    [got] = receiver.wait_for(1)
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    assert hook.said(hook.press("rotate", secret="a secret of our own, long enough", overlap_hours="0"))


def test_a_new_secret_that_cannot_be_is_told_at_its_field(hook: HookPage, receiver: Receiver) -> None:
    refused = hook.press("rotate", secret="whsec_short!", overlap_hours="168")
    assert refused.status_code == 422
    assert re.search(r'<p class="error" id="secret-error">.*Secret ', refused.text)
    assert '<option value="168" selected>' in refused.text
    assert "short!" not in refused.text
    assert 'href="?' not in refused.text, "the page stands at another address"
    assert 'id="overlap_hours-error"' in hook.press("rotate", secret="", overlap_hours="x").text
    hook.publish()
    [got] = receiver.wait_for(1)
    assert len(got.headers["webhook-signature"].split(" ")) == 1, "the secret is as it was"
