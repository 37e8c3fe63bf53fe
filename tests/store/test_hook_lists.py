"""Lists of hooks: counted, and told when each is tried next, in one query each."""

import pytest

from hub.store import hook_lists, hooks
from hub.store.hook_lists import Wanted
from tests.rigs.stage import Stage


def test_hooks_are_counted_by_state_without_those_that_were_deleted(store: Stage) -> None:
    made = [store.hook() for _ in range(5)]
    store.set(made[0], state="gone")
    store.set(made[1], state="failing")
    store.delete(made[2])
    states = store.read(lambda: hook_lists.states([store.project.id]))
    assert states == {store.project.id: {"gone": 1, "failing": 1, "active": 2}}
    live = Wanted(states=("active", "failing"))
    assert store.read(lambda: hook_lists.count(store.database, store.project.id, live)) == 3


def test_a_list_may_be_of_some_hooks_only_and_of_none(store: Stage) -> None:
    made = [store.hook() for _ in range(3)]

    def found(ids: list[str]) -> tuple[list[str], int]:
        wanted, project_id = Wanted(hook_ids=ids), store.project.id
        page = hook_lists.find(store.database, project_id, wanted, 0, 10)
        return [hook.id for hook in page], hook_lists.count(store.database, project_id, wanted)

    assert store.read(lambda: found([made[0], made[2], "hook_nobody"])) == ([made[2], made[0]], 2)
    assert store.read(lambda: found([])) == ([], 0)


def test_a_failing_hook_is_tried_next_when_its_first_retry_is_due_but_not_while_its_breaker_is_open(
    store: Stage,
) -> None:
    now = store.clock.now()
    due, opened, idle = store.hook(), store.hook(), store.hook()
    store.publish([due, opened])
    store.record(store.claim(), "failure")
    store.set(opened, open_until=now + 100)
    found = store.read(lambda: hooks.find(store.project.id))
    times = store.read(lambda: hook_lists.next_attempts(found))
    assert times.pop(due) == pytest.approx(now + 5)
    assert times == {opened: now + 100, idle: None}


def test_the_next_attempts_of_many_hooks_are_one_query(sqlite: Stage) -> None:
    for _ in range(5):
        sqlite.mixed()
    found = sqlite.read(lambda: hooks.find(sqlite.project.id))
    seen: list[str] = []
    connection = sqlite.read(lambda: sqlite.database._db.connection())
    connection.set_trace_callback(seen.append)
    assert len(sqlite.read(lambda: hook_lists.next_attempts(found))) == 5
    connection.set_trace_callback(None)
    assert len(seen) == 1
    plan = " ".join(str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {seen[0]}"))
    assert "delivery_hook_retrying" in plan
    assert "SCAN" not in plan
