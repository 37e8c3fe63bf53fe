"""Hooks: what is kept of them, numbered, changed, switched, ended and listed."""

import json
import threading

from hub.store import hooks, lanes, models
from tests.rigs.stage import Stage


def test_each_change_raises_the_version_that_senders_cache_by(store: Stage) -> None:
    hook_id = store.hook()
    assert store.row(hook_id).version == 1
    assert store.change(hook_id, target_url="http://127.0.0.1:8/").version == 2
    assert store.change(hook_id, secret=None).version == 3
    assert store.row(hook_id).secrets is None


def test_numbers_count_up_within_a_project_even_when_made_at_once(store: Stage) -> None:
    threads = [threading.Thread(target=store.hook) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = store.read(lambda: list(models.Hook.select()))
    assert sorted(row.number for row in rows) == list(range(1, 13))
    assert len({row.routing for row in rows}) == 12
    assert store.read(lambda: hooks.by_number(store.project.id, 3)) is not None
    assert store.read(lambda: hooks.by_number(store.project.id + 1, 3)) is None


def test_lists_leave_out_what_is_over_unless_it_is_asked_for(store: Stage) -> None:
    page = store.hook(origin_kind="page", target_url="http://a/?x=1")
    app = store.hook(origin_kind="app", origin_app="zapier")
    gone = store.hook()
    store.set(gone, state="gone")
    deleted = store.hook()
    store.delete(deleted)
    find = lambda **how: [found.id for found in store.read(lambda: hooks.find(store.project.id, **how))]  # noqa: E731
    assert find() == [app, page]
    assert find(origin_kind="app", origin_app="zapier") == [app]
    assert find(origin_kind="app", origin_app="make") == []
    assert find(target_url="http://a/?x=1") == [page]
    assert find(state="gone") == [gone]
    assert find(limit=1) == [app]
    assert find(before=app) == [page]
    assert store.do(lambda: hooks.locked(store.database, deleted)) is None


def test_switching_on_what_a_person_switched_off_keeps_its_deliveries_order(store: Stage) -> None:
    hook = store.hook()
    events = store.publish([hook], 3)
    store.switch(hook, False)
    assert json.loads(store.row(hook).events) == ["*"]
    store.switch(hook, True)
    assert store.claim()[0].event_id == events[0]


def test_health_goes_into_the_row_and_comes_back_the_same(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 2)
    store.record(store.claim(free=1), "failure")
    row = store.row(hook)
    lane = store.do(lambda: lanes.lock(store.database, [hook])[hook])
    assert lane.health == lanes.health_of(row.__data__)
    assert (lane.health.state, lane.health.consecutive_failures, lane.health.is_slow) == ("failing", 1, True)
    store.do(lambda: lanes.set_health(hook, lane.health))
    assert lanes.health_of(store.row(hook).__data__) == lane.health


def test_a_hook_is_deleted_once(store: Stage) -> None:
    hook = store.read(lambda: hooks.get(store.hook()))
    assert hook is not None
    assert [store.do(lambda: hooks.delete(hook, store.clock.now())) for _ in range(2)] == [True, False]
