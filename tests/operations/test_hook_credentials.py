"""What becomes of secrets and headers when a hook is made or changed."""

from typing import Any

import pytest

from connectors.signing import PREFIX
from hub.errors import Invalid
from hub.logs import MASK
from hub.operations import hook_credentials
from hub.rules.changes import UNSET
from hub.rules.hook_fields import HookChange
from hub.store import hooks
from hub.store.hooks import Hook
from tests.rigs.stage import Stage

HERE = "https://x.example/a"
SAME = "https://X.example.:443/b"
OTHER = "https://y.example/a"


def hook_with(store: Stage, **fields: Any) -> Hook:
    hook_id = store.hook(target_url=HERE, **fields)
    found = store.read(lambda: hooks.get(hook_id))
    assert found is not None
    return found


def changed(store: Stage, hook: Hook, **fields: Any) -> HookChange:
    """What `fields` become on their way into the store."""
    given = hook_credentials.unmasked(store.box, hook, HookChange(**fields))
    return hook_credentials.completed(hook, given)


@pytest.mark.parametrize(("form", "has_prefix"), [("standard", True), ("github", False), ("fax", True)])
def test_a_secret_begins_as_the_receivers_of_its_format_know_it(form: str, has_prefix: bool) -> None:
    assert hook_credentials.new_secret(form).startswith(PREFIX) is has_prefix


def test_a_new_hook_gets_a_secret_where_its_format_or_its_handshake_needs_one() -> None:
    assert hook_credentials.of_new(HookChange(), "standard")
    assert hook_credentials.of_new(HookChange(handshake="rest-hooks"), "icescrum")
    assert hook_credentials.of_new(HookChange(handshake="cloudevents"), "icescrum") is None
    assert hook_credentials.of_new(HookChange(secret="mine"), "icescrum") == "mine"


def test_another_receiver_gets_neither_secret_nor_headers_of_the_one_before(store: Stage) -> None:
    hook = hook_with(store, secret="mine", headers={"X-Key": "private"})
    moved = changed(store, hook, target_url=OTHER)
    assert moved.headers == {}
    assert isinstance(moved.secret, str)
    assert moved.secret != "mine"
    for same in (SAME, HERE + "/deeper"):
        kept = changed(store, hook, target_url=same)
        assert (kept.headers, kept.secret) == (UNSET, UNSET)


def test_a_hook_without_a_secret_moves_without_one_unless_its_format_needs_it(store: Stage) -> None:
    bare = hook_with(store, format="icescrum")
    assert changed(store, bare, target_url=OTHER).secret is UNSET
    assert changed(store, bare, format="standard").secret not in (UNSET, None)
    assert changed(store, hook_with(store, secret="mine"), secret=None).secret not in (UNSET, None)


def test_what_is_the_same_is_no_change(store: Stage) -> None:
    hook = hook_with(store, secret="mine", headers={"X-Key": "private"})
    same = changed(store, hook, secret="mine", headers={"X-Key": MASK})
    assert same.given() == {}
    assert changed(store, hook, headers={"X-Key": "private"}).given() == {}


def test_a_mask_keeps_the_value_for_the_same_receiver_only(store: Stage) -> None:
    hook = hook_with(store, headers={"X-Key": "private", "X-Two": "too"})
    assert changed(store, hook, target_url=SAME, headers={"x-key": MASK}).headers == {"x-key": "private"}
    for wrong in ({"target_url": OTHER, "headers": {"X-Key": MASK}}, {"headers": {"X-None": MASK}}):
        with pytest.raises(Invalid, match=r"headers\.X-(Key|None)"):
            changed(store, hook, **wrong)
