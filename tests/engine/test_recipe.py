"""What all requests to one hook have in common."""

from dataclasses import replace

from hub.engine import recipe
from hub.logs import MASK
from hub.store.destinations import Destination

HOOK = Destination(
    "hook_1",
    1,
    "DEMO",
    "https://a.example/",
    "standard",
    True,
    {"X-Key": "k", "webhook-ID": "mine"},
    None,
    (),
)


def test_it_is_made_once_for_each_version_of_a_hook() -> None:
    made = recipe.of_destination(HOOK)
    assert recipe.of_destination(HOOK) is made
    changed = replace(HOOK, version=2, headers={"X-Key": "other"})
    assert recipe.of_destination(changed).with_hooks_headers({}) == {"X-Key": "other"}


def test_our_headers_win_whichever_we_have_this_time() -> None:
    made = recipe.of_destination(HOOK)
    assert made.with_hooks_headers({"webhook-id": "evt"}) == {"X-Key": "k", "webhook-id": "evt"}
    assert made.with_hooks_headers({"x-key": "ours"}) == {"webhook-ID": "mine", "x-key": "ours"}
    assert made.with_hooks_headers({"webhook-id": "evt_2"}) == {"X-Key": "k", "webhook-id": "evt_2"}


def test_the_owners_values_are_kept_masked() -> None:
    made = recipe.of_destination(HOOK)
    assert made.masked({"X-Key": "k", "webhook-id": "evt"}) == {"X-Key": MASK, "webhook-id": "evt"}


def test_a_secret_becomes_its_key_also_when_it_came_later() -> None:
    made = recipe.of_destination(HOOK)
    assert made.keys(["plain"]) == [b"plain"]
    assert made.keys(["whsec_c2VjcmV0LWJ5dGVz", "plain"]) == [b"secret-bytes", b"plain"]
