"""Opened destinations are kept as long as their version holds, and one that cannot be read is asked for again."""

import pytest
from msgspec.structs import replace

from hub.engine.destinations import Destinations
from hub.store.destinations import Destination
from hub.store.leases import Claim
from tests.rigs.stage import Stage


def claims(store: Stage, *hook_ids: str) -> list[Claim]:
    store.publish(hook_ids)
    return store.claim()


def opened(store: Stage, known: Destinations, found: list[Claim]) -> dict[str, Destination | Exception]:
    return store.read(lambda: known.of({one.hook_id: one.hook_version for one in found}))


@pytest.fixture
def known(sqlite: Stage) -> Destinations:
    return Destinations(sqlite.box, size_max=2)


def test_one_is_opened_once_until_its_hook_is_changed(sqlite: Stage, known: Destinations) -> None:
    hook = sqlite.hook(secret="mine", target_url="https://one.example/")
    found = claims(sqlite, hook)
    first = opened(sqlite, known, found)[hook]
    assert isinstance(first, Destination)
    assert (first.url, first.live_secrets(0)) == ("https://one.example/", ["mine"])
    assert opened(sqlite, known, found * 3)[hook] is first
    version = sqlite.change(hook, target_url="https://two.example/").version
    later = opened(sqlite, known, [replace(found[0], hook_version=version)])[hook]
    assert isinstance(later, Destination)
    assert (later.url, later.version) == ("https://two.example/", version)


def test_one_that_cannot_be_read_spoils_no_other_and_is_not_kept(sqlite: Stage, known: Destinations) -> None:
    well, broken = sqlite.hook(), sqlite.hook(secret="mine")
    sealed = sqlite.row(broken).secrets
    sqlite.set(broken, secrets="damaged")
    found = claims(sqlite, well, broken)
    both = opened(sqlite, known, found)
    assert isinstance(both[well], Destination)
    assert isinstance(both[broken], Exception)
    sqlite.set(broken, secrets=sealed)
    assert isinstance(opened(sqlite, known, found)[broken], Destination)


def test_it_keeps_a_bounded_number_and_gives_all_that_are_asked_for(
    sqlite: Stage, known: Destinations
) -> None:
    hooks = [sqlite.hook() for _ in range(6)]
    found = claims(sqlite, *hooks)
    for first in range(0, 6, 3):
        part = found[first : first + 3]
        assert set(opened(sqlite, known, part)) == {claim.hook_id for claim in part}
    assert set(opened(sqlite, known, found)) == set(hooks)
