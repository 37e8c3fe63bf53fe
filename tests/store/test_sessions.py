"""Sessions: found by what a browser holds until they are over, and ended one by one or all together."""

import pytest

from hub.rules.sign_in import SESSION_IDLE_S, SESSION_LIFE_S
from hub.store import models, sessions, users
from hub.store.sessions import AGENT_MAX_CHARS, Session
from hub.store.users import User
from tests.rigs.stage import Stage

START = 1_000_000.0


@pytest.fixture
def ann(store: Stage) -> User:
    return store.do(lambda: users.add("ann", None, False, START))


def begun(store: Stage, user: User, secret: str, now: float = START, address: str = "192.0.2.7") -> Session:
    return store.do(lambda: sessions.add(user, secret, address, "Firefox", now))


def held(store: Stage, secret: str, now: float = START) -> Session | None:
    return store.read(lambda: sessions.by_secret(secret, now))


def test_one_is_found_by_its_secret_of_which_only_the_digest_is_kept(store: Stage, ann: User) -> None:
    made = begun(store, ann, "secret")
    assert held(store, "secret") == made
    assert held(store, "Secret") is None
    assert held(store, "\udcff") is None
    rows = store.read(lambda: list(models.Session.select().dicts()))
    assert "secret" not in repr(rows)


def test_one_is_over_unused_or_after_its_life_and_is_then_forgotten(store: Stage, ann: User) -> None:
    idle, used = begun(store, ann, "idle"), begun(store, ann, "used")
    at = START
    while at + SESSION_IDLE_S - 1 < START + SESSION_LIFE_S:
        at += SESSION_IDLE_S - 1
        store.do(lambda: sessions.touch(used, at))  # noqa: B023
        assert held(store, "used", at) is not None
    assert held(store, "idle", START + SESSION_IDLE_S - 1) == idle
    assert held(store, "idle", START + SESSION_IDLE_S) is None
    assert held(store, "used", START + SESSION_LIFE_S) is None
    store.do(lambda: sessions.forget_over(START + SESSION_IDLE_S))
    assert store.read(lambda: [row.id for row in models.Session.select()]) == [used.id]


def test_using_one_notes_when_its_user_was_seen(store: Stage, ann: User) -> None:
    made = begun(store, ann, "secret")
    store.do(lambda: sessions.touch(made, START + 60))
    assert store.read(lambda: models.User.get_by_id(ann.id).seen_at) == START + 60


def test_a_user_sees_their_own_the_last_used_first_and_ends_no_others(store: Stage, ann: User) -> None:
    bob = store.do(lambda: users.add("bob", None, False, START))
    first, second = begun(store, ann, "1"), begun(store, ann, "2")
    others = begun(store, bob, "3")
    store.do(lambda: sessions.touch(first, START + 60))
    assert [one.id for one in store.read(lambda: sessions.of_user(ann, START + 60))] == [first.id, second.id]
    assert not store.do(lambda: sessions.end_of_user(ann, others.id))
    assert store.do(lambda: sessions.end_of_user(ann, second.id))
    begun(store, ann, "4")
    assert store.do(lambda: sessions.end_all(ann, but=first.id)) == 1
    assert held(store, "1") is not None
    assert held(store, "3") is not None
    store.do(lambda: sessions.end(first))
    assert held(store, "1") is None


def test_it_is_known_where_somebody_has_signed_in(store: Stage, ann: User) -> None:
    begun(store, ann, "secret", address="192.0.2.7")
    found = store.read(lambda: [sessions.has_been_at(ann, at) for at in ("192.0.2.7", "192.0.2.8", None)])
    assert found == [True, False, False]


def test_what_a_browser_calls_itself_is_bounded_and_holds_no_nul(store: Stage, ann: User) -> None:
    made = store.do(lambda: sessions.add(ann, "s", None, "\0" + "x" * 1000, START))
    assert made.agent == "x" * AGENT_MAX_CHARS
