"""Users, roles, tokens."""

import pytest

from hub.store import people, projects
from hub.store.models import Membership, Token, User
from tests.rigs.stage import Stage


def add_token(store: Stage, **fields: object) -> tuple[Token, str]:
    values = {
        "name": "t",
        "scopes": ["read"],
        "project_id": store.project.id,
        "app": None,
        "created_by": "ann",
        "now": store.clock.now(),
    }
    return store.do(lambda: people.add_token(**{**values, **fields}))  # type: ignore[arg-type]


def test_a_password_is_checked_and_nowhere_kept(store: Stage) -> None:
    store.do(lambda: people.add_user("ann", people.hashed("correct horse"), False, store.clock.now()))
    assert store.read(lambda: people.check_password("ann", "correct horse")) is not None
    for name, password in (("ann", "wrong"), ("ann", ""), ("nobody", "correct horse")):
        assert store.read(lambda name=name, password=password: people.check_password(name, password)) is None  # type: ignore[misc]
    row = store.read(lambda: people.user("ann"))
    assert row is not None
    assert str(row.password_hash).startswith("$argon2id$")
    store.do(lambda: people.set_password(row, people.hashed("another")))
    assert store.read(lambda: people.check_password("ann", "correct horse")) is None
    assert store.read(lambda: people.check_password("ann", "another")) is not None


def test_a_user_without_password_cannot_sign_in(store: Stage) -> None:
    assert not store.read(people.has_users)
    store.do(lambda: people.add_user("bot", None, False, store.clock.now()))
    assert store.read(people.has_users)
    assert store.read(lambda: people.check_password("bot", "")) is None


def test_there_is_one_user_of_a_name(store: Stage) -> None:
    store.do(lambda: people.add_user("ann", None, False, 0))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.do(lambda: people.add_user("ann", None, False, 0))
    assert len(store.read(people.users)) == 1


def test_roles_are_one_a_project_and_can_be_changed(store: Stage) -> None:
    ann = store.do(lambda: people.add_user("ann", None, False, 0))
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    store.do(lambda: people.set_role(ann, store.project, "team_member"))
    store.do(lambda: people.set_role(ann, store.project, "product_owner"))
    store.do(lambda: people.set_role(ann, other, "stakeholder"))
    assert store.read(lambda: people.roles(ann)) == {"DEMO": "product_owner", "OTHER": "stakeholder"}
    assert store.read(lambda: Membership.select().count()) == 2


def test_a_token_stands_for_its_caller_until_it_is_revoked_or_expires(store: Stage) -> None:
    row, text = add_token(
        store, name="ci", scopes=["publish", "read", "read"], app="zapier", expires_at=store.clock.now() + 100
    )
    caller = store.read(lambda: people.caller(text, store.clock.now()))
    assert caller == people.Caller(
        str(row.id), "ci", frozenset({"publish", "read"}), "zapier", store.project.id
    )
    assert store.read(lambda: people.caller(text + "x", store.clock.now())) is None
    assert store.read(lambda: people.caller("\ud800", store.clock.now())) is None
    assert store.read(lambda: people.caller(text, store.clock.now() + 100)) is None
    assert store.do(lambda: people.revoke(str(row.id), store.clock.now()))
    assert not store.do(lambda: people.revoke(str(row.id), store.clock.now()))
    assert store.read(lambda: people.caller(text, store.clock.now())) is None


def test_a_token_itself_is_nowhere_in_the_database(store: Stage) -> None:
    _, text = add_token(store)
    row = store.read(lambda: Token.select().dicts().get())
    assert text.startswith("hub_")
    assert text[4:20] not in str(row)
    assert row["ending"] == text[-4:]
    assert len(bytes(row["digest"])) == 32


def test_a_server_wide_token_has_no_project(store: Stage) -> None:
    _, text = add_token(store, project_id=None, scopes=["admin"])
    caller = store.read(lambda: people.caller(text, store.clock.now()))
    assert caller is not None
    assert caller.project_id is None


def test_lists_are_newest_first_and_page(store: Stage) -> None:
    made = [str(add_token(store, name=f"t{n}")[0].id) for n in range(3)]
    add_token(store, project_id=None)
    assert [row.id for row in store.read(lambda: people.tokens(store.project.id, None, 10))] == made[::-1]
    assert [row.id for row in store.read(lambda: people.tokens(store.project.id, made[1], 10))] == made[:1]
    assert len(store.read(lambda: people.tokens(None, None, 10))) == 4
    for name in ("a", "b", "c"):
        store.do(lambda name=name: people.add_user(name, None, False, 0))  # type: ignore[misc]
    assert [row.name for row in store.read(lambda: people.users("b"))] == ["a"]
    assert [row.name for row in store.read(lambda: people.users(limit=2))] == ["c", "b"]


def test_a_projects_tokens_and_members_go_with_it(store: Stage) -> None:
    ann = store.do(lambda: people.add_user("ann", None, False, 0))
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    store.do(lambda: people.set_role(ann, other, "team_member"))
    add_token(store, project_id=other.id)
    store.do(lambda: other.delete_instance())
    assert store.read(
        lambda: (Token.select().count(), Membership.select().count(), User.select().count())
    ) == (0, 0, 1)


def test_connectors_are_switched_per_project(store: Stage) -> None:
    for _ in range(2):
        store.do(lambda: projects.switch_connector(store.project.id, "zapier", True, "ann", 0))
    assert "zapier" in store.read(lambda: projects.connectors(store.project.id))
    assert store.read(lambda: projects.connectors(store.project.id + 1)) == set()
    store.do(lambda: projects.switch_connector(store.project.id, "zapier", False, "ann", 0))
    assert "zapier" not in store.read(lambda: projects.connectors(store.project.id))
