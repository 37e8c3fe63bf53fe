"""Whom a token stands for."""

import pytest

from hub.errors import NotFound
from hub.operations.credentials import TOUCH_EVERY_S, Credentials
from hub.operations.tokens import Tokens
from hub.store import tokens
from tests.rigs.requesters import ADMIN
from tests.rigs.stage import Stage


def test_a_token_stands_for_a_requester_with_what_it_may_do_and_where(store: Stage) -> None:
    made = Tokens(store.database).create(
        ADMIN, store.project, scopes=["subscribe", "read"], app="zapier", name="Zap"
    )
    found = Credentials(store.database).requester(made.text, "192.0.2.7")
    assert found is not None
    assert (found.name, found.scopes, found.app) == ("token Zap", {"subscribe", "read"}, "zapier")
    assert (found.token_id, found.project_id, found.address, found.is_person) == (
        made.token.id,
        store.project.id,
        "192.0.2.7",
        False,
    )


def test_a_projects_token_never_rules_the_server(store: Stage) -> None:
    _, text = store.do(
        lambda: tokens.add(
            name="old",
            scopes=["read", "admin"],
            project_id=store.project.id,
            app=None,
            created_by="ann",
            now=store.clock.now(),
        )
    )
    found = Credentials(store.database).requester(text, None)
    assert found is not None
    assert found.scopes == {"read"}


def test_an_unknown_expired_or_revoked_token_stands_for_nobody(store: Stage) -> None:
    operations = Tokens(store.database)
    expiring = operations.create(ADMIN, None, scopes=["read"], expires_at=store.clock.now() + 10)
    revoked = operations.create(ADMIN, None, scopes=["read"])
    operations.revoke(ADMIN, revoked.token.id)
    store.clock.advance(10)
    credentials = Credentials(store.database)
    for text in (expiring.text, revoked.text, "nobody's", "", "\ud800"):
        assert credentials.requester(text, None) is None


def test_what_was_looked_up_is_remembered_until_it_is_changed(store: Stage) -> None:
    credentials = Credentials(store.database)
    operations = Tokens(store.database, credentials.forget)
    made = operations.create(ADMIN, None, scopes=["read"])
    assert credentials.requester_recently(made.text, None) is None
    assert credentials.requester(made.text, None) == credentials.requester_recently(made.text, None)
    assert credentials.project("DEMO") == credentials.project_recently("DEMO") == store.project
    operations.revoke(ADMIN, made.token.id)
    assert credentials.requester(made.text, None) is None


def test_it_is_noted_once_a_minute_that_a_token_was_used(store: Stage) -> None:
    credentials = Credentials(store.database)
    made = Tokens(store.database).create(ADMIN, None, scopes=["read"])

    def used_at() -> float | None:
        store.do(lambda: None)  # writes are done in turn
        found = store.read(lambda: tokens.by_id(made.token.id))
        assert found is not None
        return found.last_used_at

    assert used_at() is None
    first = store.clock.now()
    for seconds in (0, 1, TOUCH_EVERY_S - 1):
        store.clock.at = first + seconds
        credentials.forget()
        credentials.requester(made.text, None)
    assert used_at() == pytest.approx(first)
    store.clock.at = first + TOUCH_EVERY_S + 1
    credentials.forget()
    credentials.requester(made.text, None)
    assert used_at() == pytest.approx(first + TOUCH_EVERY_S + 1)


def test_a_project_is_found_by_key_or_id(store: Stage) -> None:
    credentials = Credentials(store.database)
    assert credentials.project(store.project.id) == credentials.project("DEMO") == store.project
    for wanted in ("NOSUCH", "demo", -1):
        with pytest.raises(NotFound, match=str(wanted)):
            credentials.project(wanted)
