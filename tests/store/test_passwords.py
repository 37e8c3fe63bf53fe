"""Passwords: the form and the cost of what is kept, and that nobody's takes as long as somebody's."""

from collections.abc import Iterator

import pytest
from argon2 import Type, extract_parameters

from hub.store import passwords
from tests.conftest import CHEAP


@pytest.fixture
def strong() -> Iterator[None]:
    """As in a hub."""
    passwords.hash_with(passwords.STRONG)
    yield
    passwords.hash_with(CHEAP)


def test_a_hash_takes_what_is_recommended(strong: None) -> None:
    kept = passwords.hashed("correct horse")
    assert passwords.fits("correct horse", kept)
    assert not passwords.fits("wrong", kept)
    cost = extract_parameters(kept)
    assert cost.type is Type.ID
    assert (cost.memory_cost, cost.time_cost, cost.salt_len, cost.hash_len) == (65_536, 3, 16, 32)


@pytest.mark.parametrize("hasher", [passwords.STRONG, CHEAP], ids=["strong", "cheap"])
def test_an_unknown_users_is_in_no_way_cheaper(hasher: passwords.PasswordHasher) -> None:
    nobodys = passwords.nobodys(hasher)
    assert extract_parameters(nobodys) == extract_parameters(hasher.hash("correct horse"))
    assert nobodys != passwords.nobodys(hasher)


def test_without_a_hash_nothing_fits() -> None:
    for kept in (None, "", "no hash"):
        assert not passwords.fits("", kept)
