"""What is left of a hook's rate is in its row."""

from hub.rules.pace import Pace, RateLimit
from hub.store import buckets
from tests.rigs.stage import Stage


def test_a_test_takes_a_token_without_asking_for_one(store: Stage) -> None:
    hook_id = store.hook(pace=Pace(RateLimit(1, 10)))
    store.publish([hook_id], 10)
    for _ in range(2):
        store.do(lambda: buckets.take_token(store.database, hook_id, store.clock.now()))
    store.clock.advance(19.9)
    assert store.claim() == []
    store.clock.advance(0.11)
    assert len(store.claim()) == 1
