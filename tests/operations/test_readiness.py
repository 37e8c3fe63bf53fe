"""Readiness: a change is really made, and the other workers are counted."""

from hub.operations import readiness
from hub.store import settings, workers
from tests.rigs.stage import Stage


def test_it_changes_one_row_and_counts_those_who_send(store: Stage) -> None:
    now = store.clock.now()
    store.do(lambda: [workers.beat(name, now) for name in ("one", "two")])
    assert readiness.tried(store.database, "one").result() == 1
    store.clock.advance(workers.ALIVE_S + 1)
    assert readiness.tried(store.database, "").result() == 0
    assert store.read(lambda: settings.note("ready")) == store.clock.now()
