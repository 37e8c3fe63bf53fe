"""Which hooks a requester sees and what it may do: each refusal, and that all that is hidden looks the same."""

from typing import Any

import pytest

from hub.errors import Conflict, Forbidden, NotFound
from hub.operations import hook_access
from hub.rules.access import Action, Requester
from hub.store import hooks, projects
from hub.store.hooks import Hook
from tests.rigs.requesters import managing_token, member
from tests.rigs.stage import Stage

MANAGE = Requester("m", frozenset({"manage"}))
SUBSCRIBE = Requester("s", frozenset({"subscribe"}))
ZAPIER = Requester("z", frozenset({"subscribe"}), app="zapier")


def made(store: Stage, **fields: Any) -> Hook:
    hook_id = store.hook(**fields)
    found = store.read(lambda: hooks.get(hook_id))
    assert found is not None
    return found


def allowed(store: Stage, requester: Requester, hook: Hook | None, action: Action) -> Hook:
    return store.read(lambda: hook_access.allowed(requester, store.project, hook, action))


def test_what_is_unknown_deleted_anothers_or_hidden_looks_the_same(sqlite: Stage) -> None:
    own = made(sqlite, origin_kind="app", origin_app="zapier")
    gone = made(sqlite)
    sqlite.delete(gone.id)
    other = sqlite.do(lambda: projects.add("OTHER", "Other", "open", 0))
    elsewhere = made(sqlite)
    told = []
    for requester, hook, project in (
        (MANAGE, None, sqlite.project),
        (MANAGE, sqlite.read(lambda: hooks.get(gone.id)), sqlite.project),
        (MANAGE, elsewhere, other),
        (SUBSCRIBE, own, sqlite.project),
    ):
        with pytest.raises(NotFound) as refused:
            hook_access.visible(requester, project, hook)
        told.append((refused.value.title, refused.value.detail))
    assert len(set(told)) == 1
    assert hook_access.visible(ZAPIER, sqlite.project, own) is own


@pytest.mark.parametrize(
    ("requester", "kind", "app"),
    [
        (MANAGE, None, None),
        (Requester("r", frozenset({"read"})), None, None),
        (SUBSCRIBE, "api", None),
        (ZAPIER, "app", "zapier"),
    ],
)
def test_a_list_asks_for_no_more_than_is_seen(
    requester: Requester, kind: str | None, app: str | None
) -> None:
    assert hook_access.seen_only(requester) == (kind, app)


def test_another_owners_hook_is_a_conflict_that_names_the_owner(sqlite: Stage) -> None:
    hook = made(sqlite, origin_kind="app", origin_app="zapier")
    with pytest.raises(Conflict, match="belongs to") as refused:
        allowed(sqlite, managing_token(sqlite.project), hook, "edit")
    assert "Zapier" in refused.value.detail
    assert allowed(sqlite, managing_token(sqlite.project), hook, "switch") is hook
    with pytest.raises(Conflict, match="takes the scope"):
        allowed(sqlite, member(sqlite.project), hook, "switch")


def test_an_archived_project_changes_nothing_and_a_gone_hook_is_sent_nothing_again(sqlite: Stage) -> None:
    hook = made(sqlite)
    sqlite.set(hook.id, state="gone")
    gone = sqlite.read(lambda: hooks.get(hook.id))
    with pytest.raises(Conflict, match="answered 410"):
        allowed(sqlite, MANAGE, gone, "redeliver")
    assert allowed(sqlite, MANAGE, gone, "delete") is gone
    sqlite.do(lambda: projects.archive(sqlite.database, sqlite.project, True, sqlite.clock.now()))
    with pytest.raises(Forbidden, match="archived"):
        allowed(sqlite, MANAGE, gone, "delete")


def test_an_app_that_is_no_longer_installed_keeps_its_key_and_is_looked_after_by_hand(sqlite: Stage) -> None:
    hook = made(sqlite, origin_kind="app", origin_app="fax")
    assert (hook_access.app_name("fax"), hook_access.app_format("fax")) == ("fax", None)
    assert hook_access.app_name("zapier") == "Zapier"
    assert allowed(sqlite, managing_token(sqlite.project), hook, "edit") is hook
