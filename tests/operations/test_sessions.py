"""Signing in and out, on each engine: what it takes, how long it lasts, and what wrong passwords cost."""

import pytest

from hub.errors import Invalid, NotFound
from hub.operations import sign_in_tries
from hub.operations.projects import Projects
from hub.operations.sessions import Sessions, SignedIn, requester_of
from hub.operations.users import Users
from hub.rules import sign_in
from hub.store import audit, models, projects, retention, users
from tests.rigs.requesters import ADMIN
from tests.rigs.stage import Stage

PASSWORD = "correct horse"
HOME, ELSEWHERE = "192.0.2.7", "203.0.113.9"


@pytest.fixture
def ann(store: Stage) -> str:
    return Users(store.database).create(ADMIN, "ann", PASSWORD).name


def signed_in(store: Stage, address: str = HOME, old_secret: str = "") -> str:
    return Sessions(store.database).sign_in("ann", PASSWORD, address, "Firefox", old_secret)


def found(store: Stage, secret: str) -> SignedIn:
    who = Sessions(store.database).find(secret)
    assert who is not None
    return who


def wrong(store: Stage, times: int = 1, name: str = "ann", address: str = ELSEWHERE) -> None:
    """All but the last only counted: looking at a password takes its time."""
    for _ in range(times - 1):
        sign_in_tries.count(store.database, name, address)
    with pytest.raises(Invalid, match="do not belong together"):
        Sessions(store.database).sign_in(name, "wrong", address, "")


def test_whoever_knows_the_password_is_signed_in_and_only_the_digest_is_kept(store: Stage, ann: str) -> None:
    secret = signed_in(store)
    who = found(store, secret)
    assert (who.user.name, who.session.address, who.session.agent) == (ann, HOME, "Firefox")
    [row] = store.read(lambda: list(models.Session.select().dicts()))
    assert secret not in repr(row)
    assert len(bytes(row["digest"])) == 32
    assert Sessions(store.database).find("") is None
    assert Sessions(store.database).find(who.session.id) is None
    [entry] = store.read(lambda: audit.entries(object_id="ann", limit=1))
    assert (entry.action, entry.actor, entry.address) == ("user.signed_in", "ann", HOME)


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(store: Stage, ann: str) -> None:
    Users(store.database).create(ADMIN, "bot")
    answers = set()
    for name, password in (("ann", "x"), ("nobody", PASSWORD), ("bot", ""), ("a\0b", "x"), ("", "")):
        with pytest.raises(Invalid) as refused:
            Sessions(store.database).sign_in(name, password, HOME, "")
        answers.add((str(refused.value), refused.value.title))
    assert len(answers) == 1


def test_signing_in_again_ends_what_the_browser_held_before(store: Stage, ann: str) -> None:
    first = signed_in(store)
    second = signed_in(store, old_secret=first)
    assert first != second
    assert Sessions(store.database).find(first) is None
    assert found(store, second).user.name == "ann"


def test_a_session_ends_when_nobody_uses_it_and_after_a_month_in_any_case(store: Stage, ann: str) -> None:
    operations = Sessions(store.database)
    unused, used = signed_in(store), signed_in(store)
    ends_at = store.clock.now() + sign_in.SESSION_LIFE_S
    while store.clock.now() + 86_400 < ends_at:
        store.clock.advance(86_400)
        assert operations.find(used) is not None
    assert operations.find(unused) is None
    store.clock.advance(86_400)
    assert operations.find(used) is None
    store.do(lambda: retention.forget(store.settings, store.clock.now()))
    assert store.read(lambda: models.Session.select().count()) == 0


def test_when_somebody_was_last_seen_is_noted_to_the_minute(store: Stage, ann: str) -> None:
    secret, began = signed_in(store), store.clock.now()
    for seconds, seen_after in ((30, 0), (31, 61), (59, 61), (1, 121)):
        store.clock.advance(seconds)
        found(store, secret)
        seen = store.read(lambda: users.by_name("ann")).seen_at  # type: ignore[union-attr]
        assert seen == pytest.approx(began + seen_after)


def test_signing_out_ends_this_session_only(store: Stage, ann: str) -> None:
    here, there = signed_in(store), signed_in(store)
    Sessions(store.database).sign_out(found(store, here))
    assert Sessions(store.database).find(here) is None
    assert found(store, there)


def test_everybody_sees_and_ends_their_own_sessions_and_no_others(store: Stage, ann: str) -> None:
    operations = Sessions(store.database)
    Users(store.database).create(ADMIN, "bob", PASSWORD)
    bob = found(store, operations.sign_in("bob", PASSWORD, HOME, "Chrome"))
    old = found(store, signed_in(store, ELSEWHERE))
    store.clock.advance(10)
    who = found(store, signed_in(store))
    assert [one.id for one in operations.list(who)] == [who.session.id, old.session.id]
    for session_id in (bob.session.id, "ses_x"):
        with pytest.raises(NotFound):
            operations.revoke(who, session_id)
    operations.revoke(who, old.session.id)
    assert operations.list(who) == (who.session,)
    signed_in(store)
    assert operations.revoke_others(who) == 1
    assert operations.list(who) == (who.session,)
    assert operations.list(bob) == (bob.session,)


def test_what_no_longer_counts_is_deleted(store: Stage, ann: str) -> None:
    wrong(store)
    store.clock.advance(sign_in.FORGET_S + 1)
    store.do(lambda: retention.forget(store.settings, store.clock.now()))
    assert store.read(lambda: models.SignInTry.select().count()) == 0


def test_whoever_is_shut_out_is_out_at_once_and_stays_out(store: Stage, ann: str) -> None:
    secret = signed_in(store)
    Users(store.database).update(ADMIN, "ann", is_disabled=True)
    assert Sessions(store.database).find(secret) is None
    with pytest.raises(Invalid, match="do not belong together"):
        signed_in(store)
    Users(store.database).update(ADMIN, "ann", is_disabled=False)
    assert Sessions(store.database).find(secret) is None
    assert found(store, signed_in(store))


def test_a_person_may_in_a_project_what_their_role_there_says(store: Stage, ann: str) -> None:
    other = store.do(lambda: projects.add("OTHER", "", "open", 0))
    Users(store.database).update(ADMIN, "ann", project_key="DEMO", role="product_owner")
    user = found(store, signed_in(store)).user
    here, there = requester_of(user, store.project, HOME), requester_of(user, other, HOME)
    nowhere = requester_of(user, None, HOME)
    assert (here.has("manage"), here.project_id, here.address) == (True, store.project.id, HOME)
    assert (there.has("manage", "read"), nowhere.has("read")) == (False, False)
    Users(store.database).update(ADMIN, "ann", is_admin=True)
    user = found(store, signed_in(store)).user
    assert requester_of(user, other, None).has("admin")
    assert requester_of(user, None, None).project_id is None


def test_a_project_is_found_by_its_members_and_administrators_only(store: Stage, ann: str) -> None:
    operations, of_user = Sessions(store.database), Projects(store.database, lambda: None).of_user
    who = found(store, signed_in(store))
    assert operations.project_of(who, "DEMO") == (None, 0)
    assert of_user(who.user) == ()
    Users(store.database).update(ADMIN, "ann", project_key="DEMO", role="stakeholder")
    who = found(store, signed_in(store))
    good, bad, gone = store.hook(), store.hook(), store.hook()
    store.set(bad, state="failing")
    store.set(gone, state="auto_disabled", deleted_at=1)
    assert good
    assert operations.project_of(who, "DEMO") == (store.project, 1)
    assert operations.project_of(who, "NOSUCH") == (None, 0)
    assert [project for project, _ in of_user(who.user)] == [store.project]


def test_whom_to_ask_are_those_who_can_sign_in(store: Stage, ann: str) -> None:
    operations = Users(store.database)
    operations.update(ADMIN, "ann", is_admin=True)
    operations.create(ADMIN, "root without password", is_admin=True)
    operations.create(ADMIN, "olga", PASSWORD, project_key="DEMO", role="product_owner")
    operations.create(ADMIN, "tom", PASSWORD, project_key="DEMO", role="team_member")
    operations.create(ADMIN, "gone", PASSWORD, project_key="DEMO", role="scrum_master")
    operations.update(ADMIN, "gone", is_disabled=True)
    administrators, managers = Sessions(store.database).whom_to_ask(store.project)
    assert ([one.name for one in administrators], [one.name for one in managers]) == (["ann"], ["olga"])
    assert Sessions(store.database).whom_to_ask(None)[1] == ()
