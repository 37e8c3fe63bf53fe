"""From a broken receiver to a hook that is mended and has what it missed, without a command line."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hub.rules.settings import Settings
from tests.browser.conftest import Visit
from tests.rigs.administration import tune
from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(204) as running:
        yield running


@pytest.fixture
def quick_retries(live: LiveHub) -> Iterator[None]:
    admin = live.client("admin", project=None)
    tune(admin, retry_schedule_s=[0.05, 0.05, 0.05, 3600], failure_limit=3)
    yield
    tune(admin, **Settings().as_dict())


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
@pytest.mark.usefixtures("quick_retries")
def test_a_hook_whose_receiver_broke_is_mended_and_gets_what_it_missed(
    live: LiveHub, project: str, visit: Visit, receiver: Receiver, javascript: bool
) -> None:
    receiver.answer = (500, {}, b"the ledger is locked")
    api = live.client(project=project)
    hook = api.post(
        "/hooks",
        json={"target_url": receiver.url, "events": ["*"], "name": "Ledger", "manual_edit": True},
    ).json()["id"]
    api.post("/events", json={"type": "order.paid", "data": {"n": 1}})
    until(lambda: api.get(f"/hooks/{hook}").json()["state"] == "auto_disabled")
    api.post("/events", json=[{"type": "order.paid", "data": {"n": n}} for n in (2, 3)])

    page = visit(
        live.browser(f"Olga {project}", project=project, role="product_owner"), javascript=javascript
    )
    main = page.get_by_role("main")
    page.goto(f"/projects/{project}")
    expect(main).to_contain_text("Off after failures")
    main.get_by_role("link", name="Ledger").first.click()
    expect(main).to_contain_text("Switched off after 3 requests in a row failed")
    expect(main).to_contain_text("3 deliveries are held until")
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_role("status")).to_contain_text("The test failed: answered 500")
    page.locator("#rows").get_by_role("link", name="order.paid").last.click()
    expect(main).to_contain_text("the ledger is locked")

    receiver.answer = 204
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Ledger").click()
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_role("status")).to_contain_text("Test sent: 204")
    page.get_by_role("button", name="Enable and release 3").click()
    expect(page.get_by_role("status")).to_contain_text("Switched on. What was held is sent now")

    numbers = until(lambda: _numbers(receiver), lambda got: sorted(got[-3:]) == [1, 2, 3])
    until(lambda: len(api.get(f"/hooks/{hook}/deliveries", params={"state": "delivered"}).json()) == 4)
    page.get_by_label("State").select_option("Delivered")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#rows").get_by_role("link", name="order.paid")).to_have_count(3)
    page.goto(f"/projects/{project}")
    expect(main).to_contain_text("No hook needs attention.")

    page.goto(f"/projects/{project}/hooks/{hook}")
    page.get_by_label("From").fill("2026-01-01T00:00")
    page.get_by_label("Only").select_option("Delivered")
    page.get_by_role("button", name="Count first").click()
    page.get_by_role("button", name="Replay 3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Replay to Ledger")
    until(lambda: len(_numbers(receiver)), lambda count: count == len(numbers) + 3)
    if not javascript:
        until(lambda: _is_over(page))
    expect(main).to_contain_text("3 of 3 are sent Done")


def _is_over(page: Page) -> bool:
    """Whether the page waits for nothing more; if it does, look at it again by its own link."""
    page.wait_for_load_state()
    refresh = page.get_by_role("link", name="Refresh")
    if refresh.count() == 0:
        return True
    with page.expect_navigation():
        refresh.click()
    return False


def _numbers(receiver: Receiver) -> list[int]:
    """What the events say that came."""
    return [json.loads(got.body)["data"]["n"] for got in receiver.requests if b'"n":' in got.body]
