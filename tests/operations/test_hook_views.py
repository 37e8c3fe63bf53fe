"""What is shown of hooks beside what they are, for many at once."""

from hub.operations import hook_views
from hub.rules.access import Requester
from hub.store import hooks
from hub.store.secrets import SecretBox
from tests.rigs.stage import Stage

READER = Requester("a reader", frozenset({"read"}))
MANAGER = Requester("a manager", frozenset({"manage"}))


def test_each_hook_is_shown_with_the_names_of_its_headers_and_whether_it_can_be_edited(store: Stage) -> None:
    api = store.hook(headers={"X-Key": "private", "X-Two": "too"})
    app = store.hook(origin_kind="app", origin_app="zapier")
    found = store.read(lambda: hooks.find(store.project.id))
    shown = {view.hook.id: view for view in hook_views.of(store.database, store.box, MANAGER, found)}
    assert (shown[api].header_names, shown[api].can_edit) == (("X-Key", "X-Two"), True)
    assert (shown[app].header_names, shown[app].can_edit) == ((), False)
    assert not any(view.can_edit for view in hook_views.of(store.database, store.box, READER, found))
    assert "private" not in repr(shown)


def test_a_hook_that_another_key_has_sealed_is_shown_without_its_headers(store: Stage) -> None:
    store.hook(headers={"X-Key": "private"})
    found = store.read(lambda: hooks.find(store.project.id))
    [view] = hook_views.of(store.database, SecretBox(["another key"]), MANAGER, found)
    assert view.header_names == ()


def test_only_failing_hooks_are_asked_for_their_next_attempt_all_of_them_at_once(sqlite: Stage) -> None:
    failing = [sqlite.hook() for _ in range(5)]
    for hook in failing:
        sqlite.set(hook, state="failing", open_until=sqlite.clock.now() + 7)
    well = sqlite.hook()
    found = sqlite.read(lambda: hooks.find(sqlite.project.id))
    seen: list[str] = []
    connection = sqlite.read(lambda: sqlite.database._db.connection())
    connection.set_trace_callback(seen.append)
    views = hook_views.of(sqlite.database, sqlite.box, MANAGER, found)
    hook_views.of(sqlite.database, sqlite.box, MANAGER, [hook for hook in found if hook.id == well])
    connection.set_trace_callback(None)
    assert len([text for text in seen if "SELECT" in text]) == 1
    times = {view.hook.id: view.next_attempt_at for view in views}
    assert times == {**dict.fromkeys(failing, sqlite.clock.now() + 7), well: None}
