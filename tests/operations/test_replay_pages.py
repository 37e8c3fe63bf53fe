"""Replay: which past events a hook is sent again, counted first, and none to a hook that is off."""

import pytest

from hub.errors import Conflict
from hub.operations.replay_pages import PAGE, Span, replay
from hub.store import hooks
from tests.rigs.stage import Stage

EVER = Span(0, 10**10)


def sent(store: Stage, hook_id: str, span: Span = EVER, *, is_dry_run: bool = False) -> int:
    hook = store.read(lambda: hooks.get(hook_id))
    assert hook is not None
    return replay(store.database, hook, span, is_dry_run=is_dry_run)


def test_a_dry_run_counts_what_a_replay_then_makes_wait(store: Stage) -> None:
    hook = store.mixed()
    before = store.states(hook)
    assert sent(store, hook, is_dry_run=True) == 1, "the two that are open are sent anyway"
    assert store.states(hook) == before
    assert sent(store, hook) == 1
    assert sent(store, hook) == 0, "now it is open too"


def test_events_from_before_the_hook_are_sent_for_the_first_time_and_only_once(store: Stage) -> None:
    store.publish([], 3)
    hook, other = store.hook(events=["story.*"]), store.hook(events=["task.*"])
    assert (sent(store, hook), sent(store, other)) == (3, 0)
    assert len(store.of(hook)) == 3
    assert sent(store, hook) == 0


@pytest.mark.parametrize(
    ("span", "count"),
    [
        (Span(0, 10**10, type="story.create"), 2),
        (Span(0, 10**10, type="story.update"), 0),
        (Span(0, 10**10, state="delivered"), 1),
        (Span(0, 10**10, state="failed"), 0),
        (Span(0, 1), 0),
    ],
)
def test_a_span_leaves_out_other_types_states_and_times(sqlite: Stage, span: Span, count: int) -> None:
    hook = sqlite.hook()
    sqlite.publish([hook])
    sqlite.record(sqlite.claim())
    sqlite.publish([])
    assert sent(sqlite, hook, span, is_dry_run=True) == count


def test_more_than_a_batch_is_taken_page_by_page(sqlite: Stage) -> None:
    hook = sqlite.hook()
    sqlite.publish([], PAGE + 1)
    assert sent(sqlite, hook) == PAGE + 1
    assert len(sqlite.of(hook)) == PAGE + 1


def test_nothing_is_sent_again_to_a_hook_that_is_off_even_by_now(sqlite: Stage) -> None:
    hook_id = sqlite.hook()
    sqlite.publish([])
    as_it_was = sqlite.read(lambda: hooks.get(hook_id))
    assert as_it_was is not None
    sqlite.switch(hook_id, False)
    with pytest.raises(Conflict, match="switch it on"):
        sent(sqlite, hook_id)
    with pytest.raises(Conflict, match="switch it on"):
        replay(sqlite.database, as_it_was, EVER, is_dry_run=False)
    assert sqlite.of(hook_id) == []
