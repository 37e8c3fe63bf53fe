"""Failed tries: counted under a key, taken back, forgotten, and read by one at a time."""

from hub.rules.sign_in import FORGET_S
from hub.store import models, sign_in_tries
from tests.rigs.stage import Stage


def known(store: Stage, *keys: str) -> dict[str, tuple[int, float]]:
    return store.do(lambda: sign_in_tries.locked(store.database, keys))


def test_a_key_that_nobody_has_tried_begins_with_none(store: Stage) -> None:
    assert known(store, "b", "a") == {"a": (0, 0), "b": (0, 0)}
    store.do(lambda: sign_in_tries.put("a", 3, 50.0))
    assert known(store, "a", "b") == {"a": (3, 50.0), "b": (0, 0)}


def test_a_try_that_was_none_is_taken_back_and_never_below_nothing(store: Stage) -> None:
    known(store, "a")
    store.do(lambda: sign_in_tries.put("a", 1, 50.0))
    for _ in range(2):
        store.do(lambda: sign_in_tries.take_back("a"))
    assert known(store, "a") == {"a": (0, 50.0)}


def test_a_key_begins_anew_once_it_is_forgotten(store: Stage) -> None:
    known(store, "a", "b")
    for key in "ab":
        store.do(lambda: sign_in_tries.put(key, 5, 50.0))  # noqa: B023
    store.do(lambda: sign_in_tries.forget("a"))
    assert known(store, "a", "b") == {"a": (0, 0), "b": (5, 50.0)}


def test_what_is_long_ago_is_deleted(store: Stage) -> None:
    known(store, "old", "new")
    for key, at in (("old", 50.0), ("new", 51.0)):
        store.do(lambda: sign_in_tries.put(key, 5, at))  # noqa: B023
    store.do(lambda: sign_in_tries.forget_over(50.5 + FORGET_S))
    assert store.read(lambda: [row.key for row in models.SignInTry.select()]) == ["new"]
