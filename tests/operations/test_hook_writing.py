"""Each change of a hook is written with its audit entry, and what is no change leaves none."""

from typing import Any

import pytest

from hub.engine.hook_states import HookStates
from hub.engine.type_counts import TypeCounts
from hub.errors import Conflict
from hub.operations import hook_writing
from hub.operations.hook_drafts import Draft
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import audit, hooks
from hub.store.hooks import Hook
from tests.rigs.stage import Stage

MIA = Requester("mia", frozenset({"manage"}), is_person=True)


def get(store: Stage, hook_id: str) -> Hook:
    found = store.read(lambda: hooks.get(hook_id))
    assert found is not None
    return found


def audited(store: Stage, hook_id: str) -> list[tuple[str, dict[str, Any]]]:
    entries = store.read(lambda: audit.entries(object_id=hook_id))
    return [(entry.action, dict(entry.fields)) for entry in entries]


def test_a_change_is_written_with_before_and_after_and_no_secret(store: Stage) -> None:
    hook = get(store, store.hook(name="before"))
    draft = Draft(hook, HookChange(name="after", secret="hush hush", enabled=False))
    changed = store.do(lambda: hook_writing.configure(store.box, MIA, draft, 50.0))
    assert (changed.name, changed.version, changed.is_on) == ("after", hook.version + 1, True)
    [(action, fields)] = audited(store, hook.id)
    assert (action, fields["name"]) == ("hook.changed", ["before", "after"])
    assert fields["secret"] is None
    assert "hush" not in repr(fields)


def test_nothing_to_change_leaves_no_entry_and_no_new_version(store: Stage) -> None:
    hook = get(store, store.hook())
    same = store.do(
        lambda: hook_writing.configure(store.box, MIA, Draft(hook, HookChange(enabled=False)), 50.0)
    )
    assert same is hook
    assert audited(store, hook.id) == []


@pytest.fixture
def states(store: Stage) -> HookStates:
    return HookStates(store.database, lambda app: None, lambda: None, TypeCounts(store.database))


def test_a_switch_is_made_and_told_once(store: Stage, states: HookStates) -> None:
    hook = get(store, store.hook())

    def switch(is_on: bool) -> Hook:
        now = get(store, hook.id)
        return store.do(lambda: hook_writing.switch(store.database, states, MIA, now, is_on, 50.0))

    assert switch(False).state == "disabled"
    assert switch(False).state == "disabled"
    assert switch(True).state == "active"
    assert [action for action, _ in audited(store, hook.id)] == ["hook.enabled", "hook.disabled"]


def test_what_is_gone_is_not_switched(store: Stage, states: HookStates) -> None:
    hook_id = store.hook()
    store.set(hook_id, state="gone")
    gone = get(store, hook_id)
    with pytest.raises(Conflict, match="answered 410"):
        store.do(lambda: hook_writing.switch(store.database, states, MIA, gone, True, 50.0))
    assert get(store, hook_id).state == "gone"


def test_a_hook_that_is_taken_over_is_the_pages_and_says_whose_it_was(store: Stage) -> None:
    hook = get(store, store.hook(origin_kind="app", origin_app="zapier"))
    taken = store.do(lambda: hook_writing.take_over(MIA, hook, 50.0))
    assert (taken.origin_kind, taken.origin_app) == ("page", None)
    assert get(store, hook.id).origin_kind == "page"
    [(action, fields)] = audited(store, hook.id)
    assert (action, fields) == (
        "hook.taken_over",
        {"origin_kind": ["app", "page"], "origin_app": ["zapier", None]},
    )
