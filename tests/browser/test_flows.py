"""What people come for, from beginning to end in a browser: what came of an event, and what a team member sees."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S, until

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


@pytest.mark.parametrize(("javascript", "sent"), [(True, "13:30"), (False, "14:30")])
def test_a_typed_time_is_the_readers_own_and_the_label_says_whose_it_is(
    live: LiveHub, project: str, visit: Visit, javascript: bool, sent: str
) -> None:
    person = live.browser(f"Zoe {project}", project=project, role="product_owner")
    page = visit(person, javascript=javascript, zone="Europe/Berlin")
    page.goto(f"/projects/{project}/events")
    label = r"Until \(GMT\+[12]\)" if javascript else r"Until \(UTC\)"
    expect(page.locator("label[for=until]")).to_have_text(re.compile(label))
    page.get_by_label("Until").fill("2026-01-15T14:30")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url(re.compile(f"until=2026-01-15T{sent.replace(':', '%3A')}"))
    expect(page.get_by_label("Until")).to_have_value("2026-01-15T14:30")


def test_to_reload_what_is_shown_once_makes_no_second_one(live: LiveHub, project: str, visit: Visit) -> None:
    page = visit(live.browser(f"Olga {project}", project=project, role="product_owner"))
    page.goto(f"/projects/{project}/hooks/new")
    page.locator("#name").fill("Ledger")
    page.locator("#target_url").fill("https://ledger.example.com/in")
    page.get_by_role("button", name="Save webhook").click()
    expect(page.get_by_role("main")).to_contain_text("shown this once")
    page.wait_for_load_state()  # its script has run
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ledger")

    page.goto(f"/projects/{project}/tokens")
    page.locator("#name").fill("CI")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("main")).to_contain_text("Token CI is made")
    page.wait_for_load_state()
    page.reload()
    expect(page.get_by_role("main")).not_to_contain_text("Token CI is made")
    expect(page.get_by_role("rowheader", name="CI")).to_have_count(1)
    assert len(live.client(project=project).get("/hooks").json()) == 1


def test_a_small_screen_leads_to_guides_and_api_docs_too(live: LiveHub, project: str, visit: Visit) -> None:
    page = visit(live.browser(f"Olga {project}", project=project, role="product_owner"), width=320)
    page.goto("/projects")
    page.get_by_role("button", name="your account").click()
    for name in ("Guides", "API docs"):
        expect(page.get_by_role("link", name=name)).to_be_visible()


def test_a_button_that_is_pressed_twice_sends_once_and_says_that_it_takes_a_moment(
    live: LiveHub, project: str, visit: Visit, receiver: Receiver
) -> None:
    goes_on = threading.Event()
    receiver.answer = lambda _: 204 if goes_on.wait(DEADLINE_S) else 500
    hook = {"target_url": receiver.url, "events": ["*"]}
    hook_id = live.client(project=project).post("/hooks", json=hook).json()["id"]
    page = visit(live.browser(f"Olga {project}", project=project, role="product_owner"))
    page.goto(f"/projects/{project}/hooks/{hook_id}")
    with page.expect_console_message(lambda message: message.text == "One moment…"):
        page.evaluate(
            """() => {
                const button = document.querySelector("button[value=test]"), said = document.querySelector("#said");
                for (const after of [0, 100]) setTimeout(() => button.click(), after);
                new MutationObserver(() => console.info(said.textContent)).observe(said, { childList: true });
            }"""
        )
    goes_on.set()
    expect(page.get_by_role("status")).to_contain_text("Test sent: 204 in")
    assert len(receiver.requests) == 1


def test_a_list_that_renews_itself_keeps_the_focus_on_what_it_was_on(
    live: LiveHub, project: str, visit: Visit, receiver: Receiver
) -> None:
    api = live.client(project=project)
    api.post("/hooks", json={"target_url": receiver.url, "events": ["*"]})
    page = visit(live.browser(f"Olga {project}", project=project, role="product_owner"))

    def published(count: int) -> None:
        api.post("/events", json={"type": "order.paid", "data": {"n": count}})
        receiver.wait_for(count)

    published(1)
    [hook] = api.get("/hooks").json()
    for path, part in ((f"hooks/{hook['id']}", "#rows"), ("events", "#events")):
        page.goto(f"/projects/{project}/{path}")
        rows = page.locator(f"{part} tbody tr")
        before = rows.count()
        rows.first.get_by_role("link").first.focus()
        seen = page.evaluate("document.activeElement.href")
        published(before + 1)
        page.evaluate(f"htmx.ajax('GET', location.href, {{ target: '{part}', swap: 'outerMorph' }})")
        expect(rows).to_have_count(before + 1)
        assert page.evaluate("document.activeElement.href") == seen
