"""Who waits for the database, and what ends it: with a server that the test lets fall silent."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from hub.errors import StoreUnavailable, StoreUndecided
from hub.store.patience import Patience
from tests.rigs.waiting import DEADLINE_S, until


class Server:
    """Statements wait until they are let go or cut."""

    def __init__(self) -> None:
        self.is_silent = False
        self.probes = 0
        self._cut = threading.Event()

    def answers(self, timeout_s: int) -> bool:
        self.probes += 1
        return not self.is_silent

    def cut(self, threads: set[threading.Thread]) -> None:
        if threads:
            self._cut.set()

    def statement(self) -> None:
        assert self._cut.wait(DEADLINE_S)
        raise ConnectionError("the server hung up")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def patience(server: Server) -> Iterator[Patience]:
    made = Patience(server, patience_s=0.3, silence_s=0.2)
    yield made
    made.close()


@pytest.fixture
def writers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def is_taken(patience: Patience) -> bool:
    try:
        with patience.statement():
            return True
    except StoreUnavailable:
        return False


def begun(writers: ThreadPoolExecutor, go: threading.Event) -> "Future[bool]":
    """Work that is under way until it may end."""
    has_begun = threading.Event()

    def work() -> bool:
        has_begun.set()
        return go.wait(DEADLINE_S)

    running = writers.submit(work)
    assert has_begun.wait(DEADLINE_S)
    return running


def test_what_ends_in_time_is_told_as_it_ends(server: Server, writers: ThreadPoolExecutor) -> None:
    patience = Patience(server, patience_s=DEADLINE_S)
    assert patience.bounded(writers.submit(lambda: 7)).result(DEADLINE_S) == 7
    failing: Future[int] = patience.bounded(writers.submit(lambda: 1 // 0))
    with pytest.raises(ZeroDivisionError):
        failing.result(DEADLINE_S)
    patience.close()


def test_what_waits_too_long_in_the_queue_is_never_begun(
    patience: Patience, writers: ThreadPoolExecutor
) -> None:
    go, has_begun = threading.Event(), threading.Event()
    writers.submit(go.wait)
    waiting = patience.bounded(writers.submit(has_begun.set))
    with pytest.raises(StoreUnavailable, match="nothing was changed"):
        waiting.result(DEADLINE_S)
    go.set()
    writers.submit(lambda: None).result(DEADLINE_S)
    assert not has_begun.is_set()


def test_of_what_has_begun_it_is_said_that_nobody_knows(
    patience: Patience, writers: ThreadPoolExecutor
) -> None:
    go = threading.Event()
    running = begun(writers, go)
    with pytest.raises(StoreUndecided, match="may have taken"):
        patience.bounded(running).result(DEADLINE_S)
    go.set()
    assert running.result(DEADLINE_S) is True, "whoever has time learns how it ended"


def test_when_the_server_falls_silent_statements_are_cut_and_others_refused_until_it_speaks(
    patience: Patience, server: Server
) -> None:
    server.is_silent = True
    with pytest.raises(ConnectionError), patience.statement():
        server.statement()
    with pytest.raises(StoreUnavailable, match="does not answer"), patience.statement():
        pytest.fail("nobody waits for it")
    with pytest.raises(StoreUnavailable):
        patience.check()
    server.is_silent = False
    until(lambda: is_taken(patience))


def test_a_slow_statement_of_a_server_that_answers_goes_on(patience: Patience, server: Server) -> None:
    with patience.statement():
        until(lambda: server.probes >= 3)
        patience.check()


def test_one_who_waited_for_a_connection_in_vain_spares_the_others(
    patience: Patience, server: Server
) -> None:
    server.is_silent = True
    patience.fell_silent()
    with pytest.raises(StoreUnavailable):
        patience.check()
    server.is_silent = False
    until(lambda: is_taken(patience))


def test_an_engine_without_a_server_is_not_asked() -> None:
    patience = Patience(None)
    with patience.statement(), patience.statement():
        patience.check()
    patience.close()


def test_whoever_has_time_waits_longer_for_its_turn_but_not_for_ever(writers: ThreadPoolExecutor) -> None:
    patience, go = Patience(None, begin_s=0.3), threading.Event()
    first = patience.bounded(begun(writers, go), waits=True)
    second = patience.bounded(writers.submit(lambda: 2), waits=True)
    with pytest.raises(StoreUnavailable, match="nothing was changed"):
        second.result(DEADLINE_S)
    assert not first.done()
    go.set()
    assert first.result(DEADLINE_S) is True
    patience.close()
