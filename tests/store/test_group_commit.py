"""Group commit: who shares a commit, and how each hears how it ended."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hub.errors import StoreUnavailable
from hub.store import projects
from hub.store.database import Database
from hub.store.group_commit import GROUP_MAX_S, Ended, GroupCommit
from hub.store.models import Project
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S, until


class Writes:
    """Group commits whose runs are counted, and held up until they are let go."""

    def __init__(
        self,
        store: Stage,
        size_max: int = 100,
        size_of: Callable[[str], int] = lambda item: 1,
        item_s: float = 0.0,
    ) -> None:
        """`item_s`: what each item is taken to take."""
        self.groups: list[list[str]] = []
        self.committed: list[str] = []
        self.go = threading.Event()
        self._item_s = item_s
        self._now_s = 0.0
        self.commits = GroupCommit(
            store.database, self._run, self._committed, size_max, size_of, time_s=lambda: self._now_s
        )

    def _run(self, items: list[str]) -> list[str]:
        self.go.wait(DEADLINE_S)
        self.groups.append(list(items))
        self._now_s += self._item_s * len(items)
        for item in items:
            if item.startswith("bad"):
                raise ValueError(item)
            projects.add(item, item, "open", 0)
        return [item.lower() for item in items]

    def _committed(self, items: list[str]) -> None:
        self.committed += items


def test_what_comes_during_a_commit_goes_into_the_next_one_together(store: Stage) -> None:
    writes = Writes(store)
    futures = [writes.commits.add(f"P{n}") for n in range(20)]
    assert writes.commits.waiting > 0
    writes.go.set()
    assert [future.result(DEADLINE_S) for future in futures] == [f"p{n}" for n in range(20)]
    assert [item for group in writes.groups for item in group] == [f"P{n}" for n in range(20)]
    assert len(writes.groups) <= 2
    assert writes.commits.waiting == 0


def test_a_group_is_bounded_by_the_size_of_its_items_and_a_large_one_is_alone(store: Stage) -> None:
    writes = Writes(store, size_max=7, size_of=len)
    futures = [writes.commits.add(item) for item in ("P0", "P1", "P2", "P3", "A" * 9, "P4", "P5")]
    writes.go.set()
    for future in futures:
        future.result(DEADLINE_S)
    assert sorted(item for group in writes.groups for item in group) == sorted(writes.committed)
    assert all(sum(map(len, group)) <= 7 or len(group) == 1 for group in writes.groups)


def test_a_group_is_never_larger_than_it_may_be(store: Stage) -> None:
    writes = Writes(store, size_max=7)
    futures = [writes.commits.add(f"P{n}") for n in range(20)]
    writes.go.set()
    for future in futures:
        future.result(DEADLINE_S)
    assert max(map(len, writes.groups)) == 7


def test_a_group_takes_no_longer_than_it_may_once_it_is_known_what_an_item_takes(store: Stage) -> None:
    writes = Writes(store, item_s=GROUP_MAX_S / 4)
    writes.go.set()
    writes.commits.add("P0").result(DEADLINE_S)
    writes.commits.add("P1").result(DEADLINE_S)
    writes.go.clear()
    futures = [writes.commits.add(f"Q{n}") for n in range(20)]
    writes.go.set()
    for future in futures:
        future.result(DEADLINE_S)
    assert max(map(len, writes.groups)) <= 5, "the last groups count, the latest most"


def test_whoever_added_for_many_is_told_once_a_commit(store: Stage) -> None:
    told: list[list[tuple[int, Any, str]]] = []
    over = threading.Semaphore(0)

    def tell(ended: list[Ended]) -> None:
        told.append([(end.key, end.result, str(end.error or "")) for end in ended])
        over.release()
        raise RuntimeError("the loop has ended")

    writes = Writes(store)
    writes.commits.add_for("P0", 0, tell)
    for n in range(1, 10):
        writes.commits.add_for(f"P{n}", n, tell)
    alone = writes.commits.add("P99")
    writes.go.set()
    assert alone.result(DEADLINE_S) == "p99"
    assert over.acquire(timeout=DEADLINE_S)
    assert sorted(one for ends in told for one in ends) == [(n, f"p{n}", "") for n in range(10)]
    assert len(told) <= 2
    writes.commits.add_for("bad", "a", tell)
    until(lambda: told[-1] == [("a", None, "bad")])


def test_one_that_spoils_its_group_fails_alone(store: Stage) -> None:
    writes = Writes(store)
    blocker = writes.commits.add("P0")
    futures = {item: writes.commits.add(item) for item in ("P1", "bad", "P2")}
    writes.go.set()
    blocker.result(DEADLINE_S)
    with pytest.raises(ValueError, match="bad"):
        futures["bad"].result(DEADLINE_S)
    assert (futures["P1"].result(DEADLINE_S), futures["P2"].result(DEADLINE_S)) == ("p1", "p2")
    assert sorted(writes.committed) == ["P0", "P1", "P2"]
    keys = store.read(lambda: {str(row.key) for row in Project.select()})
    assert keys == {"DEMO", "P0", "P1", "P2"}


def test_one_that_is_given_up_by_its_caller_leaves_its_neighbours_theirs(store: Stage) -> None:
    """As when the client hangs up and the server cancels what awaits the future."""
    writes = Writes(store)
    futures = [writes.commits.add(f"P{n}") for n in range(4)]
    futures[1].cancel()
    writes.go.set()
    for n in (0, 2, 3):
        assert futures[n].result(DEADLINE_S) == f"p{n}"


def test_a_group_of_a_closed_database_says_so_and_keeps_nobody_waiting(sqlite_url: str) -> None:
    stage = Stage(sqlite_url)
    writes = Writes(stage)
    writes.go.set()
    stage.close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="closed"):
            writes.commits.add("P1").result(DEADLINE_S)


def test_a_group_of_a_database_that_is_away_keeps_nobody_waiting() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    commits = GroupCommit(database, lambda items: items, lambda items: None, 2)
    try:
        for future in [commits.add(n) for n in range(7)]:
            with pytest.raises(StoreUnavailable, match="did not take"):
                future.result(DEADLINE_S)
        assert commits.waiting == 0
    finally:
        database.close()


def test_a_group_that_is_given_up_takes_nobody_in_any_more(database_url: str) -> None:
    """Its transaction begins after its callers were told that the database is too slow."""
    store = Stage(database_url, patience_s=2)
    go = threading.Event()
    blockers = [store.database.write(lambda: go.wait(DEADLINE_S), waits=True) for _ in range(4)]
    writes = Writes(store)
    writes.go.set()
    first = writes.commits.add("P1")
    with pytest.raises(StoreUnavailable, match="nothing was changed"):
        first.result(DEADLINE_S)
    later = writes.commits.add("P2")
    go.set()
    assert later.result(DEADLINE_S) == "p2"
    assert [blocker.result(DEADLINE_S) for blocker in blockers] == [True] * 4
    assert writes.groups == [["P2"]]
    store.close()
