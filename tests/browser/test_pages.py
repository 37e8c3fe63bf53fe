"""Every page, in both schemes and at two widths: axe finds nothing, the console is silent, nothing moves
sideways.

Owns the table of pages as they are looked at: a new page of `hub.web.pages` needs a row here. `vendor/` holds
axe-core 4.14.1 as its makers published it; it is under the MPL 2.0, and no part of the hub.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from connectors import registry
from hub.web.pages.routes import PAGES
from hub.web.pages.table import Page as PageRow
from tests.browser.conftest import listen
from tests.rigs.api import LiveHub
from tests.rigs.shown_hub import Shown, shown
from tests.rigs.waiting import DEADLINE_S

AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""What can differ between two schemes of the same page."""
WIDTHS = (1200, 320)
VENDORS = {registry.source(key).vendor for key in registry.source_keys()}
"""The only pages of others that ours lead to, but for guides."""


@dataclass(frozen=True)
class Look:
    """One page, as somebody sees it."""

    path: str
    """With names of what `tests.rigs.shown_hub` seeded."""
    who: str = "owner"
    press: str = ""
    """A button of the page to press first, by its words: to see a form that was refused."""

    @property
    def id(self) -> str:
        return f"{self.who}-{self.path}" + (f"-{self.press}" if self.press else "")


_PROJECT = "/projects/{project}"
_HOOKS = f"{_PROJECT}/hooks"

LOOKS = (
    Look("/", "stranger"),
    Look("/setup", "stranger"),
    Look("/sign-in", "stranger"),
    Look("/sign-in", "stranger", press="Sign in"),
    Look("/nowhere", "stranger"),
    Look("/nowhere"),
    Look("/settings", "member"),
    Look("/account/password"),
    Look("/account/password", press="Change password"),
    Look("/account/sessions"),
    Look("/account/notices"),
    Look("/notices"),
    Look("/guide"),
    Look("/guide/chats.md"),
    Look("/guide/connect/github.md", "member"),
    Look("/notices", "admin"),
    Look("/projects"),
    Look("/projects", "admin"),
    Look("/projects/new", "admin"),
    Look("/projects/new", "admin", press="Make project"),
    Look(f"{_PROJECT}/edit", "admin"),
    Look(f"{_PROJECT}/archive", "admin"),
    Look("/users", "admin"),
    Look("/users/new", "admin"),
    Look("/users/{user}", "admin"),
    Look("/users/{user}/delete", "admin"),
    Look("/settings", "admin"),
    Look("/health", "admin"),
    Look("/audit", "admin"),
    Look("/connections", "admin"),
    Look("/connections/new", "admin"),
    Look("/connections/new?kind=nats", "admin"),
    Look("/connections/new?kind=sqs", "admin", press="Make connection"),
    Look("/connections/{connection}", "admin"),
    Look("/connections/{connection}/delete", "admin"),
    Look(_PROJECT),
    Look(_PROJECT, "member"),
    Look(_PROJECT, "stakeholder"),
    Look("/projects/{empty}", "admin"),
    Look(f"{_PROJECT}/members"),
    Look(f"{_PROJECT}/members/delete?user=Tom"),
    Look(_HOOKS),
    Look(_HOOKS, "member"),
    Look(f"{_HOOKS}?q=nothing-like-it"),
    Look("/projects/{empty}/hooks", "admin"),
    Look(f"{_HOOKS}/new"),
    Look(f"{_HOOKS}/new", press="Save webhook"),
    Look("/projects/{empty}/hooks/new", "admin"),
    Look(f"{_HOOKS}/{{well}}"),
    Look(f"{_HOOKS}/{{broken}}"),
    Look(f"{_HOOKS}/{{broken}}", "member"),
    Look(f"{_HOOKS}/{{failing}}"),
    Look(f"{_HOOKS}/{{off}}"),
    Look(f"{_HOOKS}/{{app}}"),
    Look(f"{_HOOKS}/{{well}}/settings"),
    Look(f"{_HOOKS}/{{app}}/settings"),
    Look(f"{_HOOKS}/{{broken}}/settings", "member"),
    Look(f"{_HOOKS}/{{app}}/take-over"),
    Look(f"{_HOOKS}/{{broken}}/drop"),
    Look(f"{_HOOKS}/{{well}}/samples"),
    Look(f"{_HOOKS}/{{well}}/replay?since=2026-01-01T00:00&only=delivered"),
    Look(f"{_HOOKS}/{{well}}/replay?since=yesterday"),
    Look(f"{_HOOKS}/{{well}}/replay/progress"),
    Look(f"{_HOOKS}/{{well}}/replay?since=2026-01-01T00:00&only=delivered", press="Replay 3"),
    Look(f"{_HOOKS}/{{well}}/delete"),
    Look(f"{_PROJECT}/events"),
    Look(f"{_PROJECT}/events", "member"),
    Look("/projects/{empty}/events", "admin"),
    Look(f"{_PROJECT}/events/new"),
    Look(f"{_PROJECT}/events/{{event}}"),
    Look(f"{_PROJECT}/event-types"),
    Look(f"{_PROJECT}/event-types?type=failing.now"),
    Look("/projects/{empty}/event-types", "admin"),
    Look(f"{_PROJECT}/apps"),
    Look(f"{_PROJECT}/apps?q=slack"),
    Look(f"{_HOOKS}/new?format=telegram"),
    Look(f"{_PROJECT}/schedules"),
    Look("/projects/{empty}/schedules", "admin"),
    Look(f"{_PROJECT}/schedules/new"),
    Look(f"{_PROJECT}/schedules/new", press="Save schedule"),
    Look(f"{_PROJECT}/schedules/{{schedule}}"),
    Look(f"{_PROJECT}/schedules/{{schedule}}/delete"),
    Look(f"{_PROJECT}/sources"),
    Look("/projects/{empty}/sources", "admin"),
    Look(f"{_PROJECT}/sources/new"),
    Look(f"{_PROJECT}/sources/new?kind=generic_hmac"),
    Look(f"{_PROJECT}/sources/new?kind=shopify", press="Make source"),
    Look(f"{_PROJECT}/sources/{{source}}"),
    Look(f"{_PROJECT}/sources/{{waiting_source}}"),
    Look(f"{_PROJECT}/sources/{{waiting_source}}", press="Save secret"),
    Look(f"{_PROJECT}/sources/{{off_source}}"),
    Look(f"{_PROJECT}/sources/{{off_source}}", press="Replace secret"),
    Look(f"{_PROJECT}/sources/{{source}}/delete"),
    Look(f"{_PROJECT}/tokens"),
    Look("/projects/{empty}/tokens", "admin"),
    Look(f"{_PROJECT}/tokens/{{token}}/revoke"),
    Look(f"{_PROJECT}/deliveries/{{tried}}"),
    Look(f"{_PROJECT}/deliveries/{{tried}}", "member"),
    Look(f"{_PROJECT}/deliveries/{{held}}"),
    Look(f"{_PROJECT}/deliveries/{{delivered}}"),
)


@pytest.fixture(scope="module")
def hub(live: LiveHub) -> Iterator[Shown]:
    with shown(live) as seeded:
        yield seeded


@pytest.fixture(scope="module")
def pages(live: LiveHub, hub: Shown, browser: Chromium) -> Iterator[dict[str, Page]]:
    """A page of each of these people, used for all that they look at: opening one takes longer than
    looking.
    """
    contexts = []
    made = {}
    for who, person in hub.people.items():
        context = browser.new_context(base_url=live.url, reduced_motion="reduce")
        context.set_default_timeout(DEADLINE_S * 1000)
        context.add_init_script(path=AXE)
        if secret := person.cookies.get("hookhub"):
            context.add_cookies([{"name": "hookhub", "value": secret, "url": live.url}])
        contexts.append(context)
        made[who] = context.new_page()
    yield made
    for context in contexts:
        context.close()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.id)
def test_a_page_is_for_everybody(hub: Shown, pages: dict[str, Page], look: Look) -> None:
    page = pages[look.who]
    said: list[str] = []
    stop = listen(page, said)
    page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    page.emulate_media(color_scheme="light")
    page.goto(look.path.format_map(hub.names))
    if look.press:
        page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
        with page.expect_navigation():
            page.get_by_role("main").get_by_role("button", name=look.press).click()

    assert page.locator("h1").count() == 1
    assert leading_nowhere(page) == []
    assert re.fullmatch(r"\S.*\bhookhub\b.*", page.title())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light")
        taken = page.evaluate("document.documentElement.scrollWidth")
        assert taken <= width, f"{taken} wide"
        assert found(page, {"type": "tag", "values": RULES}) == []
        page.emulate_media(color_scheme="dark")
        assert found(page, {"type": "rule", "values": OF_COLOURS}) == []
    stop()
    assert said == []


QUESTIONS = (
    (f"{_HOOKS}/{{broken}}", "owner", "Enable and drop", "Keep them"),
    (f"{_HOOKS}/{{well}}", "owner", "Delete webhook…", "Keep it"),
    (f"{_HOOKS}/{{app}}/settings", "owner", "Take over…", "Leave it"),
    (f"{_PROJECT}/tokens", "owner", "Revoke", "Keep it"),
    (f"{_PROJECT}/schedules/{{schedule}}", "owner", "Delete schedule…", "Keep it"),
    (f"{_PROJECT}/sources/{{source}}", "owner", "Delete source…", "Keep it"),
    (f"{_PROJECT}/members", "owner", "Remove… Tom", "Keep Tom"),
    (f"{_PROJECT}/edit", "admin", "Archive…", "Keep it"),
    ("/users/{user}", "admin", "Delete…", "Keep Uma"),
)


@pytest.mark.parametrize(("path", "who", "link", "no"), QUESTIONS, ids=[one[2] for one in QUESTIONS])
def test_a_question_is_asked_in_a_dialog_that_everybody_can_leave(
    hub: Shown, pages: dict[str, Page], path: str, who: str, link: str, no: str
) -> None:
    page = pages[who]
    page.set_viewport_size({"width": WIDTHS[1], "height": 800})
    page.emulate_media(color_scheme="light")
    page.goto(path.format_map(hub.names))
    asks = page.get_by_role("main").get_by_role("link", name=link).first
    asks.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_contain_text("?")
    expect(dialog.get_by_role("link", name=no)).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[1]
    assert found(page, {"type": "tag", "values": RULES}) == []
    page.emulate_media(color_scheme="dark")
    assert found(page, {"type": "rule", "values": OF_COLOURS}) == []
    assert leading_nowhere(page) == []

    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(asks).to_be_focused()
    asks.press("Enter")
    dialog.get_by_role("link", name=no).press("Enter")
    expect(dialog).to_have_count(0)


def test_a_dialog_does_what_its_page_does(live: LiveHub, hub: Shown, pages: dict[str, Page]) -> None:
    key = hub.names["project"]
    made = live.client(project=key).post(
        "/hooks", json={"target_url": "http://127.0.0.1:8099/", "events": ["x.y"]}
    )
    page = pages["owner"]
    page.goto(f"/projects/{key}/hooks/{made.json()['id']}")
    page.get_by_role("link", name="Delete webhook…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete webhook").click()
    expect(page.get_by_role("status")).to_contain_text("Deleted: 127.0.0.1:8099")


def test_the_page_of_the_api_has_a_heading_and_a_main_part(pages: dict[str, Page]) -> None:
    """What is within that part is Swagger UI's, as its makers publish it."""
    page = pages["stranger"]
    page.goto("/docs")
    page.locator(".opblock").first.wait_for()
    rules = ["page-has-heading-one", "landmark-one-main", "landmark-no-duplicate-main", "document-title"]
    assert found(page, {"type": "rule", "values": rules}) == []


def test_every_page_is_looked_at(hub: Shown) -> None:
    paths = {look.path.partition("?")[0].format_map(hub.names) for look in LOOKS}
    for page in PAGES:
        if page.method == "GET":
            assert any(re.fullmatch(pattern(page), path) for path in paths), f"no row for {page.path}"


def leading_nowhere(page: Page) -> list[str]:
    """Links and forms of this page whose address none of our pages has."""
    ways = page.evaluate(
        "[...document.querySelectorAll('a[href], form')].map(one => one.href"
        " ? ['GET', one.href] : [one.getAttribute('method').toUpperCase(), one.action])"
    )
    return [
        f"{method} {address}"
        for method, address in ways
        if address not in VENDORS
        and not is_ours(method, urlsplit(address).path)
        and not (urlsplit(page.url).path.startswith("/guide/") and address.startswith("https://"))
    ]


def is_ours(method: str, path: str) -> bool:
    if method == "GET" and path.startswith(("/docs", "/api/v1/", "/nowhere", "/readyz")):
        return True
    return any(one.method == method and re.fullmatch(pattern(one), path) for one in PAGES)


def pattern(page: PageRow) -> str:
    return re.sub(r"\{[^}]+\}", "[^/]+", page.path)


def found(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe has to say: rule, element, and what would be right."""
    result = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})", rules
    )
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
