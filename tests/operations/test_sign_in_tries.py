"""The back-off after wrong passwords: by account and by address, and no way around it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.errors import Busy, Invalid
from hub.operations import sign_in_tries
from hub.operations.sessions import Sessions
from hub.operations.users import Users
from hub.store import models
from tests.rigs.requesters import ADMIN
from tests.rigs.stage import Stage

PASSWORD = "correct horse"
HOME, ELSEWHERE = "192.0.2.7", "203.0.113.9"


@pytest.fixture
def ann(store: Stage) -> str:
    return Users(store.database).create(ADMIN, "ann", PASSWORD).name


def signed_in(store: Stage, address: str = HOME, old_secret: str = "") -> str:
    return Sessions(store.database).sign_in("ann", PASSWORD, address, "Firefox", old_secret)


def wrong(store: Stage, times: int = 1, name: str = "ann", address: str = ELSEWHERE) -> None:
    """All but the last only counted: looking at a password takes its time."""
    for _ in range(times - 1):
        sign_in_tries.count(store.database, name, address)
    with pytest.raises(Invalid, match="do not belong together"):
        Sessions(store.database).sign_in(name, "wrong", address, "")


def wait_of(store: Stage, name: str = "ann", address: str = ELSEWHERE) -> int:
    with pytest.raises(Busy) as refused:
        Sessions(store.database).sign_in(name, PASSWORD, address, "")
    return refused.value.retry_after_s


def test_after_ten_wrong_passwords_the_right_one_has_to_wait_ever_longer_but_never_for_good(
    store: Stage, ann: str
) -> None:
    wrong(store, 10)
    for expected in (60, 120, 240, 480, 900, 900):
        assert expected - 1 <= wait_of(store) <= expected + 1
        assert wait_of(store) <= expected + 1, "asking again makes it no longer"
        store.clock.advance(expected)
        wrong(store)
    store.clock.advance(900)
    signed_in(store, ELSEWHERE)
    wrong(store, 10, address=HOME)


def test_a_name_that_nobody_has_makes_one_wait_alike(store: Stage, ann: str) -> None:
    wrong(store, 10, "nobody", HOME)
    assert 59 <= wait_of(store, "nobody", HOME) <= 61
    assert 59 <= wait_of(store, " NOBODY ", HOME) <= 61


def test_an_account_that_is_attacked_stays_open_where_its_owner_is_signed_in(store: Stage, ann: str) -> None:
    signed_in(store, HOME)
    wrong(store, 10, address=ELSEWHERE)
    assert wait_of(store, address="203.0.113.10") > 0
    assert signed_in(store, HOME)
    wrong(store, 10, address=HOME)
    assert wait_of(store, address=HOME) > 0


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        (["203.0.113.9"], "203.0.113.10"),
        (["2001:db8::1", "2001:db8::ffff"], "2001:db8:0:1::1"),
        ([None], "203.0.113.9"),
    ],
)
def test_an_address_that_tries_many_names_waits_for_all_of_them(
    store: Stage, ann: str, addresses: list[str], other: str
) -> None:
    store.do(
        lambda: models.SignInTry.insert_many(
            [
                {"key": f"address {key}", "failures": 49, "tried_at": store.clock.now()}
                for key in ("203.0.113.9", "2001:db8::/64", "")
            ]
        ).execute()
    )
    wrong(store, name="somebody", address=addresses[0])
    assert wait_of(store, address=addresses[-1]) > 0
    assert Sessions(store.database).sign_in("ann", PASSWORD, other, "")


def test_knowing_one_password_is_no_way_to_try_others_for_free(store: Stage, ann: str) -> None:
    for name in ("a", "b", "c"):
        wrong(store, name=name)
        signed_in(store, ELSEWHERE)
    key = models.SignInTry.key == f"address {ELSEWHERE}"
    assert store.read(lambda: models.SignInTry.get(key)).failures == 3


def test_many_tries_at_once_are_no_way_around(store: Stage, ann: str) -> None:
    wrong(store, 8)

    def one_try(number: int) -> str:
        try:
            Sessions(store.database).sign_in("ann", "wrong", f"198.51.100.{number}", "")
        except (Invalid, Busy) as refused:
            return type(refused).__name__
        return "signed in"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one_try, range(8)))
    assert sorted(answers) == ["Busy"] * 6 + ["Invalid"] * 2
