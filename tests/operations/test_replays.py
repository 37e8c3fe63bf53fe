"""Replays in the background: counted to a bound, one to a hook at a time, ended early for a reason that is
told."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Conflict, NotFound
from hub.operations.replay_pages import PAGE, Span
from hub.operations.replays import Count, Progress, Replays
from hub.rules.access import Requester
from hub.store import models
from tests.rigs.engine import Engine
from tests.rigs.requesters import ADMIN, manager, member
from tests.rigs.waiting import DEADLINE_S, until

URL = "http://127.0.0.1:9/"
EVER = Span(0, 4e9)


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    """Nothing is sent: what was made to wait stays so."""
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


@pytest.fixture
def requester(engine: Engine) -> Requester:
    return manager(engine.project)


def over(engine: Engine, requester: Requester, hook: str) -> Progress:
    found = until(
        lambda: engine.services.replays.last(requester, engine.project, hook), lambda one: one and one.is_over
    )
    assert found is not None
    return found


def waiting(engine: Engine) -> Replays:
    """It begins replays and goes on with none, as one that is about to stop."""
    stopping = Replays(engine.database, engine.services.subscriptions, lambda: None)
    stopping.close()
    return stopping


def test_a_count_stops_at_its_bound_and_says_so(engine: Engine, requester: Requester) -> None:
    engine.publish(count=PAGE + 1)
    hook = engine.hook(URL)
    whole = engine.services.replays
    bounded = Replays(engine.database, engine.services.subscriptions, lambda: None, counted_max=1)
    assert whole.count(requester, engine.project, hook, EVER) == Count(PAGE + 1, is_whole=True)
    assert bounded.count(requester, engine.project, hook, EVER) == Count(PAGE, is_whole=False)
    bounded.close()


def test_it_goes_on_by_itself_and_tells_how_far_it_is(engine: Engine, requester: Requester) -> None:
    engine.publish(count=3)
    hook = engine.hook(URL)
    assert engine.services.replays.last(requester, engine.project, hook) is None
    engine.services.replays.start(requester, engine.project, hook, EVER)
    progress = over(engine, requester, hook)
    assert (progress.made, progress.total, progress.sent, progress.left.waiting) == (3, 3, 0, 3)
    assert not progress.is_done
    [entry] = engine.services.audit.list(ADMIN, object_id=hook)[:1]
    assert (entry.action, entry.fields["count"]) == ("hook.replayed", [None, 3])


def test_one_to_a_hook_at_a_time(engine: Engine, requester: Requester) -> None:
    engine.publish()
    hook, other = engine.hook(URL), engine.hook(URL)
    replays, others = engine.services.replays, waiting(engine)
    others.start(requester, engine.project, hook, EVER)
    others.start(requester, engine.project, other, EVER)
    assert others.is_under_way(hook)
    for anybody in (replays, others):
        with pytest.raises(Conflict, match="a replay to this hook is under way"):
            anybody.start(requester, engine.project, hook, EVER)
    replays.go_on()
    assert over(engine, requester, hook).made == 1
    assert over(engine, requester, other).made == 1
    replays.start(requester, engine.project, hook, EVER)
    assert over(engine, requester, hook).made == 0, "what waits is left alone"


def test_a_hook_that_goes_off_meanwhile_ends_it_and_it_says_why(engine: Engine, requester: Requester) -> None:
    engine.publish()
    hook = engine.hook(URL)
    waiting(engine).start(requester, engine.project, hook, EVER)
    engine.switch(hook, False)
    engine.services.replays.go_on()
    progress = over(engine, requester, hook)
    assert (progress.made, progress.ended_early) == (
        0,
        "this hook is switched off: switch it on, then send again",
    )
    assert len(engine.services.audit.list(ADMIN, object_id=hook)) == 1


def test_what_a_stop_cuts_short_the_next_start_goes_on_with(engine: Engine, requester: Requester) -> None:
    """Each page is kept with its deliveries, so none is made twice."""
    engine.publish(count=2 * PAGE + 1)
    hook = engine.hook(URL)
    closing: list[threading.Thread] = []

    def stop() -> None:
        """In the middle: it waits for the page under way, as a stop of the hub does."""
        if not closing:
            thread = threading.Thread(target=first.close)
            thread.start()  # before it is told: whoever is told joins it
            closing.append(thread)
            until(lambda: not first.is_open)

    first = Replays(engine.database, engine.services.subscriptions, stop)
    first.start(requester, engine.project, hook, EVER)
    until(lambda: closing)
    closing[0].join(DEADLINE_S)
    progress = engine.services.replays.last(requester, engine.project, hook)
    assert progress is not None
    assert not progress.is_over
    assert PAGE <= progress.made <= 2 * PAGE

    engine.services.replays.go_on()
    assert over(engine, requester, hook).made == 2 * PAGE + 1
    assert len({one.event_id for one in engine.deliveries(hook)}) == 2 * PAGE + 1
    assert len(engine.deliveries(hook)) == 2 * PAGE + 1
    assert len(engine.services.audit.list(ADMIN, object_id=hook)) == 1


def test_one_that_has_lost_its_lease_makes_nothing_more(engine: Engine, requester: Requester) -> None:
    engine.publish(count=PAGE + 1)
    hook = engine.hook(URL)

    def takes_over() -> None:
        """As another process would, that has not heard of this one for long enough."""
        if len(engine.deliveries(hook)) == PAGE:
            other = {"owner": "rpl_another", "lease_until": engine.database.clock.now() + 10}
            engine.do(lambda: models.Replay.update(other).execute())

    slow = Replays(engine.database, engine.services.subscriptions, takes_over)
    slow.start(requester, engine.project, hook, EVER)
    slow.close()
    assert len(engine.deliveries(hook)) == PAGE
    progress = engine.services.replays.last(requester, engine.project, hook)
    assert progress is not None
    assert (progress.made, progress.is_over) == (PAGE, False)


def test_only_who_may_send_again_begins_one(engine: Engine, requester: Requester) -> None:
    hook = engine.hook(URL)
    replays = engine.services.replays
    with pytest.raises(Conflict, match="may look at hooks and change none"):
        replays.start(member(engine.project), engine.project, hook, EVER)
    with pytest.raises(NotFound):
        replays.count(requester, engine.project, "hook_nope", EVER)
    engine.switch(hook, False)
    with pytest.raises(Conflict, match="switched off"):
        replays.start(requester, engine.project, hook, EVER)
