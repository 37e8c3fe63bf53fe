"""Nobody waits for ever: how long callers wait for the database, and what ends the waiting of threads.

A change is waited for `PATIENCE_S` at the most, in the queue and in the database together. Then its future
fails, and a change that has not begun by then never begins. The hub's own threads have time: theirs may stay
in the queue for `BEGIN_S`, and once begun is waited for until it ends.

On PostgreSQL, when a statement takes long, one thread asks whether the server answers at all. While it does
not, connections are cut and everybody is refused at once, so that no thread piles up behind it. SQLite's own
waiting is bounded by `connections.LOCK_WAIT_S`. Times are monotonic seconds. Step before: `database` hands
over what it runs.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hub.errors import StoreUnavailable, StoreUndecided

T = TypeVar("T")

log = logging.getLogger("hub.store.patience")

PATIENCE_S = 7.0
"""A publisher is told within 10 s that the hub cannot take an event now."""
BEGIN_S = 60.0
"""How long those who have time wait until it is their turn: the hub's own threads, which must be able to
stop.
"""
LOOK_EVERY_S = 0.25
SILENCE_S = 4.0
"""A statement under way for so long may be slow, or wait for a lock: the server is asked whether it
answers.
"""
PROBE_S = 2


class Server(Protocol):
    """A database server that may fall silent."""

    def answers(self, timeout_s: int) -> bool: ...

    def cut(self, threads: set[threading.Thread]) -> None: ...


@dataclass(slots=True, eq=False)
class _Statement:
    thread: threading.Thread
    asked_at: float
    """When it began, or when the server last answered while it was under way."""


class Patience:
    """For one database; `server` is None for SQLite, which has none."""

    def __init__(
        self,
        server: Server | None,
        patience_s: float = PATIENCE_S,
        silence_s: float = SILENCE_S,
        begin_s: float = BEGIN_S,
    ) -> None:
        self._server = server
        self._patience_s = patience_s
        self._silence_s = silence_s
        self._begin_s = begin_s
        # Each in the order of its deadlines: those who do not have time, and those who do.
        self._hurried: deque[tuple[float, Future[Any], Future[Any]]] = deque()
        self._patient: deque[tuple[float, Future[Any], Future[Any]]] = deque()
        self._statements: set[_Statement] = set()
        self._is_silent = False
        self._is_over = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        self._is_over.set()

    def bounded(self, running: "Future[T]", *, waits: bool = False) -> "Future[T]":
        """The same result, or StoreUnavailable when it takes too long; with `waits` only when its turn does
        not come.
        """
        self._watch()
        told: Future[T] = Future()
        told.set_running_or_notify_cancel()  # whoever stops waiting for it has not undone it
        running.add_done_callback(lambda done: _tell(told, done))
        queue, patience_s = (self._patient, self._begin_s) if waits else (self._hurried, self._patience_s)
        queue.append((time.monotonic() + patience_s, running, told))
        return told

    @contextlib.contextmanager
    def statement(self) -> Iterator[None]:
        """Around what a thread asks the database for. Raises: StoreUnavailable, at once, while it is
        silent.
        """
        if self._server is None:
            yield
            return
        self.check()
        self._watch()
        statement = _Statement(threading.current_thread(), time.monotonic())
        self._statements.add(statement)
        try:
            yield
        finally:
            self._statements.discard(statement)

    def check(self) -> None:
        """Raises: StoreUnavailable, while the server is silent."""
        if self._is_silent:
            raise StoreUnavailable("the database does not answer")

    def fell_silent(self) -> None:
        """Somebody has just waited for the server in vain."""
        self._is_silent = True
        self._watch()

    def _watch(self) -> None:
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="database-patience", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_S):
            try:
                self._give_up()
                if self._server is not None:
                    self._look_for_silence(self._server)
            except Exception:  # a bug here must not leave everybody waiting
                log.exception("fault while watching the database")

    def _give_up(self) -> None:
        for running, told in _over(self._hurried):
            running.cancel()  # its callback says that nothing was changed
            if not told.done():
                _fail(
                    told,
                    StoreUndecided("the database has not answered in time: it may have taken the change"),
                )
        for running, _ in _over(self._patient):
            running.cancel()  # what has begun will end

    def _look_for_silence(self, server: Server) -> None:
        now = time.monotonic()
        late = [one for one in tuple(self._statements) if now - one.asked_at > self._silence_s]
        if not self._is_silent and (not late or server.answers(PROBE_S)):
            for one in late:
                one.asked_at = now
            return
        log.error("the database does not answer; who publishes or looks is told so, deliveries wait")
        self._is_silent = True
        while not self._is_over.wait(LOOK_EVERY_S):
            server.cut({one.thread for one in tuple(self._statements)})
            self._give_up()
            if server.answers(PROBE_S):
                break
        self._is_silent = False
        log.warning("the database answers again")


def _over(
    queue: deque[tuple[float, "Future[Any]", "Future[Any]"]],
) -> Iterator[tuple["Future[Any]", "Future[Any]"]]:
    """Those whose time is over; they and those who were told before leave the queue."""
    now = time.monotonic()
    while queue and (queue[0][2].done() or queue[0][0] <= now):
        _, running, told = queue.popleft()
        if not told.done():
            yield running, told


def _tell(told: "Future[T]", done: "Future[T]") -> None:
    if done.cancelled():
        _fail(
            told,
            StoreUnavailable("the database is too slow or held by another program: nothing was changed"),
        )
        return
    error = done.exception()
    if error is not None:
        _fail(told, error)
    else:
        with contextlib.suppress(InvalidStateError):  # it was told that it took too long
            told.set_result(done.result())


def _fail(told: "Future[Any]", error: BaseException) -> None:
    with contextlib.suppress(InvalidStateError):
        told.set_exception(error)
