"""Users, their passwords and their roles."""

import pytest

from hub.errors import Conflict
from hub.store import models, passwords, projects, users
from tests.rigs.stage import Stage


def password_hash_of(store: Stage, name: str) -> str:
    return str(store.read(lambda: models.User.get(models.User.name == name)).password_hash)


def test_a_password_is_checked_and_nowhere_kept(store: Stage) -> None:
    store.do(lambda: users.add("ann", passwords.hashed("correct horse"), False, store.clock.now()))
    found = store.read(lambda: users.check_password("ann", "correct horse"))
    assert found == store.read(lambda: users.by_name("ann"))
    assert found is not None
    assert found.has_password
    for name, password in (("ann", "wrong"), ("ann", ""), ("nobody", "correct horse")):
        assert store.read(lambda name=name, password=password: users.check_password(name, password)) is None  # type: ignore[misc]
    assert password_hash_of(store, "ann").startswith("$argon2id$")
    store.do(lambda: users.set_password(found, passwords.hashed("another")))
    assert store.read(lambda: users.check_password("ann", "correct horse")) is None
    assert store.read(lambda: users.check_password("ann", "another")) is not None


def test_a_user_without_password_cannot_sign_in(store: Stage) -> None:
    assert not store.read(users.find)
    made = store.do(lambda: users.add("bot", None, False, store.clock.now()))
    assert not made.has_password
    assert store.read(users.find)
    assert store.read(lambda: users.check_password("bot", "")) is None


def test_there_is_one_user_of_a_name(store: Stage) -> None:
    store.do(lambda: users.add("ann", None, False, 0))
    with pytest.raises(Conflict):
        store.do(lambda: users.add("ann", None, False, 0))
    assert len(store.read(users.find)) == 1


def test_roles_are_one_a_project_and_can_be_changed(store: Stage) -> None:
    ann = store.do(lambda: users.add("ann", None, False, 0))
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    store.do(lambda: users.set_role(ann, store.project, "team_member"))
    store.do(lambda: users.set_role(ann, store.project, "product_owner"))
    store.do(lambda: users.set_role(ann, other, "stakeholder"))
    found = store.read(lambda: users.by_name("ann"))
    assert found is not None
    assert found.roles == {"DEMO": "product_owner", "OTHER": "stakeholder"}
    assert store.read(lambda: models.Membership.select().count()) == 2


def test_lists_are_newest_first_page_and_have_each_ones_roles(store: Stage) -> None:
    a, b, c = (store.do(lambda name=name: users.add(name, None, False, 0)) for name in ("a", "b", "c"))  # type: ignore[misc]
    store.do(lambda: users.set_role(c, store.project, "team_member"))
    assert store.read(lambda: users.find(b)) == (a,)
    found = store.read(lambda: users.find(limit=2))
    assert [(one.name, dict(one.roles)) for one in found] == [("c", {"DEMO": "team_member"}), ("b", {})]


def test_nobody_has_a_nul_in_their_name(store: Stage) -> None:
    assert store.read(lambda: users.by_name("a\0b")) is None
