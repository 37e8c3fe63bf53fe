"""Writers: the threads that transactions run on, in the order in which they were handed over.

Owns the queue. With one thread nobody waits behind more than what was there before, so the dispatcher's turns
and the commits of accepted events alternate. Each piece of work runs within `turn`, and has begun only once
that was got: until then its future may be cancelled. Step before: `database` hands over. Step after: futures
are told outside the turn.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Writers:
    """At most `count` threads, started as they are needed."""

    def __init__(self, count: int, turn: AbstractContextManager[None]) -> None:
        self._count = count
        self._turn = turn
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._starting = threading.Lock()
        self._is_closed = False

    def submit(self, fn: Callable[[], T]) -> "Future[T]":
        """Raises: RuntimeError, when they are closed."""
        future: Future[T] = Future()
        with self._starting:
            if self._is_closed:
                raise RuntimeError("the writers are closed")
            self._work.put((future, fn))
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._count:
                thread = threading.Thread(target=self._run, name=f"write_{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def close(self, timeout_s: float) -> bool:
        """Finish what was handed over so far; what has not begun within `timeout_s` never will. False when a
        thread is at something still.
        """
        with self._starting:
            self._is_closed = True
            for _ in self._threads:
                self._work.put(None)
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        while not self._work.empty():
            left = self._work.get()
            if left is not None:
                left[0].cancel()
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            tell = self._done(*work)
            del work  # a thread that waits must not keep alive what its last work held
            if tell is not None:
                tell()
            del tell

    def _next(self) -> tuple["Future[Any]", Callable[[], Any]] | None:
        try:
            return self._work.get_nowait()
        except Empty:
            self._idle.release()
            return self._work.get()

    def _done(self, future: "Future[Any]", fn: Callable[[], Any]) -> Callable[[], None] | None:
        """Run one piece of work; what tells its end, None when it was given up before its turn came."""
        try:
            with self._turn:
                if not future.set_running_or_notify_cancel():
                    return None
                result = fn()
        except BaseException as error:  # whoever waits for it is told, whatever it is
            failure = error
            if future.running() or future.set_running_or_notify_cancel():
                return lambda: future.set_exception(failure)
            return None
        return lambda: future.set_result(result)
