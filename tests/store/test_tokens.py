"""Tokens: kept as a hash, shown once."""

from hub.store import models, projects, tokens, users
from hub.store.tokens import Token
from tests.rigs.stage import Stage


def add(store: Stage, **fields: object) -> tuple[Token, str]:
    values = {
        "name": "t",
        "scopes": ["read"],
        "project_id": store.project.id,
        "app": None,
        "created_by": "ann",
        "now": store.clock.now(),
    }
    return store.do(lambda: tokens.add(**{**values, **fields}))  # type: ignore[arg-type]


def found(store: Stage, text: str) -> Token | None:
    digest = tokens.digest(text)
    return store.read(lambda: tokens.by_digests([digest])).get(digest)


def test_a_token_is_found_by_its_text_until_it_is_revoked_or_expires(store: Stage) -> None:
    now = store.clock.now()
    made, text = add(store, name="ci", scopes=["read", "publish", "read"], app="zapier", expires_at=now + 100)
    assert found(store, text) == made
    assert (made.name, made.scopes, made.app) == ("ci", ("publish", "read"), "zapier")
    assert (made.project_id, made.project_key) == (store.project.id, "DEMO")
    assert found(store, text + "x") is None
    assert found(store, "\ud800") is None
    assert not made.is_over(now + 99)
    assert made.is_over(now + 100)
    assert store.do(lambda: tokens.revoke(made.id, now))
    assert not store.do(lambda: tokens.revoke(made.id, now))
    revoked = found(store, text)
    assert revoked is not None
    assert revoked.is_over(now)


def test_a_token_itself_is_nowhere_in_the_database(store: Stage) -> None:
    _, text = add(store)
    row = store.read(lambda: models.Token.select().dicts().get())
    assert text.startswith("hub_")
    assert text[4:20] not in str(row)
    assert row["ending"] == text[-4:]
    assert len(bytes(row["digest"])) == 32


def test_a_server_wide_token_has_no_project(store: Stage) -> None:
    made, text = add(store, project_id=None, scopes=["admin"])
    assert (made.project_id, made.project_key) == (None, None)
    assert found(store, text) == made


def test_lists_are_newest_first_and_page(store: Stage) -> None:
    made = [add(store, name=f"t{n}")[0].id for n in range(3)]
    add(store, project_id=None)
    assert [one.id for one in store.read(lambda: tokens.find(store.project.id))] == made[::-1]
    assert [one.id for one in store.read(lambda: tokens.find(store.project.id, made[1]))] == made[:1]
    assert len(store.read(tokens.find)) == 4


def test_a_projects_tokens_and_members_go_with_it(store: Stage) -> None:
    ann = store.do(lambda: users.add("ann", None, False, 0))
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    store.do(lambda: users.set_role(ann, other, "team_member"))
    add(store, project_id=other.id)
    store.do(lambda: models.Project.delete().where(models.Project.id == other.id).execute())
    tables = (models.Token, models.Membership, models.User)
    assert store.read(lambda: [table.select().count() for table in tables]) == [0, 0, 1]
