"""Members in pages: looked after by product owners and scrum masters."""

import pytest

from hub.rules.access import Requester, Role
from hub.store import users
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import check_markup

ADMIN = Requester("root", frozenset({"admin"}), is_person=True)


@pytest.fixture
def owner(live: LiveHub, project: str) -> Browser:
    return live.browser(f"anna of {project}", project=project, role="product_owner")


def role_of(live: LiveHub, name: str, project: str) -> str | None:
    user = live.hub.database.read(lambda: users.by_name(name))
    assert user is not None
    return user.roles.get(project)


def test_a_manager_adds_changes_and_removes_a_member(live: LiveHub, project: str, owner: Browser) -> None:
    name = f"<Hana> of {project}"
    live.hub.services.users.create(ADMIN, name)
    path = f"/projects/{project}/members"
    page = check_markup(owner.get(path).text)
    assert name in [option.get("value") for option in page.all("option")]
    assert owner.submit(path, user=f" {name} ", role="team_member").headers["location"] == path
    shown = owner.get(path).text
    check_markup(shown)
    assert "is a team member now." in shown
    assert "<Hana>" not in shown
    assert role_of(live, name, project) == "team_member"
    assert owner.submit(f"{path}/role", user=name, role="scrum_master").status_code == 303
    assert role_of(live, name, project) == "scrum_master"
    asked = owner.get(f"{path}/delete", params={"user": name})
    assert asked.status_code == 200
    check_markup(asked.text)
    assert owner.submit(f"{path}/delete", user=name).headers["location"] == path
    assert role_of(live, name, project) is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"user": "", "role": "team_member"}, "is missing"),
        ({"user": "<Nobody>", "role": "team_member"}, "there is no user &lt;Nobody&gt;"),
        ({"user": "anna", "role": "boss"}, "must be one of"),
    ],
)
def test_a_wrong_field_is_told(
    live: LiveHub, project: str, owner: Browser, fields: dict[str, str], says: str
) -> None:
    answer = owner.submit(f"/projects/{project}/members", **fields)
    assert answer.status_code == 422
    check_markup(answer.text)
    assert says in answer.text


def test_the_last_product_owner_stays_one_unless_an_administrator_says_otherwise(
    live: LiveHub, project: str, owner: Browser
) -> None:
    path, name = f"/projects/{project}/members", f"anna of {project}"
    assert "The last product owner stays one" in owner.get(path).text
    for send in (
        lambda: owner.submit(f"{path}/role", user=name, role="stakeholder"),
        lambda: owner.submit(f"{path}/delete", user=name),
    ):
        refused = send()
        assert (refused.status_code, "make another one first" in refused.text) == (409, True)
    root = live.browser("root", is_admin=True)
    assert "The last product owner stays one" not in root.get(path).text
    assert root.submit(f"{path}/role", user=name, role="scrum_master").status_code == 303


def test_whoever_gives_away_their_own_role_is_led_to_what_they_still_see(live: LiveHub, project: str) -> None:
    path, name = f"/projects/{project}/members", f"sam of {project}"
    sam = live.browser(name, project=project, role="scrum_master")
    given = sam.submit(f"{path}/role", user=name, role="team_member")
    assert given.headers["location"] == f"/projects/{project}"
    assert sam.get(path).status_code == 403
    live.browser(name, project=project, role="scrum_master")
    assert sam.submit(f"{path}/delete", user=name).headers["location"] == "/projects"
    assert sam.get(f"/projects/{project}").status_code == 404


@pytest.mark.parametrize("role", ["team_member", "stakeholder", None])
def test_they_are_nobody_elses_to_see_or_change(live: LiveHub, project: str, role: Role | None) -> None:
    who = live.browser(f"{role} of {project}", project=project, role=role)
    path = f"/projects/{project}/members"
    expected = 404 if role is None else 403
    assert who.get(path).status_code == expected
    name = f"{role} of {project}"
    for below in ("", "/role", "/delete"):
        assert who.submit(f"{path}{below}", user=name, role="product_owner").status_code == expected
    assert role_of(live, name, project) == role


def test_members_of_an_archived_project_stay_as_they_are(live: LiveHub, project: str, owner: Browser) -> None:
    live.browser(f"tom of {project}", project=project, role="team_member")
    live.archive(project)
    path = f"/projects/{project}/members"
    page = owner.get(path).text
    check_markup(page)
    assert "Remove…" not in page
    refused = owner.submit(f"{path}/role", user=f"tom of {project}", role="scrum_master")
    assert (refused.status_code, "archived" in refused.text) == (403, True)
    assert owner.submit(f"{path}/delete", user=f"tom of {project}").status_code == 403


def test_nobody_is_removed_who_is_no_member(live: LiveHub, project: str, owner: Browser) -> None:
    asked = owner.get(f"/projects/{project}/members/delete", params={"user": "<x>"})
    assert (asked.status_code, "<x>" in asked.text) == (404, False)
