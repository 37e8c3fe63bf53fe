"""Their words as our types: the table of senders, and that any words make a type or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.naming import TYPE_MAX_LENGTH, camel, event_type, words
from hub.rules.matching import EVENT_TYPE_MAX_LENGTH, is_event_type

TABLE = [
    ("github", ("pull_request", "opened"), "github.pull_request.opened"),
    ("github", ("push", ""), "github.push"),
    ("gitlab", ("Push Hook",), "gitlab.push"),
    ("stripe", ("customer.subscription.updated",), "stripe.customer.subscription.updated"),
    ("shopify", ("orders/create",), "shopify.orders.create"),
    ("bitbucket", ("repo:push",), "bitbucket.repo.push"),
    ("trello", ("updateCard",), "trello.updateCard"),
    ("", ("Order..Paid ",), "order.paid"),
    ("a", ("2fa", "on-call"), "a.n2fa.on_call"),
    ("a", ("Zoë",), "a.zo_"),
    ("a", ("...", None, 7, ["x"]), ""),
    ("a", ("Hook",), "a.hook"),
]


@pytest.mark.parametrize(("prefix", "parts", "expected"), TABLE)
def test_their_words_become_our_types(prefix: str, parts: tuple[object, ...], expected: str) -> None:
    assert event_type(prefix, *parts) == expected


def test_several_words_may_become_one() -> None:
    assert camel("Merge Request Hook") == "mergeRequest"
    assert camel("merge request") == "mergeRequest"
    assert camel("") == ""
    assert words("Wiki Page Hook") == ["wiki", "page"]


@given(prefix=st.text(max_size=20), parts=st.lists(st.text(max_size=80), max_size=4))
def test_whatever_a_sender_says_it_is_a_type_or_nothing(prefix: str, parts: list[str]) -> None:
    found = event_type(prefix, *parts)
    assert found == "" or is_event_type(found)
    assert TYPE_MAX_LENGTH == EVENT_TYPE_MAX_LENGTH
