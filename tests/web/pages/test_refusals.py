"""A page that refuses: whom to ask and where to go, and nothing that a stranger may not know."""

from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import plain
from tests.rigs.requesters import ADMIN

PASSWORD = "correct horse battery"
HTML = {"Accept": "text/html"}


def test_whoever_may_not_is_told_whom_to_ask(live: LiveHub, project: str) -> None:
    live.hub.services.users.create(ADMIN, "root", PASSWORD, is_admin=True)
    live.hub.services.users.create(ADMIN, "paula", PASSWORD)
    live.browser("paula", project=project, role="product_owner")
    member = live.browser("tom", project=project, role="team_member")

    refused = member.get(f"/projects/{project}/tokens")
    assert refused.status_code == 403
    said = plain(refused.text)
    assert "You are signed in as tom , team member" in said
    assert "an administrator (root)" in said
    assert "a product owner or scrum master of the project (paula)" in said

    whole_server = member.get("/settings")
    assert whole_server.status_code == 403
    assert "an administrator (root)" in plain(whole_server.text)
    assert "paula" not in whole_server.text, "no project is asked about"


def test_an_unknown_address_knows_who_is_signed_in_and_leads_a_stranger_to_the_first_page(
    live: LiveHub, manager: Browser
) -> None:
    known, unknown = manager.get("/nowhere", headers=HTML), live.stranger().get("/nowhere", headers=HTML)
    assert (known.status_code, unknown.status_code) == (404, 404)
    assert "To your projects" in known.text
    assert "To the first page" in unknown.text
    assert "mia" not in unknown.text


def test_a_refused_form_leads_back_to_the_page_that_it_stood_on(
    live: LiveHub, project: str, manager: Browser
) -> None:
    stood_on = f"/projects/{project}/members"
    refused = manager.post(
        f"{stood_on}/delete",
        data={**manager.token(), "user": "mia"},
        headers={"Referer": f"{live.url}{stood_on}?all=1"},
    )
    assert refused.status_code == 409, refused.text
    assert f'href="{stood_on}?all=1">Back' in refused.text


def test_a_long_address_is_shown_in_part(manager: Browser) -> None:
    text = manager.get("/" + "x" * 1000, headers=HTML).text
    assert "x" * 199 in text
    assert "x" * 200 not in text
