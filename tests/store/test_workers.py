"""Workers: who is alive, and who is taken for gone."""

from hub.store import workers
from tests.rigs.stage import Stage

YEAR_S = 365 * 86_400.0


def test_a_worker_that_was_seen_in_the_future_is_not_alive(store: Stage) -> None:
    store.do(lambda: workers.beat("a", store.clock.now() + YEAR_S))
    assert store.read(lambda: workers.alive(store.clock.now())) == 0
    store.do(lambda: workers.beat("b", store.clock.now()))
    assert store.read(lambda: workers.alive(store.clock.now())) == 1
    assert store.read(lambda: workers.alive(store.clock.now(), but="b")) == 0
