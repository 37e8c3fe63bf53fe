"""Workers: who is alive, and who is taken for gone."""

from hub.store import workers
from hub.store.workers import WorkerSeen
from tests.rigs.stage import Stage

YEAR_S = 365 * 86_400.0


def test_a_worker_that_was_seen_in_the_future_is_not_alive(store: Stage) -> None:
    store.do(lambda: workers.beat("a", store.clock.now() + YEAR_S))
    assert store.read(lambda: workers.alive(store.clock.now())) == 0
    store.do(lambda: workers.beat("b", store.clock.now()))
    assert store.read(lambda: workers.alive(store.clock.now())) == 1
    assert store.read(lambda: workers.alive(store.clock.now(), but="b")) == 0


def test_a_worker_is_alive_for_a_while_after_it_was_last_seen(store: Stage) -> None:
    began = store.clock.now()
    store.do(lambda: workers.beat("a", began))
    later = store.clock.advance(10)
    store.do(lambda: workers.beat("a", later))
    assert store.read(workers.seen) == [WorkerSeen("a", began, later)]
    assert store.read(lambda: workers.alive(later + workers.ALIVE_S)) == 1
    assert store.read(lambda: workers.alive(later + workers.ALIVE_S + 1)) == 0


def test_one_that_stops_or_is_known_to_be_dead_leaves(store: Stage) -> None:
    for name in ("a", "b", "c"):
        store.do(lambda: workers.beat(name, store.clock.now()))  # noqa: B023
    store.do(lambda: workers.leave("a"))
    store.do(lambda: workers.leave_dead(lambda worker_id: worker_id == "b"))
    assert [one.id for one in store.read(workers.seen)] == ["c"]
