"""Members are looked after by the managers of their project."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import Forbidden, Invalid, NotFound
from hub.operations.members import Members
from hub.operations.users import Users
from hub.store import audit, projects
from tests.rigs.requesters import ADMIN, NOBODY, manager, managing_token, member
from tests.rigs.stage import Stage


@pytest.fixture
def ann(store: Stage) -> str:
    return Users(store.database).create(ADMIN, "ann").name


def listed(store: Stage) -> dict[str, str]:
    return {one.user.name: one.role for one in Members(store.database).list(ADMIN, store.project)}


@pytest.mark.parametrize("kind", ["manager", "token", "admin"])
def test_a_manager_takes_in_changes_and_removes(store: Stage, ann: str, kind: str) -> None:
    who = {"manager": manager(store.project), "token": managing_token(store.project), "admin": ADMIN}[kind]
    operations = Members(store.database)
    assert operations.list(who, store.project) == ()
    operations.update(who, store.project, ann, "team_member")
    assert operations.update(who, store.project, ann, "scrum_master").role == "scrum_master"
    operations.update(who, store.project, ann, "scrum_master")
    assert listed(store) == {"ann": "scrum_master"}
    operations.delete(who, store.project, ann)
    assert listed(store) == {}
    entries = store.read(lambda: audit.entries(object_id="ann"))[::-1]
    assert [(one.action, one.fields, one.project_key) for one in entries[1:]] == [
        ("member.role_set", {"role": [None, "team_member"]}, "DEMO"),
        ("member.role_set", {"role": ["team_member", "scrum_master"]}, "DEMO"),
        ("member.removed", {"role": ["scrum_master", None]}, "DEMO"),
    ]


def test_members_are_listed_by_name(store: Stage) -> None:
    for name in ("zoë", "bob", "ann"):
        Users(store.database).create(ADMIN, name, project_key="DEMO", role="team_member")
    Users(store.database).create(ADMIN, "eve")
    assert list(listed(store)) == ["ann", "bob", "zoë"]


def test_what_is_not_there_is_said_so(store: Stage, ann: str) -> None:
    operations = Members(store.database)
    with pytest.raises(NotFound, match="no user nobody"):
        operations.update(ADMIN, store.project, "nobody", "team_member")
    with pytest.raises(NotFound, match="ann is no member of DEMO"):
        operations.delete(ADMIN, store.project, ann)
    with pytest.raises(Invalid, match="product_owner"):
        operations.update(ADMIN, store.project, ann, "king")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["member", "token", "another project's manager"])
def test_they_are_nobody_elses(store: Stage, ann: str, kind: str) -> None:
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    who = {"member": member(store.project), "token": NOBODY}.get(kind) or manager(other)
    operations = Members(store.database)
    calls: list[Callable[[], Any]] = [
        lambda: operations.list(who, store.project),
        lambda: operations.update(who, store.project, ann, "product_owner"),
        lambda: operations.delete(who, store.project, ann),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert listed(store) == {}
