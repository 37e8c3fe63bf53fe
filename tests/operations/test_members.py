"""Members are looked after by the managers of their project."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hub.errors import Conflict, Forbidden, Invalid, NotFound
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


@pytest.mark.parametrize("kind", ["manager", "token", "admin"])
def test_the_last_product_owner_stays_one_unless_an_administrator_says_otherwise(
    store: Stage, ann: str, kind: str
) -> None:
    who = {"manager": manager(store.project), "token": managing_token(store.project), "admin": ADMIN}[kind]
    operations = Members(store.database)
    operations.update(who, store.project, ann, "product_owner")
    operations.update(who, store.project, ann, "product_owner")
    changes: list[Callable[[], Any]] = [
        lambda: operations.update(who, store.project, ann, "team_member"),
        lambda: operations.delete(who, store.project, ann),
    ]
    if kind == "admin":
        changes[0]()
        return
    for change in changes:
        with pytest.raises(Conflict, match="ann is the last product owner of DEMO"):
            change()
    Users(store.database).create(ADMIN, "bob", project_key="DEMO", role="product_owner")
    changes[1]()
    assert listed(store) == {"bob": "product_owner"}


def test_two_product_owners_who_remove_each_other_leave_one(store: Stage) -> None:
    names = ("a", "b", "c", "d")
    for name in names:
        Users(store.database).create(ADMIN, name, project_key="DEMO", role="product_owner")

    def remove(name: str) -> bool:
        try:
            Members(store.database).delete(manager(store.project), store.project, name)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(len(names)) as pool:
        assert sum(pool.map(remove, names)) == len(names) - 1


def test_members_of_an_archived_project_stay_as_they_are(store: Stage, ann: str) -> None:
    operations = Members(store.database)
    operations.update(ADMIN, store.project, ann, "team_member")
    store.do(lambda: projects.archive(store.database, store.project, True, store.clock.now()))
    with pytest.raises(Forbidden, match="archived"):
        operations.update(ADMIN, store.project, ann, "scrum_master")
    with pytest.raises(Forbidden, match="archived"):
        operations.delete(ADMIN, store.project, ann)
    assert listed(store) == {"ann": "team_member"}


def test_candidates_are_those_who_are_no_members_and_not_shut_out(store: Stage, ann: str) -> None:
    operations = Members(store.database)
    for name in ("cleo", "bob", "dan"):
        Users(store.database).create(ADMIN, name)
    Users(store.database).update(ADMIN, "dan", is_disabled=True)
    operations.update(ADMIN, store.project, ann, "team_member")
    assert operations.candidates(manager(store.project), store.project) == ("bob", "cleo")
    assert operations.candidates(ADMIN, store.project, 1) == ("bob",)


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
        lambda: operations.candidates(who, store.project),
        lambda: operations.update(who, store.project, ann, "product_owner"),
        lambda: operations.delete(who, store.project, ann),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert listed(store) == {}
