"""From the set-up link to a project with members, as people do it with a browser: by mouse, by keyboard,
without JavaScript.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from hub.rules.access import Requester
from tests.browser.conftest import Visit
from tests.rigs.api import LiveHub

PASSWORD = "correct horse battery"
ADMIN = Requester("root", frozenset({"admin"}), is_person=True)

with_and_without = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@with_and_without
def test_signing_in_out_and_in_again(live: LiveHub, visit: Visit, javascript: bool) -> None:
    name = f"Zoë {javascript}"
    live.hub.services.users.create(ADMIN, name, PASSWORD)
    page = visit(javascript=javascript)
    page.goto("/account/password")
    sign_in(page, name, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Name and password do not belong together")
    expect(page.get_by_label("Name")).to_have_value(name)
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live.url}/projects")
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.goto("/projects")
    expect(page).to_have_url(f"{live.url}/sign-in?next=/projects")


@pytest.mark.parametrize("who", ["the same", "another"])
def test_what_was_typed_when_the_session_ended_waits_for_its_person(
    live: LiveHub, project: str, visit: Visit, who: str
) -> None:
    names = {"the same": f"Ida {project}", "another": f"Otto {project}"}
    people = {}
    for one, name in names.items():
        live.hub.services.users.create(ADMIN, name, PASSWORD)
        people[one] = live.browser(name, project=project, role="product_owner")
    page = visit(people["the same"])
    page.goto(f"/projects/{project}/hooks/new")
    with page.expect_response("**/hooks/check"):  # it needs the session too
        page.locator("#target_url").fill("https://chat.example.com/secret-path")
        page.locator("#name").fill("Ledger")
    page.locator("#secret").fill("hush-hush-hush-hush-hush-hush")
    page.get_by_label("All events").check()
    page.context.clear_cookies()
    page.get_by_role("button", name="Save webhook").click()
    page.wait_for_url("**/sign-in?next=**")
    kept = str(page.evaluate("JSON.stringify({ ...sessionStorage })"))
    assert "Ledger" in kept
    assert "hush" not in kept
    assert "secret-path" not in kept

    page.get_by_label("Name").fill(names[who])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/hooks/new")
    if who == "another":
        expect(page.locator("#name")).to_have_value("")
    else:
        expect(page.get_by_role("status").first).to_contain_text("You had been signed out")
        expect(page.locator("#name")).to_have_value("Ledger")
        expect(page.get_by_label("All events")).to_be_checked()
        expect(page.locator("#secret")).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0


def test_what_was_typed_before_signing_in_again_undoes_nothing_unseen(
    live: LiveHub, project: str, visit: Visit
) -> None:
    name, api = f"Uta {project}", live.client(project=project)
    live.hub.services.users.create(ADMIN, name, PASSWORD)
    made = api.post("/schedules", json={"event_type": "report.due", "every_s": 3600}).json()
    page = visit(live.browser(name, project=project, role="product_owner"))
    page.goto(f"/projects/{project}/schedules/{made['id']}")
    page.locator("#name").fill("Mine")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save schedule").click()
    api.patch(f"/schedules/{made['id']}", json={"every_s": 60})

    page.wait_for_url("**/sign-in?next=**")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#name")).to_have_value("Mine")
    page.get_by_role("button", name="Save schedule").click()
    expect(page.get_by_role("alert")).to_contain_text("this schedule was changed after you opened it")
    assert api.get(f"/schedules/{made['id']}").json()["every_s"] == 60


def test_signing_in_by_keyboard_alone(live: LiveHub, visit: Visit) -> None:
    live.hub.services.users.create(ADMIN, "Kay", PASSWORD)
    page = visit()
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_label("Name").focus()
    page.keyboard.type("Kay")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live.url}/projects")
    page.get_by_role("button", name="Kay").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


@with_and_without
def test_the_chosen_theme_stays(live: LiveHub, visit: Visit, javascript: bool) -> None:
    page = visit(live.browser("Theo"), javascript=javascript)
    page.goto("/account/sessions")
    page.get_by_role("button", name="Theo").click()
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(f"{live.url}/account/sessions")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/projects")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@with_and_without
def test_a_product_owner_looks_after_the_members(
    live: LiveHub, project: str, visit: Visit, javascript: bool
) -> None:
    name = f"Hana {project}"
    live.hub.services.users.create(ADMIN, name)
    owner = live.browser(f"Anna {project}", project=project, role="product_owner")
    page = visit(owner, javascript=javascript)
    page.goto(f"/projects/{project}")
    page.get_by_role("link", name="Members", exact=True).click()
    page.get_by_label("Add a user").fill(name)
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_role("status")).to_have_text(f"{name} is a team member now.")
    page.get_by_label(f"Role of {name}").select_option("Scrum master")
    page.get_by_role("button", name=f"Save the role of {name}").click()
    expect(page.get_by_role("status")).to_have_text(f"{name} is a scrum master now.")
    page.get_by_role("link", name=f"Remove… {name}").click()
    expect(page.get_by_role("link", name=f"Keep {name}")).to_be_focused()
    page.get_by_role("button", name="Remove member").click()
    expect(page.get_by_role("status")).to_have_text(f"{name} is no member any more.")
    expect(page.get_by_text("The last product owner stays one.")).to_be_visible()


def test_what_is_wrong_takes_the_focus_and_leads_to_its_field(live: LiveHub, visit: Visit) -> None:
    page = visit(live.browser("Root", is_admin=True))
    page.goto("/projects/new")
    page.get_by_label("Name").fill('<script>alert("x")</script>')
    page.get_by_label("Key").fill("1")
    page.get_by_role("button", name="Make project").click()
    expect(page).to_have_title(re.compile("^Error: new project"))
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name=re.compile("^Key: must be")).click()
    expect(page.get_by_label("Key")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value('<script>alert("x")</script>')


def test_each_role_sees_what_it_may(live: LiveHub, project: str, visit: Visit) -> None:
    seen: dict[str, set[str]] = {}
    for role in ("product_owner", "team_member", "stakeholder"):
        page = visit(live.browser(f"{role} {project}", project=project, role=role))  # type: ignore[arg-type]
        page.goto(f"/projects/{project}")
        links = page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()
        seen[role] = {text.strip() for text in links}
        page.goto("/settings" if role == "product_owner" else f"/projects/{project}/members")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert seen["stakeholder"] == {"Overview", "Projects", "Notices"}
    assert seen["team_member"] == {"Overview", "Webhooks", "Events", "Event types", "Projects", "Notices"}
    managed = {"Schedules", "Sources", "Apps", "Tokens", "Members"}
    assert seen["product_owner"] == {*seen["team_member"], *managed}


@pytest.mark.parametrize("width", [320, 1200])
def test_no_page_moves_sideways_however_long_the_names(
    live: LiveHub, project: str, visit: Visit, width: int
) -> None:
    name = "A name that is rather long for a telephone, " + "w" * 50
    root = live.browser(name, is_admin=True, project=project, role="product_owner")
    user = root_id(live, name)
    page = visit(root, width=width)
    for path in (
        "/projects",
        "/projects/new",
        f"/projects/{project}",
        f"/projects/{project}/edit",
        f"/projects/{project}/archive",
        f"/projects/{project}/members",
        "/users",
        "/users/new",
        f"/users/{user}",
        f"/users/{user}/delete",
        "/account/password",
        "/account/sessions",
        "/nowhere",
    ):
        page.goto(path)
        taken = page.evaluate("document.documentElement.scrollWidth")
        assert taken <= width, f"{path} is {taken} wide"
        assert page.locator("h1").count() == 1


def root_id(live: LiveHub, name: str) -> int:
    return live.hub.services.users.get(ADMIN, name).id
