"""The page of a hook and what can be pressed on it, with real receivers that are broken and mended."""

import re
from collections.abc import Callable
from html import unescape

import pytest
import requests

from hub.rules.settings import Settings
from tests.rigs.api import Browser, Client, LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


@pytest.fixture
def manager(live: LiveHub, project: str) -> Browser:
    return live.browser("mia", project=project, role="product_owner")


@pytest.fixture
def quick_retries(live: LiveHub) -> None:
    admin = live.client("admin", project=None)
    admin.patch("/settings", json={"retry_schedule_s": [0.05, 0.05, 0.05, 3600], "failure_limit": 3})


@pytest.fixture
def restored(live: LiveHub) -> object:
    yield  # type: ignore[misc]
    live.client("admin", project=None).patch("/settings", json=Settings().as_dict())


class HookPage:
    """One hook, looked at by a manager."""

    def __init__(self, live: LiveHub, project: str, browser: Browser, receiver: Receiver) -> None:
        self.api: Client = live.client(project=project)
        self.browser = browser
        self.project = project
        made = self.api.post(
            "/hooks",
            json={
                "target_url": receiver.url,
                "events": ["order.*"],
                "name": "Ledger",
                "headers": {"X-Key": "hush"},
                "manual_edit": True,
            },
        )
        self.secret = str(made.json()["secret"])
        self.id = str(made.json()["id"])
        self.path = f"/projects/{project}/hooks/{self.id}"

    def publish(self, count: int = 1) -> None:
        self.api.post("/events", json=[{"type": "order.paid", "data": {"n": n}} for n in range(count)])

    def is_in(self, state: str) -> Callable[[], bool]:
        return lambda: self.api.get(f"/hooks/{self.id}").json()["state"] == state

    def text(self, query: str = "") -> str:
        return self.browser.get(f"{self.path}{query}").text

    def press(self, action: str, **fields: str) -> requests.Response:
        return self.browser.submit(f"{self.path}/{action}", **fields)

    def said(self, answer: requests.Response) -> str:
        """What the page says once, after a form."""
        assert answer.status_code == 303, answer.text
        shown = re.search(
            r'role="status"[^>]*>(.*?)</p>', self.browser.get(answer.headers["location"]).text, re.S
        )
        assert shown is not None
        return unescape(shown[1]).strip()


@pytest.fixture
def hook(live: LiveHub, project: str, manager: Browser, receiver: Receiver) -> HookPage:
    return HookPage(live, project, manager, receiver)


def test_a_hook_that_is_well_shows_its_figures_and_its_deliveries(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 204
    hook.publish(3)
    receiver.wait_for(3)
    until(lambda: hook.text().count("</svg> Delivered</span>") == 3)
    text = hook.text()
    assert "Last 24 hours: 3 delivered, 0 failed" in text
    assert "half within" in text
    assert 'class="notice' not in text
    assert hook.secret not in text
    assert "hush" not in text
    assert "<code>X-Key</code>: set" in text


@pytest.mark.usefixtures("quick_retries", "restored")
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


@pytest.mark.usefixtures("quick_retries", "restored")
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
    assert hook.said(hook.press("replay", **fields)) == "3 deliveries are sent again."
    receiver.wait_for(6)
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
    assert hook.press("rotate", secret="", overlap_hours="x").status_code == 422


def test_deliveries_are_filtered_and_paged(hook: HookPage, receiver: Receiver) -> None:
    receiver.answer = 204
    hook.publish(30)
    receiver.wait_for(30)
    first = hook.text()
    assert first.count('<th scope="row"><a href="/projects/') == 25
    [older] = re.findall(r'href="\?before=(dlv_\w+)">Older', first)
    assert hook.text(f"?before={older}").count('<th scope="row"><a href="/projects/') == 5
    assert "No deliveries with this filter" in hook.text("?type=order.sent")
    assert hook.text("?state=nonsense&since=x&before=%00&type=%00").count("</tr>") > 20
    part = hook.browser.get(hook.path, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.strip().startswith('<div id="rows"')


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


class TestDelivery:
    """One delivery with its tries."""

    def first(self, hook: HookPage) -> str:
        [found] = hook.api.get(f"/hooks/{hook.id}/deliveries?type=order.paid").json()
        return f"/projects/{hook.project}/deliveries/{found['id']}"

    def test_its_request_and_answer_stand_side_by_side_with_secrets_masked(
        self, hook: HookPage, receiver: Receiver
    ) -> None:
        receiver.answer = (500, {"X-Echo": "hush"}, b'{"error":"<script>alert(1)</script>","n":1.10}')
        hook.publish()
        until(hook.is_in("failing"))
        text = hook.browser.get(self.first(hook)).text
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

    @pytest.mark.usefixtures("quick_retries", "restored")
    def test_each_try_can_be_looked_at(self, hook: HookPage, receiver: Receiver) -> None:
        receiver.answer = 500
        hook.publish()
        until(hook.is_in("auto_disabled"))
        path = self.first(hook)
        assert "Try 3" in hook.browser.get(path).text
        assert "Try 1" in hook.browser.get(f"{path}?attempt=1").text
        assert "Try 3" in hook.browser.get(f"{path}?attempt=99").text

    def test_a_failed_one_is_tried_again_at_once(self, hook: HookPage, receiver: Receiver) -> None:
        receiver.answer = 500
        hook.publish()
        until(hook.is_in("failing"))
        receiver.answer = 204
        assert "sent once more" in hook.said(hook.browser.submit(f"{self.first(hook)}/retry"))
        hook.press("actions", do="test")
        until(lambda: "</svg> Delivered</span>" in hook.browser.get(self.first(hook)).text)
        assert "Retry now" not in hook.browser.get(self.first(hook)).text

    def test_a_team_member_sees_no_bodies(
        self, live: LiveHub, project: str, hook: HookPage, receiver: Receiver
    ) -> None:
        receiver.answer = (200, {}, b"an answer of theirs")
        hook.publish()
        receiver.wait_for(1)
        path = self.first(hook)
        until(lambda: "answered 200" in hook.browser.get(path).text)
        text = live.browser("tom", project=project, role="team_member").get(path).text
        assert "an answer of theirs" not in text
        assert "order.paid&#34;" not in text
        assert "Bodies are shown to product owners and scrum masters" in text
