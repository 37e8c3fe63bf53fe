"""From the set-up link of a hub that nobody has an account on to a first delivery, in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from hub.operations import first_admin
from tests.browser.conftest import Visit
from tests.rigs.api import LiveHub, serving
from tests.rigs.receivers import Receiver


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveHub]:
    """A hub for each test: a link makes one administrator only."""
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(204) as running:
        yield running


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_from_the_set_up_link_to_a_first_test_that_was_delivered(
    live: LiveHub, visit: Visit, receiver: Receiver, javascript: bool
) -> None:
    key = "FIRST"
    page = visit(javascript=javascript)
    page.goto(f"/setup?token={first_admin.new_link_token(live.hub.database)}")
    page.get_by_label("Name").fill(f"Anaïs {key}")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_label("Password again").fill("correct horse battery")
    page.get_by_role("button", name="Make the administrator").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome, Anaïs")
    page.get_by_label("Name").fill("Travel planner")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Make project").click()

    page.get_by_role("link", name="New webhook").click()
    page.get_by_label("Target URL").fill(receiver.url)
    page.get_by_label("All events").check()
    page.get_by_role("button", name="Save webhook").click()
    expect(page.get_by_role("main")).to_contain_text("Its secret, shown this once")
    page.get_by_role("link", name="Go on to the hook").click()
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_role("status")).to_contain_text("Test sent: 204 in")
    receiver.wait_for(1)
    assert receiver.requests[0].headers["webhook-id"]


def test_the_set_up_link_leads_to_a_first_project_without_a_word_of_documentation(
    live: LiveHub, visit: Visit
) -> None:
    token = first_admin.new_link_token(live.hub.database)
    page = visit(javascript=False)
    page.goto(f"/setup?token={token}")
    page.get_by_label("Name").fill("Anaïs")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_label("Password again").fill("correct horse battery")
    page.get_by_role("button", name="Make the administrator").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome, Anaïs")
    page.get_by_label("Name").fill("Travel planner")
    page.get_by_label("Key").fill("travel")
    page.get_by_role("button", name="Make project").click()
    expect(page).to_have_url(f"{live.url}/projects/TRAVEL")
    expect(page.get_by_role("heading", level=1)).to_have_text("Travel planner")
    expect(page.get_by_role("link", name="New webhook")).to_be_visible()
