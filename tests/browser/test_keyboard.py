"""With the keyboard alone: from the sign-in to a hook that was made, tested, and switched off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.requesters import ADMIN

PASSWORD = "correct horse battery"
STOPS_MAX = 150
"""More stops of the tabulator than any of these pages has."""

FOCUS = """() => {
  const at = document.activeElement
  const seen = at.labels?.[0] ?? at, box = seen.getBoundingClientRect(), style = getComputedStyle(at)
  return {
    name: (at.labels?.[0] ?? at).textContent.trim().replace(/\\s+/g, ' '),
    is_page: at === document.body,
    is_seen: box.width > 1 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    has_outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
  }
}"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(204) as running:
        yield running


def test_from_sign_in_to_a_hook_made_tested_and_switched_off(
    live: LiveHub, project: str, visit: Visit, receiver: Receiver
) -> None:
    name = f"Kay {project}"
    live.hub.services.users.create(ADMIN, name, PASSWORD)
    live.browser(name, project=project, role="product_owner")
    live.client(project=project).post("/events", json={"type": "order.paid", "data": {}})
    page = visit()
    page.goto("/sign-in")
    tab_to(page, "Name")
    page.keyboard.type(name)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")

    headed(page, f"Project {project}")
    press(page, "Webhooks")
    headed(page, "Webhooks")
    skip_to_content(page)
    press(page, "New webhook")

    headed(page, "New webhook")
    fill_in(page, receiver.url)
    headed(page, "By hand")
    press(page, "Go on to the hook")
    press(page, "Send test")
    expect(page.get_by_role("status")).to_contain_text("Test sent: 204 in")
    receiver.wait_for(1)
    press(page, "Switch off")
    expect(page.get_by_role("status")).to_contain_text("Switched off. Nothing more is sent to it.")
    [hook] = live.client(project=project).get("/hooks").json()
    assert (hook["events"], hook["target_url"]) == (["order.paid"], receiver.url)
    assert hook["state"] == "disabled"


def test_no_page_traps_the_focus_and_each_stop_is_seen(
    live: LiveHub, project: str, visit: Visit, receiver: Receiver
) -> None:
    api = live.client(project=project)
    api.post("/events", json={"type": "order.paid", "data": {}})
    hook = api.post("/hooks", json={"target_url": receiver.url, "events": ["*"], "name": "Ledger"}).json()[
        "id"
    ]
    page = visit(live.browser(f"Ann {project}", project=project, role="product_owner", is_admin=True))
    hooks = f"/projects/{project}/hooks"
    for path in (f"/projects/{project}", hooks, f"{hooks}/new", f"{hooks}/{hook}", "/settings", "/health"):
        page.goto(path)
        stops = all_stops(page)
        assert stops[0] == "Skip to the content", path
        assert page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count() == 0, (
            "an order of its own"
        )


def fill_in(page: Page, url: str) -> None:
    """The form of a hook: wrong first, then mended where its summary leads."""
    tab_to(page, "Name")
    page.keyboard.type("By hand")
    tab_to(page, "Target URL")
    page.keyboard.type("ftp://nowhere")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("#name")).to_have_value("By hand")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Target URL")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(url)
    tab_to(page, "Selected events", "All events")
    page.get_by_label("Selected events").press("Space")
    tab_to(page, "order.paid")
    page.keyboard.press("Space")
    press(page, "Save webhook")


def headed(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def skip_to_content(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)["name"] == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def press(page: Page, name: str) -> None:
    """A link, or a button that sends its form."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def tab_to(page: Page, *names: str) -> None:
    """Press the tabulator until something of one of these names has the focus; each stop must be seen."""
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        assert stop["is_page"] or (stop["is_seen"] and stop["has_outline"]), stop
        if any(stop["name"] == name or stop["name"].startswith(f"{name} (") for name in names):
            return
    raise AssertionError(f"the focus never comes to {names}")


def all_stops(page: Page) -> list[str]:
    """Once around, from the page's beginning to its end."""
    stops: list[str] = []
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop["is_page"]:
            return stops
        assert stop["is_seen"], stop
        assert stop["has_outline"], stop
        stops.append(stop["name"])
    raise AssertionError(f"the focus never leaves the page: {stops[-10:]}")
