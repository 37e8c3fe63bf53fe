"""Tokens: server-wide ones are administrators', a project's its managers' too."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import Forbidden, Invalid, NotFound
from hub.operations.tokens import Tokens
from hub.rules.access import Requester
from hub.store import audit, projects, tokens
from tests.rigs.requesters import ADMIN, NOBODY, manager, managing_token, member
from tests.rigs.stage import Stage


def entries(store: Stage) -> list[tuple[str, str]]:
    """Action and object, oldest first."""
    return [(one.action, one.object_id) for one in store.read(audit.entries)][::-1]


def test_a_manager_makes_lists_and_revokes_the_tokens_of_the_project(store: Stage) -> None:
    maria, operations = manager(store.project), Tokens(store.database)
    made = operations.create(maria, store.project, scopes=["publish"], name="ci")
    assert (made.token.name, made.token.scopes, made.token.created_by) == ("ci", ("publish",), "maria")
    digest = tokens.digest(made.text)
    assert store.read(lambda: tokens.by_digests([digest])) == {digest: made.token}
    assert operations.list(maria, store.project) == (made.token,)
    assert operations.get(maria, made.token.id) == made.token
    operations.revoke(maria, made.token.id)
    with pytest.raises(NotFound):
        operations.revoke(maria, made.token.id)
    assert entries(store) == [("token.created", made.token.id), ("token.revoked", made.token.id)]


def test_an_apps_token_switches_its_connector_on_once_and_that_is_in_the_trail(store: Stage) -> None:
    operations = Tokens(store.database)
    made = [
        operations.create(ADMIN, store.project, scopes=["subscribe"], app="zapier").token.id for _ in range(2)
    ]
    assert "zapier" in store.read(lambda: projects.connectors(store.project.id))
    assert entries(store) == [
        ("token.created", made[0]),
        ("connector.switched", "zapier"),
        ("token.created", made[1]),
    ]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"scopes": []}, ["scopes"]),
        ({"scopes": ["everything"]}, ["scopes"]),
        ({"scopes": ["read"], "name": "a\0b"}, ["name"]),
        ({"scopes": ["read"], "app": "nosuch"}, ["app"]),
        ({"scopes": ["manage"], "app": "zapier"}, ["scopes"]),
        ({"scopes": ["read", "admin"]}, ["scopes"]),
        ({"scopes": ["read"], "expires_at": 1.0}, ["expires_at"]),
        ({"scopes": ["manage"], "app": "nosuch", "name": "\n"}, ["name", "app", "scopes"]),
    ],
)
def test_all_that_is_wrong_is_told_at_once(store: Stage, fields: dict[str, Any], wrong: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        Tokens(store.database).create(ADMIN, store.project, **fields)
    assert [field for field, _ in refused.value.errors] == wrong
    assert entries(store) == []


def test_an_apps_token_belongs_to_a_project(store: Stage) -> None:
    with pytest.raises(Invalid, match="project: is missing"):
        Tokens(store.database).create(ADMIN, None, scopes=["read"], app="zapier")


def test_who_changes_a_token_is_told_so_that_what_is_kept_of_it_is_forgotten(store: Stage) -> None:
    changes: list[bool] = []
    operations = Tokens(store.database, lambda: changes.append(True))
    operations.revoke(ADMIN, operations.create(ADMIN, None, scopes=["admin"]).token.id)
    assert changes == [True]


@pytest.mark.parametrize(
    "kind", ["manager", "managing token", "member", "token", "another project's manager"]
)
def test_they_are_nobody_elses(store: Stage, kind: str) -> None:
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    who: Requester = {
        "manager": manager(store.project),
        "managing token": managing_token(store.project),
        "member": member(store.project),
        "token": NOBODY,
        "another project's manager": manager(other),
    }[kind]
    operations = Tokens(store.database)
    wide = operations.create(ADMIN, None, scopes=["admin"]).token
    own = operations.create(ADMIN, store.project, scopes=["read"]).token
    calls: list[Callable[[], Any]] = [
        lambda: operations.list(who, None),
        lambda: operations.create(who, None, scopes=["read"]),
        lambda: operations.revoke(who, wide.id),
        lambda: operations.get(who, wide.id),
    ]
    if "manag" not in kind or "another" in kind:
        calls += [
            lambda: operations.list(who, store.project),
            lambda: operations.create(who, store.project, scopes=["read"]),
            lambda: operations.revoke(who, own.id),
            lambda: operations.get(who, own.id),
        ]
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert {one.revoked_at for one in operations.list(ADMIN, None)} == {None}


def test_a_token_finds_itself_and_a_person_none(store: Stage) -> None:
    operations = Tokens(store.database)
    made = operations.create(ADMIN, None, scopes=["read"]).token
    assert operations.own(Requester("token", token_id=made.id)) == made
    with pytest.raises(NotFound):
        operations.own(ADMIN)
