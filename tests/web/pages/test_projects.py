"""Projects in pages: what each role sees of them, and what administrators do with them."""

from html import unescape

import pytest

from hub.rules.access import ROLES, Role
from hub.store import figures, hooks, projects
from hub.store.figures import hour_of
from hub.store.hooks import NewHook
from hub.store.projects import Project
from tests.rigs.api import Browser, LiveHub
from tests.rigs.markup import check_markup


def found(live: LiveHub, key: str) -> Project:
    project = live.hub.database.read(lambda: projects.by_key(key))
    assert project is not None
    return project


def test_everybody_sees_the_projects_in_which_they_have_a_role_and_administrators_all(
    live: LiveHub, project: str, admin: Browser
) -> None:
    other = live.project()
    live.archive(other)
    tom = live.browser(f"tom of {project}", project=project, role="team_member")
    mine, everything = tom.get("/projects").text, admin.get("/projects").text
    check_markup(mine)
    check_markup(everything)
    assert f"/projects/{project}" in mine
    assert other not in mine
    assert "/projects/new" not in mine
    assert f"/projects/{project}/edit" in everything
    assert everything.index(f"/projects/{project}") < everything.index(f"/projects/{other}")
    assert "Archived: read-only" in everything
    nobody = live.browser("nobody").get("/projects").text
    assert "You are a member of no project yet" in nobody


def test_what_needs_attention_is_counted_and_stakeholders_see_nothing_of_it(
    live: LiveHub, project: str
) -> None:
    project_id = found(live, project).id

    def write() -> None:
        for _ in range(2):
            new = NewHook(project_id, "http://127.0.0.1:9/", ("*",), "standard", "page", "x")
            made = hooks.add(live.hub.services.box, new, 0)
            hooks.models.Hook.update(state="auto_disabled").where(hooks.models.Hook.id == made.id).execute()

    live.hub.database.write(write).result()
    tom = live.browser(f"tom of {project}", project=project, role="team_member")
    assert "2 hooks off after failures" in tom.get("/projects").text
    assert "need attention" in tom.get(f"/projects/{project}").text
    priya = live.browser(f"priya of {project}", project=project, role="stakeholder")
    for path in ("/projects", f"/projects/{project}"):
        assert "off after failures" not in priya.get(path).text
        assert "need attention" not in priya.get(path).text


def test_the_last_24_hours_are_shown_to_whoever_sees_hooks(live: LiveHub, project: str) -> None:
    database, one = live.hub.database, found(live, project)
    hour = hour_of(database.clock.now())
    counts = {(one.id, "a", hour): (1234, 0, 0.0)}
    database.write(lambda: figures.add_events(database, counts)).result()
    tom = live.browser(f"tom of {project}", project=project, role="team_member").get("/projects").text
    assert "1,234" in tom
    assert "Last 24 hours: 0 delivered, 0 failed" in tom
    priya = live.browser(f"priya of {project}", project=project, role="stakeholder").get("/projects").text
    assert "1,234" not in priya
    assert "Last 24 hours: 0" not in priya


@pytest.mark.parametrize("role", [*ROLES, None])
def test_a_project_looks_to_a_stranger_as_if_it_were_not_there(
    live: LiveHub, project: str, role: Role | None
) -> None:
    who = live.browser(f"{role} of {project}", project=project, role=role)
    answer, nowhere = who.get(f"/projects/{project}"), who.get("/projects/NOSUCH")
    assert nowhere.status_code == 404
    if role is None:
        assert answer.status_code == 404
        assert answer.text.replace(project, "KEY") == nowhere.text.replace("NOSUCH", "KEY")
        return
    assert answer.status_code == 200
    page = check_markup(answer.text)
    links = {str(link["href"]).removeprefix(f"/projects/{project}") for link in page.all("a")}
    assert ("/hooks" in links) is (role != "stakeholder")
    assert ("/members" in links) is (role in ("product_owner", "scrum_master"))
    assert "/settings" not in links


def test_an_administrator_makes_a_project_whatever_the_case_of_its_key(live: LiveHub, admin: Browser) -> None:
    check_markup(admin.get("/projects/new").text)
    done = admin.submit("/projects/new", key=" travel ", name="Travel <planner>", catalogue="icescrum")
    assert (done.status_code, done.headers["location"]) == (303, "/projects/TRAVEL")
    shown = admin.get("/projects/TRAVEL")
    check_markup(shown.text)
    assert "Travel &lt;planner&gt; is made." in shown.text
    assert found(live, "TRAVEL").catalogue == "icescrum"


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"key": "1X"}, "key", "beginning with a letter"),
        ({"key": "TAKEN"}, "key", "is taken"),
        ({"name": "a\u202eb"}, "name", "without control characters"),
        ({"catalogue": "other"}, "catalogue", "must be one of"),
    ],
)
def test_a_wrong_field_keeps_what_was_typed(
    live: LiveHub, admin: Browser, fields: dict[str, str], field: str, says: str
) -> None:
    admin.submit("/projects/new", key="TAKEN")
    sent = {"key": "FINE", "name": '<b>"x"</b>', "catalogue": "open", **fields}
    answer = admin.submit("/projects/new", **sent)
    assert answer.status_code == 422
    page = check_markup(answer.text)
    assert says in answer.text
    assert f"#{field}" in [link["href"] for link in page.all("a")]
    assert "<b>" not in answer.text
    values = {str(one.get("id")): one.get("value") for one in page.all("input")}
    assert (values["key"], unescape(str(values["name"]))) == (sent["key"], sent["name"])
    assert live.hub.database.read(lambda: projects.by_key("FINE")) is None


def test_a_project_is_renamed_archived_and_brought_back(live: LiveHub, project: str, admin: Browser) -> None:
    path = f"/projects/{project}"
    check_markup(admin.get(f"{path}/edit").text)
    assert admin.submit(f"{path}/edit", name="").status_code == 422
    assert admin.submit(f"{path}/edit", name="New name").status_code == 303
    assert found(live, project).name == "New name"
    asked = admin.get(f"{path}/archive").text
    check_markup(asked)
    assert "Archive “New name”?" in asked
    assert admin.submit(f"{path}/archive").headers["location"] == "/projects"
    assert found(live, project).is_archived
    assert "Bring it back" in admin.get(f"{path}/edit").text
    assert admin.submit(f"{path}/restore").status_code == 303
    assert not found(live, project).is_archived


@pytest.mark.parametrize("role", ROLES)
def test_a_project_as_a_whole_is_for_administrators(live: LiveHub, project: str, role: Role) -> None:
    who = live.browser(f"{role} of {project}", project=project, role=role)
    assert who.get("/projects/new").status_code == who.submit("/projects/new", key="MINE").status_code == 403
    for path in ("edit", "archive", "restore"):
        assert who.submit(f"/projects/{project}/{path}", name="x").status_code == 403
    refused = who.get(f"/projects/{project}/edit")
    assert refused.status_code == 403
    page = check_markup(refused.text)
    assert "Your role does not allow this" in refused.text
    assert f"/projects/{project}" in [link["href"] for link in page.all("a")]
    assert found(live, project).name != "x"
