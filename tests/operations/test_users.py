"""Users are administrators'; a password is also its owner's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hub.errors import Busy, Conflict, Forbidden, Invalid, NotFound
from hub.operations import sign_in_tries
from hub.operations.sessions import Sessions
from hub.operations.users import Users
from hub.rules import sign_in
from hub.rules.access import Requester
from hub.store import audit, users
from tests.rigs.requesters import ADMIN, NOBODY, manager
from tests.rigs.stage import Stage

PASSWORD = "correct horse"


def actions(store: Stage, name: str) -> list[str]:
    """Oldest first."""
    return [one.action for one in store.read(lambda: audit.entries(object_id=name))][::-1]


def can_sign_in(store: Stage, name: str, password: str) -> bool:
    return store.read(lambda: users.check_password(name, password)) is not None


def test_a_user_is_made_with_password_and_role_and_its_entries(store: Stage) -> None:
    made = Users(store.database).create(ADMIN, "zoë", PASSWORD, project_key="DEMO", role="team_member")
    assert (made.name, made.is_admin, made.has_password) == ("zoë", False, True)
    assert made.roles == {"DEMO": "team_member"}
    assert can_sign_in(store, "zoë", PASSWORD)
    assert actions(store, "zoë") == ["user.created", "member.role_set"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "bo\u202eb"}, ["name"]),
        ({"name": "bob", "password": "short"}, ["password"]),
        ({"name": "bob", "password": ""}, ["password"]),
        ({"name": "bob", "role": "team_member"}, ["project"]),
        ({"name": "bob", "project_key": "DEMO"}, ["role"]),
        ({"name": " bob", "password": "x" * 1001, "role": "team_member"}, ["name", "password", "project"]),
        ({"name": "bob", "project_key": "NOSUCH", "role": "team_member"}, ["project"]),
    ],
)
def test_all_that_is_wrong_is_told_at_once(store: Stage, fields: dict[str, Any], wrong: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        Users(store.database).create(ADMIN, **fields)
    assert [field for field, _ in refused.value.errors] == wrong
    assert not store.read(users.find)


def test_a_name_is_given_once(store: Stage) -> None:
    Users(store.database).create(ADMIN, "ann")
    with pytest.raises(Conflict) as refused:
        Users(store.database).create(ADMIN, "ann")
    assert refused.value.errors == [("name", "is taken")]


def test_password_and_role_are_set_together_or_apart(store: Stage) -> None:
    operations = Users(store.database)
    operations.create(ADMIN, "ann")
    operations.update(ADMIN, "ann", password=PASSWORD)
    assert can_sign_in(store, "ann", PASSWORD)
    assert operations.update(ADMIN, "ann", project_key="DEMO", role="stakeholder").roles == {
        "DEMO": "stakeholder"
    }
    operations.update(ADMIN, "ann", password="another one", project_key="DEMO", role="stakeholder")
    assert not can_sign_in(store, "ann", PASSWORD)
    assert actions(store, "ann") == [
        "user.created",
        "user.password_set",
        "member.role_set",
        "user.password_set",
    ]
    with pytest.raises(Invalid, match="password"):
        operations.update(ADMIN, "ann", password="short")


def test_a_person_changes_their_own_password_by_the_old_one(store: Stage) -> None:
    operations = Users(store.database)
    operations.create(ADMIN, "ann", PASSWORD)
    ann = Requester("ann", is_person=True)
    with pytest.raises(Invalid, match="current_password"):
        operations.change_own_password(ann, "not this one", "another one")
    with pytest.raises(Invalid, match="password: must have at least"):
        operations.change_own_password(ann, PASSWORD, "short")
    operations.change_own_password(ann, PASSWORD, "another one")
    assert can_sign_in(store, "ann", "another one")
    assert actions(store, "ann") == ["user.created", "user.password_set"]
    with pytest.raises(Forbidden, match="no password"):
        operations.change_own_password(NOBODY, PASSWORD, "another one")


def test_a_new_password_ends_all_sessions_but_the_one_that_it_was_changed_in(store: Stage) -> None:
    operations, sessions = Users(store.database), Sessions(store.database)
    ann = operations.create(ADMIN, "ann", PASSWORD)
    mine, other = (sessions.begin(ann, None, "") for _ in range(2))
    kept = sessions.find(mine)
    assert kept is not None
    requester = Requester("ann", is_person=True)
    operations.change_own_password(requester, PASSWORD, "another one", kept.session.id)
    assert sessions.find(mine) == kept
    assert sessions.find(other) is None
    operations.update(ADMIN, "ann", password=PASSWORD)
    assert sessions.find(mine) is None


def test_an_unguarded_browser_is_no_way_to_guess_the_password(store: Stage) -> None:
    Users(store.database).create(ADMIN, "ann", PASSWORD)
    for _ in range(sign_in.TRIES_OF_ACCOUNT):
        sign_in_tries.count(store.database, "ann", None)
    with pytest.raises(Busy, match="too many wrong tries"):
        Users(store.database).change_own_password(Requester("ann", is_person=True), PASSWORD, "another one")


def test_an_administrator_can_be_made_and_shut_out(store: Stage) -> None:
    operations = Users(store.database)
    operations.create(ADMIN, "ann", PASSWORD)
    assert operations.update(ADMIN, "ann", is_admin=True).is_admin
    operations.create(ADMIN, "bob", PASSWORD)
    assert operations.update(ADMIN, "bob", is_disabled=True, is_admin=False).is_disabled
    assert not operations.update(ADMIN, "bob", is_disabled=False).is_disabled
    operations.update(ADMIN, "bob", is_disabled=False, is_admin=False)
    assert actions(store, "ann")[1:] == ["user.admin_set"]
    assert actions(store, "bob")[1:] == ["user.disabled", "user.enabled"]


def test_a_deleted_user_is_out_and_stays_in_the_audit_log(store: Stage) -> None:
    operations = Users(store.database)
    ann = operations.create(ADMIN, "ann", PASSWORD, project_key="DEMO", role="team_member")
    secret = Sessions(store.database).begin(ann, None, "")
    operations.delete(ADMIN, "ann")
    assert Sessions(store.database).find(secret) is None
    assert store.read(lambda: users.by_name("ann")) is None
    assert actions(store, "ann")[-1] == "user.deleted"
    with pytest.raises(NotFound, match="ann"):
        operations.delete(ADMIN, "ann")


def test_the_last_administrator_who_can_sign_in_stays_one(store: Stage) -> None:
    operations = Users(store.database)
    operations.create(ADMIN, "ann", PASSWORD, is_admin=True)
    operations.create(ADMIN, "no password", is_admin=True)
    changes: list[Callable[[], Any]] = [
        lambda: operations.update(ADMIN, "ann", is_admin=False),
        lambda: operations.update(ADMIN, "ann", is_disabled=True),
        lambda: operations.delete(ADMIN, "ann"),
    ]
    for change in changes:
        with pytest.raises(Conflict, match="last administrator"):
            change()
    assert actions(store, "ann") == ["user.created"]
    operations.delete(ADMIN, "no password")
    operations.update(ADMIN, "ann", password="another one")
    operations.create(ADMIN, "bob", PASSWORD, is_admin=True)
    changes[0]()


def test_two_administrators_who_remove_each_other_leave_one(store: Stage) -> None:
    operations = Users(store.database)
    names = ("ann", "bob", "cleo", "dan")
    for name in names:
        operations.create(ADMIN, name, PASSWORD, is_admin=True)

    def demote(name: str) -> bool:
        try:
            return not operations.update(ADMIN, name, is_admin=False).is_admin
        except Conflict:
            return False

    with ThreadPoolExecutor(len(names)) as pool:
        assert sum(pool.map(demote, names)) == len(names) - 1


def test_what_is_not_there_is_said_so(store: Stage) -> None:
    operations = Users(store.database)
    calls: list[Callable[[], Any]] = [
        lambda: operations.get(ADMIN, "nobody"),
        lambda: operations.update(ADMIN, "nobody", password=PASSWORD),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="nobody"):
            call()
    with pytest.raises(Invalid, match="there is no user nobody"):
        operations.list(ADMIN, "nobody")


def test_the_list_goes_on_from_a_name(store: Stage) -> None:
    operations = Users(store.database)
    made = [operations.create(ADMIN, name) for name in ("a", "b", "c")]
    assert operations.list(ADMIN) == tuple(made[::-1])
    assert operations.list(ADMIN, "c", 1) == (made[1],)


@pytest.mark.parametrize("who", ["a token", "a manager"])
def test_they_are_nobody_elses(store: Stage, who: str) -> None:
    requester = NOBODY if who == "a token" else manager(store.project)
    operations = Users(store.database)
    operations.create(ADMIN, "ann")
    calls: list[Callable[[], Any]] = [
        lambda: operations.list(requester),
        lambda: operations.get(requester, "ann"),
        lambda: operations.create(requester, "bob"),
        lambda: operations.update(requester, "ann", password=PASSWORD),
        lambda: operations.delete(requester, "ann"),
    ]
    for call in calls:
        with pytest.raises(Forbidden, match="admin"):
            call()
    assert actions(store, "ann") == ["user.created"]
