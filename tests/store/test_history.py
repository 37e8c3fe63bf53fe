"""The log: deliveries as people read them."""

from hub.ids import time_of
from hub.store import history
from tests.rigs.stage import Stage


def shown(store: Stage, hook: str) -> list[str]:
    found = store.read(lambda: history.find(store.project.id, hook_id=hook))
    return [delivery.state for delivery in reversed(found)]


def in_state(store: Stage, state: str) -> int:
    return len(store.read(lambda: history.find(store.project.id, state=state)))


def test_open_deliveries_are_shown_as_their_hook_is(store: Stage) -> None:
    hook = store.mixed()
    assert shown(store, hook) == ["delivered", "retrying", "waiting"]
    store.switch(hook, False)
    assert shown(store, hook) == ["delivered", "held", "held"]
    assert (in_state(store, "held"), in_state(store, "waiting"), in_state(store, "retrying")) == (2, 0, 0)
    store.switch(hook, True)
    assert (in_state(store, "held"), in_state(store, "waiting"), in_state(store, "retrying")) == (0, 1, 1)
    store.delete(hook)
    assert shown(store, hook) == ["delivered", "cancelled", "cancelled"]
    assert (in_state(store, "cancelled"), in_state(store, "held"), in_state(store, "waiting")) == (2, 0, 0)


def test_every_shown_state_finds_exactly_what_is_shown_as_it(store: Stage) -> None:
    store.mixed()
    store.switch(store.mixed(), False)
    store.delete(store.mixed())
    everything = [one.state for one in store.read(lambda: history.find(store.project.id, limit=200))]
    assert {state: in_state(store, state) for state in history.SHOWN_STATES} == {
        s: everything.count(s) for s in history.SHOWN_STATES
    }


def test_lists_are_newest_first_and_page_by_id(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], 5)
    first = store.read(lambda: history.find(store.project.id, limit=2))
    rest = store.read(lambda: history.find(store.project.id, before=first[-1].id))
    listed = [row.id for row in [*first, *rest]]
    assert listed == sorted(listed, reverse=True)
    assert len(listed) == 5
    assert store.read(lambda: history.find(store.project.id + 1)) == []
    of_one = store.read(
        lambda: history.find(store.project.id, type="story.create", event_id=first[0].event_id)
    )
    assert of_one == [first[0]]
    assert store.read(lambda: history.get(store.project.id, listed[0])) == first[0]
    assert store.read(lambda: history.get(store.project.id + 1, listed[0])) is None


def test_a_search_among_a_hooks_deliveries_has_an_end_that_is_gone_on_from(store: Stage) -> None:
    hook = store.hook()
    ids = store.publish([hook], 5)
    newest_first = sorted((one.id for one in store.read(lambda: history.find(1, hook_id=hook))), reverse=True)
    assert len(ids) == len(newest_first) == 5
    assert store.read(lambda: history.search_end(hook, None, 2)) == newest_first[1]
    assert store.read(lambda: history.search_end(hook, newest_first[1], 2)) == newest_first[3]
    assert store.read(lambda: history.search_end(hook, newest_first[3], 2)) is None
    found = store.read(lambda: history.find(1, hook_id=hook, down_to=newest_first[1]))
    assert [one.id for one in found] == newest_first[:2]


def test_the_backlog_is_what_waits_and_what_will_be_retried(store: Stage) -> None:
    store.mixed()
    assert store.read(history.backlog) == 2


def test_the_oldest_that_waits_for_the_hub_is_not_one_that_waits_for_its_target(store: Stage) -> None:
    hook = store.hook()
    assert store.read(lambda: history.oldest_waiting(store.database)) is None
    store.publish([hook])
    [waits] = store.of(hook)
    assert store.read(lambda: history.oldest_waiting(store.database)) == time_of(waits.id)
    store.set(hook, ready_at=store.clock.now() + 60)
    assert store.read(lambda: history.oldest_waiting(store.database)) is None


def test_what_is_left_of_a_span_is_counted_to_a_bound(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook], count=3)
    now = store.clock.now()

    def left(since: float, until: float, most: int = 10) -> tuple[int, bool]:
        found = store.read(lambda: history.open_of_span(store.database, hook, since, until, most))
        return found.whole, found.is_bounded

    assert left(0, now + 60) == (3, False)
    assert left(now + 60, now + 120) == (0, False)
    assert left(0, now + 60, most=2) == (2, True)
    store.claim(free=1)
    assert left(0, now + 60) == (3, False), "what is being sent is not over"
