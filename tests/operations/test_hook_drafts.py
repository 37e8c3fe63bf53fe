"""Drafts: the defaults of a new hook, and that a field which has its value already is no change."""

from typing import Any

import pytest

from hub.errors import Conflict
from hub.operations import hook_drafts
from hub.rules.access import Requester, person
from hub.rules.hook_fields import HookChange
from hub.store import hooks
from hub.store.hooks import Hook
from tests.rigs.stage import Stage

MANAGE = Requester("m", frozenset({"manage"}))
ZAPIER = Requester("z", frozenset({"subscribe"}), app="zapier")
WANTED = HookChange(target_url="https://x.example/", events=("a.b", "a.b", "c.*"))


def made(store: Stage, **fields: Any) -> Hook:
    hook_id = store.hook(**fields)
    found = store.read(lambda: hooks.get(hook_id))
    assert found is not None
    return found


def changed(store: Stage, hook: Hook, **fields: Any) -> dict[str, Any]:
    given = HookChange(**fields)
    return store.read(lambda: hook_drafts.of_change(MANAGE, store.project, hook, given)).change.given()


@pytest.mark.parametrize(
    ("requester", "kind", "app"),
    [
        (MANAGE, "api", None),
        (ZAPIER, "app", "zapier"),
        (person("mia", "scrum_master", is_admin=False, project_id=1), "page", None),
    ],
)
def test_a_new_hook_is_its_makers(sqlite: Stage, requester: Requester, kind: str, app: str | None) -> None:
    new = hook_drafts.of_new(requester, sqlite.project, WANTED)
    assert (new.origin_kind, new.origin_app, new.created_by) == (kind, app, requester.name)
    assert (new.events, new.format, new.enabled, new.verify_ssl) == (("a.b", "c.*"), "standard", True, True)
    assert new.secret, "its format signs"


def test_what_is_given_of_a_new_hook_stands_before_its_defaults(sqlite: Stage) -> None:
    wanted = HookChange(
        target_url="https://x.example/",
        events=("*",),
        format="github",
        name="Ledger",
        enabled=False,
        secret="mine",
    )
    new = hook_drafts.of_new(MANAGE, sqlite.project, wanted)
    assert (new.format, new.name, new.enabled, new.secret) == ("github", "Ledger", False, "mine")


def test_a_hook_that_is_read_changed_in_one_field_and_written_back_changes_in_that_field(
    sqlite: Stage,
) -> None:
    hook = made(sqlite, name="before", events=["a.b", "c.d"])
    same = {"target_url": hook.target_url, "events": hook.events, "verify_ssl": True, "format": hook.format}
    assert changed(sqlite, hook, **same, name="after") == {"name": "after"}
    assert changed(sqlite, hook, **same, name="before") == {}
    assert changed(sqlite, hook, events=("a.b", "a.b", "c.d")) == {}
    assert changed(sqlite, hook, events=("c.d", "a.b")) == {"events": ("c.d", "a.b")}


def test_secrets_and_headers_count_as_different_because_nobody_can_look(sqlite: Stage) -> None:
    hook = made(sqlite, secret="mine", headers={"X-A": "1"})
    assert changed(sqlite, hook, secret="mine", headers={"X-A": "1"}).keys() == {"secret", "headers"}


def test_to_switch_takes_less_than_to_edit(sqlite: Stage) -> None:
    hook = made(sqlite, origin_kind="app", origin_app="zapier")
    by_hand = person("mia", "scrum_master", is_admin=False, project_id=sqlite.project.id)

    def change(given: HookChange) -> Any:
        return sqlite.read(lambda: hook_drafts.of_change(by_hand, sqlite.project, hook, given)).change.given()

    assert change(HookChange(enabled=False, name=hook.name)) == {"enabled": False}
    with pytest.raises(Conflict, match="take it over"):
        change(HookChange(enabled=False, name="other"))


def test_who_switched_a_hook_off_stands_with_it(sqlite: Stage) -> None:
    hook = made(sqlite)
    off = hook_drafts.switched(hook, False, MANAGE, 50.0)
    assert (off.state, off.disabled_reason, off.disabled_at) == ("disabled", "switched off by m", 50.0)
    assert hook_drafts.switched(hook, True, MANAGE, 50.0).state == "active"
