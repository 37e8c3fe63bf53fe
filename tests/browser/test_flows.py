"""What people come for, from beginning to end in a browser: a first webhook, what came of an event, and what
a team member sees.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hub.operations import first_admin
from tests.browser.conftest import Visit
from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import until

with_and_without = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(204) as running:
        yield running


def looked_at_again(page: Page, text: str) -> None:
    """Refresh by the page's own link until it says so."""

    def refreshed() -> bool:
        page.get_by_role("link", name="Refresh").click()
        return text in page.locator("#rows").inner_text()

    until(refreshed)


@with_and_without
def test_from_the_set_up_link_to_a_first_test_that_was_delivered(
    live: LiveHub, visit: Visit, receiver: Receiver, javascript: bool
) -> None:
    key = "FIRSTJS" if javascript else "FIRST"
    page = visit(javascript=javascript)
    page.goto(f"/setup?token={first_admin.new_link_token(live.hub.database)}")
    page.get_by_label("Name").fill(f"Anaïs {key}")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_label("Password again").fill("correct horse battery")
    page.get_by_role("button", name="Make the administrator").click()
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


@with_and_without
def test_a_published_event_is_seen_delivered_and_looked_into(
    live: LiveHub, project: str, visit: Visit, receiver: Receiver, javascript: bool
) -> None:
    api = live.client(project=project)
    hook = api.post("/hooks", json={"target_url": receiver.url, "events": ["*"], "name": "Ledger"}).json()[
        "id"
    ]
    page = visit(
        live.browser(f"Olga {project}", project=project, role="product_owner"), javascript=javascript
    )
    page.goto(f"/projects/{project}/hooks/{hook}")
    api.post("/events", json={"type": "order.paid", "data": {"total": "1 <b>euro</b>"}})
    receiver.wait_for(1)
    looked_at_again(page, "Delivered")
    page.locator("#rows").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("order.paid")
    expect(page.get_by_role("main")).to_contain_text("1 <b>euro</b>")
    expect(page.get_by_role("main")).to_contain_text("204")


@with_and_without
def test_a_team_member_sees_how_hooks_do_but_no_body_and_nothing_to_press(
    live: LiveHub, project: str, visit: Visit, receiver: Receiver, javascript: bool
) -> None:
    receiver.answer = (200, {}, b"answer-body")
    api = live.client(project=project)
    hook = api.post(
        "/hooks",
        json={"target_url": receiver.url, "events": ["*"], "name": "Ledger", "manual_edit": True},
    ).json()["id"]
    event = api.post("/events", json={"type": "order.paid", "data": {"total": "event-data"}}).json()["id"]
    until(lambda: [row["state"] for row in api.get(f"/hooks/{hook}/deliveries").json()] == ["delivered"])
    delivery = api.get(f"/hooks/{hook}/deliveries").json()[0]["id"]

    page = visit(live.browser(f"Tom {project}", project=project, role="team_member"), javascript=javascript)
    for path in (
        "",
        "/hooks",
        f"/hooks/{hook}",
        f"/hooks/{hook}/settings",
        f"/deliveries/{delivery}",
        "/events",
        f"/events/{event}",
        "/event-types",
    ):
        page.goto(f"/projects/{project}{path}")
        text = page.content()
        for hidden in ("event-data", "answer-body"):
            assert hidden not in text, path
        main = page.get_by_role("main")
        assert main.locator("form[method=post]").count() == 0, path
        buttons = set(main.get_by_role("button").all_inner_texts())
        assert buttons <= {"Filter", "Search", "Find", "Show"}, path
    for path in ("/hooks/new", f"/hooks/{hook}/samples", "/apps", "/tokens", "/members", "/events/new"):
        page.goto(f"/projects/{project}{path}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your role does not allow this")
