"""The first administrator: while none can sign in there is a link, and what is said of it is true."""

from collections.abc import Callable

import pytest

from hub.errors import Conflict, Expired, Forbidden, Invalid
from hub.operations import first_admin
from hub.operations.users import Users
from hub.store import audit, users
from tests.rigs.requesters import ADMIN
from tests.rigs.stage import Stage

PASSWORD = "correct horse"


@pytest.fixture
def token(store: Stage) -> str:
    made = first_admin.new_link_token(store.database)
    assert made is not None
    return made


def redeem(store: Stage, token: str, name: str = "anna", password: str = PASSWORD) -> None:
    first_admin.redeem(store.database, token, name, password, "192.0.2.7")


def check_link(store: Stage, token: str) -> None:
    first_admin.check_link(store.database, token)


def test_whoever_holds_the_link_becomes_the_administrator(store: Stage, token: str) -> None:
    check_link(store, token)
    redeem(store, token)
    found = store.read(lambda: users.check_password("anna", PASSWORD))
    assert found is not None
    assert found.is_admin
    [entry] = store.read(lambda: audit.entries(object_id="anna"))
    assert (entry.action, entry.actor, entry.address) == ("user.created", "anna", "192.0.2.7")


def test_a_link_that_is_over_because_somebody_administers_says_so(store: Stage, token: str) -> None:
    redeem(store, token)
    for use in (check_link, redeem):
        with pytest.raises(Expired, match="this hub has an administrator"):
            use(store, token)
    assert first_admin.new_link_token(store.database) is None


def test_a_link_that_is_too_old_says_so(store: Stage, token: str) -> None:
    store.clock.advance(first_admin.LINK_LIFE_S)
    for use in (check_link, redeem):
        with pytest.raises(Expired, match=r"older than a day: .* prints a new one") as refused:
            use(store, token)
        assert "used" not in str(refused.value)
    assert first_admin.new_link_token(store.database) is not None


@pytest.mark.parametrize("text", ["", "x", "é", "\ud800"])
def test_another_link_says_so(store: Stage, token: str, text: str) -> None:
    for use in (check_link, redeem):
        with pytest.raises(Forbidden, match="printed last"):
            use(store, text)


def test_before_any_link_was_printed_every_one_is_another(store: Stage) -> None:
    with pytest.raises(Forbidden, match="printed last"):
        check_link(store, "x")


def _user_without_password(store: Stage) -> None:
    Users(store.database).create(ADMIN, "root", is_admin=True)


def _user_who_is_no_administrator(store: Stage) -> None:
    Users(store.database).create(ADMIN, "tom", PASSWORD, project_key="DEMO", role="product_owner")


def _administrator_who_is_shut_out(store: Stage) -> None:
    made = Users(store.database).create(ADMIN, "eve", PASSWORD, is_admin=True)
    store.do(lambda: users.set_disabled(made, store.clock.now()))


@pytest.mark.parametrize(
    "make", [_user_without_password, _user_who_is_no_administrator, _administrator_who_is_shut_out]
)
def test_nobody_ends_it_but_an_administrator_who_can_sign_in(
    store: Stage, token: str, make: Callable[[Stage], None]
) -> None:
    make(store)
    check_link(store, token)
    newer = first_admin.new_link_token(store.database)
    assert newer is not None
    with pytest.raises(Forbidden, match="printed last"):
        check_link(store, token)
    redeem(store, newer)
    assert [one.name for one in store.read(users.administrators)] == ["anna"]


def test_an_administrator_without_a_password_can_be_named_in_the_form(store: Stage, token: str) -> None:
    _user_without_password(store)
    redeem(store, token, "root")
    assert store.read(lambda: users.check_password("root", PASSWORD)) is not None
    assert [one.action for one in store.read(lambda: audit.entries(object_id="root"))] == [
        "user.password_set",
        "user.created",
    ]


@pytest.mark.parametrize(
    ("make", "name"), [(_user_who_is_no_administrator, "tom"), (_administrator_who_is_shut_out, "eve")]
)
def test_anybody_elses_name_is_taken(
    store: Stage, token: str, make: Callable[[Stage], None], name: str
) -> None:
    make(store)
    with pytest.raises(Conflict) as refused:
        redeem(store, token, name)
    assert refused.value.errors == [("name", "is taken")]
    check_link(store, token)


def test_a_wrong_name_and_password_are_told_and_the_link_stays(store: Stage, token: str) -> None:
    with pytest.raises(Invalid) as refused:
        redeem(store, token, " ", "short")
    assert [field for field, _ in refused.value.errors] == ["name", "password"]
    check_link(store, token)


def test_the_environments_administrator_is_made_while_none_can_sign_in(store: Stage, token: str) -> None:
    _user_who_is_no_administrator(store)
    assert first_admin.add_given(store.database, "root", PASSWORD)
    assert not first_admin.add_given(store.database, "second", PASSWORD)
    assert [one.name for one in store.read(users.administrators)] == ["root"]
    with pytest.raises(Expired, match="has an administrator"):
        check_link(store, token)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (_user_without_password, "root"),
        (_user_who_is_no_administrator, "tom"),
        (_administrator_who_is_shut_out, "eve"),
    ],
)
def test_the_environment_may_name_somebody_who_is_there(
    store: Stage, make: Callable[[Stage], None], name: str
) -> None:
    make(store)
    assert first_admin.add_given(store.database, name, "another password")
    assert [one.name for one in store.read(users.administrators)] == [name]
    assert store.read(lambda: users.check_password(name, "another password")) is not None


def test_the_environments_administrator_is_checked_only_when_it_is_to_be_made(store: Stage) -> None:
    with pytest.raises(Invalid, match="at least 10 characters"):
        first_admin.add_given(store.database, "root", "short")
    first_admin.add_given(store.database, "root", PASSWORD)
    assert not first_admin.add_given(store.database, "root", "short")
