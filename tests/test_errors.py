"""Refusals: what each is called, and that nothing above the store needs its library to catch one."""

import pytest

from hub import errors
from hub.errors import DeliveryError, HubError, Invalid, Malformed, Refusal, StoreUnavailable, StoreUndecided

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_them_have_one_root(kind: type[Exception]) -> None:
    assert issubclass(kind, HubError)


def test_each_refusal_has_a_title_of_its_own_that_its_thrower_may_better() -> None:
    kinds = [kind for kind in KINDS if issubclass(kind, Refusal) and kind is not Refusal]
    titles = [kind.title for kind in kinds]
    assert len(set(titles)) == len(titles)
    assert Refusal("x").title == "Refused"
    assert Refusal("x", title="Better").title == "Better"


def test_wrong_fields_are_told_all_at_once_and_kept_apart() -> None:
    wrong = [("name", "is missing"), ("events[2]", "is no pattern")]
    refused = Invalid(wrong)
    assert str(refused) == refused.detail == "name: is missing; events[2]: is no pattern"
    assert refused.errors == wrong
    assert isinstance(Malformed(wrong), Invalid)


def test_whoever_catches_a_database_that_is_away_catches_one_that_does_not_say() -> None:
    undecided = StoreUndecided("nobody knows", "lost connection")
    assert isinstance(undecided, StoreUnavailable)
    assert (str(undecided), undecided.detail) == ("nobody knows", "lost connection")


def test_a_request_without_an_answer_is_the_receivers_fault_unless_it_is_said() -> None:
    error = DeliveryError("timed out", "head", was_sent=True, phases_ms=(1.0, 2.0))
    assert (str(error), error.fault, error.was_sent, error.phases_ms) == (
        "timed out",
        "receiver",
        True,
        (1.0, 2.0),
    )
