"""What all requests to one hook share: its keys, its headers beside ours, and what is never kept as it was sent."""

import pytest

from hub.engine import recipe
from hub.engine.recipe import Recipe
from hub.logs import MASK
from hub.store import destinations, hooks
from hub.store.destinations import Destination
from tests.rigs.stage import Stage


def opened(store: Stage, **fields: object) -> Destination:
    hook_id = store.hook(**fields)
    hook = store.read(lambda: hooks.get(hook_id))
    assert hook is not None
    return destinations.of_hook(store.box, hook, "DEMO")


def test_a_header_of_the_hooks_stands_beside_ours_and_never_in_its_place(sqlite: Stage) -> None:
    made = Recipe(opened(sqlite, headers={"X-Key": "hush", "webhook-ID": "mine"}))
    for own in ({"webhook-id": "1"}, {"webhook-id": "2"}, {"webhook-id": "3", "x-KEY": "ours"}):
        sent = made.with_hooks_headers(own)
        assert own.items() <= sent.items()
        assert len({name.lower() for name in sent}) == len(sent)
    assert made.with_hooks_headers({"webhook-id": "1"})["X-Key"] == "hush"
    assert Recipe(opened(sqlite)).with_hooks_headers({"a": "1"}) == {"a": "1"}


def test_the_owners_values_are_masked_where_they_are_kept(sqlite: Stage) -> None:
    made = Recipe(opened(sqlite, headers={"X-Key": "hush"}))
    assert made.masked({"X-Key": "hush", "webhook-id": "1"}) == {"X-Key": MASK, "webhook-id": "1"}


def test_a_secret_is_made_a_key_once_and_one_that_is_none_is_refused_each_time(sqlite: Stage) -> None:
    made = Recipe(opened(sqlite, secret="mine"))
    [first], [again] = made.keys(["mine"]), made.keys(["mine"])
    assert (first, again is first) == (b"mine", True)
    for _ in range(2):
        with pytest.raises(ValueError, match="whsec_"):
            made.keys(["whsec_!"])


def test_it_is_kept_for_one_version_of_a_hook(sqlite: Stage) -> None:
    one, other = opened(sqlite), opened(sqlite)
    kept = recipe.of_destination(one)
    assert recipe.of_destination(one) is kept
    assert recipe.of_destination(other) is not kept
    hook = sqlite.read(lambda: hooks.get(one.hook_id))
    assert hook is not None
    newer = destinations.of_hook(sqlite.box, hook, "DEMO")
    assert recipe.of_destination(newer).destination is newer
