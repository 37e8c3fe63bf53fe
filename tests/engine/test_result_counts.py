"""Counts of finished requests: exact once written, kept where they cannot be, and added to over writings."""

from pathlib import Path
from typing import Any

import pytest

from hub.engine import pending_counts
from hub.engine.result_counts import ResultCounts
from hub.rules.outcome import Kind, Outcome
from hub.store import figures
from hub.store.database import Database
from hub.store.figures import hour_of, project_subject
from tests.rigs.engine import Engine
from tests.rigs.receivers import Receiver
from tests.rigs.stage import Stage

AT = 7_200.0


def ended(kind: Kind) -> Outcome:
    return Outcome(kind, AT, 0.01)


def shown(store: Stage, subject: str) -> tuple[int, int]:
    found = store.read(lambda: figures.results(store.database, [subject], 0))
    one = found.get(subject, {}).get(hour_of(AT))
    return (0, 0) if one is None else (one.delivered, one.failed)


def test_hooks_and_their_project_are_counted_over_several_writings(store: Stage) -> None:
    counts = ResultCounts(store.database)
    kinds: tuple[Kind, ...] = ("success", "failure", "later", "gone")
    hooks = [f"hook_{n:04}" for n in range(pending_counts.AT_ONCE + 1)]
    for _ in range(2):
        counts.add([(hook_id, 1, ended(kind)) for hook_id in hooks for kind in kinds])
        counts.write()
    counts.write()
    for hook_id in (hooks[0], hooks[-1]):
        assert shown(store, hook_id) == (2, 4)
    assert shown(store, project_subject(1)) == (2 * len(hooks), 4 * len(hooks))


class Sometimes(Database):
    """A database that takes nothing at first."""

    is_refusing = True

    def write(self, *args: Any, **kwargs: Any) -> Any:
        if self.is_refusing:
            raise OSError("not now")
        return super().write(*args, **kwargs)


def test_what_could_not_be_written_is_added_to_what_came_meanwhile(store: Stage) -> None:
    database = Sometimes(store.url, store.clock)
    counts = ResultCounts(database)
    for hook_id in ("hook_a", "hook_a", "hook_b"):
        counts.add([(hook_id, 1, ended("success"))])
        if database.is_refusing:
            with pytest.raises(OSError, match="not now"):
                counts.write()
    database.is_refusing = False
    counts.write()
    assert (shown(store, "hook_a"), shown(store, "hook_b")) == ((2, 0), (1, 0))
    database.close()


def test_a_clean_stop_loses_none(sqlite_url: str, tmp_path: Path) -> None:
    with Receiver() as receiver, Engine(sqlite_url, tmp_path) as engine:
        hook_id = engine.hook(receiver.url)
        engine.publish(30)
        engine.settled(hook_id)
    with Engine(sqlite_url, tmp_path, sends=False) as engine:
        found = engine.database.read(lambda: figures.results(engine.database, [hook_id], 0))[hook_id]
        assert sum(one.delivered for one in found.values()) == 30
