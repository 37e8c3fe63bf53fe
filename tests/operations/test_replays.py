"""Replays in the background: counted to a bound, one to a hook at a time, ended early for a reason that is told."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Conflict, NotFound
from hub.operations.replay import BATCH, Span
from hub.operations.replays import Count, Progress, Replays
from hub.rules.access import Requester
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


class Held:
    """The writer, busy until it is let go: no batch of a replay is done meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._go, holds = threading.Event(), threading.Event()

        def write() -> None:
            holds.set()
            self._go.wait(DEADLINE_S)

        engine.database.write(write)
        holds.wait(DEADLINE_S)

    def let_go(self) -> None:
        self._go.set()


def test_a_count_stops_at_its_bound_and_says_so(engine: Engine, requester: Requester) -> None:
    engine.publish(count=BATCH + 1)
    hook = engine.hook(URL)
    whole = engine.services.replays
    bounded = Replays(engine.database, engine.services.subscriptions, lambda: None, counted_max=1)
    assert whole.count(requester, engine.project, hook, EVER) == Count(BATCH + 1, is_whole=True)
    assert bounded.count(requester, engine.project, hook, EVER) == Count(BATCH, is_whole=False)
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
    replays = engine.services.replays
    writer = Held(engine)
    replays.start(requester, engine.project, hook, EVER)
    replays.start(requester, engine.project, other, EVER)
    with pytest.raises(Conflict, match="a replay to this hook is under way"):
        replays.start(requester, engine.project, hook, EVER)
    writer.let_go()
    assert over(engine, requester, hook).made == 1
    assert over(engine, requester, other).made == 1
    replays.start(requester, engine.project, hook, EVER)
    assert over(engine, requester, hook).made == 0, "what waits is left alone"


def test_a_hook_that_goes_off_meanwhile_ends_it_and_it_says_why(engine: Engine, requester: Requester) -> None:
    engine.publish()
    hook = engine.hook(URL)
    writer = Held(engine)
    off = engine.database.write(lambda: engine.switched(hook, False))
    engine.services.replays.start(requester, engine.project, hook, EVER)
    writer.let_go()
    off.result(DEADLINE_S)
    progress = over(engine, requester, hook)
    assert (progress.made, progress.ended_early) == (
        0,
        "this hook is switched off: switch it on, then send again",
    )


def test_what_a_stop_cuts_short_says_so(engine: Engine, requester: Requester) -> None:
    engine.publish(count=BATCH + 1)
    hook = engine.hook(URL)
    replays = Replays(engine.database, engine.services.subscriptions, lambda: None)
    writer = Held(engine)
    replays.start(requester, engine.project, hook, EVER)
    closing = threading.Thread(target=replays.close)
    closing.start()
    until(lambda: not replays.is_open)
    writer.let_go()
    closing.join(DEADLINE_S)
    progress = replays.last(requester, engine.project, hook)
    assert progress is not None
    assert (progress.made, progress.ended_early, progress.is_over) == (BATCH, "the hub was stopped", True)


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
