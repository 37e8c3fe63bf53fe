"""Names to addresses, in threads of its own, so that a name server that hangs takes no sender with it.

Owns name resolution: at most one lookup under way per host, at most `threads` in all, and nobody waits longer
than asked. It must never judge an address, and never remember an answer: who connects resolves, or the check
and the connection could differ. Step before: `hub.targets.addresses` is asked for a new connection. Step
after: `hub.rules.targets` judges all answers.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from hub.errors import DeliveryError
from hub.targets.machine import is_nearly_short, shortage

Lookup = Callable[[str, int], list[str]]

NO_SUCH_NAME = frozenset({socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY})
"""What getaddrinfo(3) says when a name server has answered that there is no such name, or no address of it.
Everything else (no answer, SERVFAIL, REFUSED) is trouble with looking up names at all.
"""


def system_lookup(host: str, port: int) -> list[str]:
    """All addresses of a name in the order to try them (RFC 6724), by the system's resolver. Raises
    OSError.
    """
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Resolver:
    """Shared by all sender threads. Threads are started when lookups need them, and are daemons: a hung one
    must not hold up an exit.
    """

    def __init__(self, lookup: Lookup = system_lookup, threads: int = 32) -> None:
        self._lookup = lookup
        self._max_threads = threads
        self._threads = 0
        self._lock = threading.Lock()
        self._pending: dict[str, Future[list[str]]] = {}
        self._queue: SimpleQueue[tuple[str, int, Future[list[str]]] | None] = SimpleQueue()

    def resolve(self, host: str, port: int, timeout_s: float) -> list[str]:
        """The addresses of `host`. Raises DeliveryError in phase `dns`: the receiver's fault only where a
        name server said that there is no such name.
        """
        future = self.ask(host, port)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            raise too_late(future, host, timeout_s) from None

    def close(self) -> None:
        """Let idle threads go; one that waits for a name server goes when that answers."""
        with self._lock:
            for _ in range(self._threads):
                self._queue.put(None)
            self._threads = 0

    def ask(self, host: str, port: int) -> Future[list[str]]:
        """The addresses of `host` to come, shared by all who ask meanwhile; its error is as `resolve`
        raises.
        """
        with self._lock:
            future = self._pending.get(host)
            if future is not None:
                return future
            # One thread per lookup under way, up to the limit.
            if self._threads < min(self._max_threads, len(self._pending) + 1):
                threading.Thread(target=self._work, name=f"resolver-{self._threads}", daemon=True).start()
                self._threads += 1
            future = self._pending[host] = Future()
            self._queue.put((host, port, future))
            return future

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            host, port, future = item
            future.set_running_or_notify_cancel()
            try:
                answers: list[str] | BaseException = self._looked_up(host, port)
            except BaseException as error:  # it belongs to those who wait, or they would wait for ever
                answers = error
            # Forgotten before it is answered: whoever asks from now on gets a lookup of their own, never an
            # old answer.
            with self._lock:
                del self._pending[host]
            if isinstance(answers, BaseException):
                future.set_exception(answers)
            else:
                future.set_result(answers)

    def _looked_up(self, host: str, port: int) -> list[str]:
        """Raises DeliveryError; anything else that the lookup raises is a bug."""
        lack = shortage()  # asked before, too: when the lookup has failed for it, it may be over
        try:
            # A name with several records may repeat an address; the order is what counts.
            return list(dict.fromkeys(self._lookup(host, port)))
        except OSError as error:
            raise _failure(host, error, lack or shortage()) from None


def too_late(future: Future[list[str]], host: str, timeout_s: float) -> DeliveryError:
    """What is to be said when a lookup has not ended in time."""
    if not future.running() and not future.done():
        return DeliveryError("the hub's name lookups are all busy with slow name servers", "dns", "hub")
    reason = f"the hub's name server gave no address for {host} within {timeout_s:.3g} s"
    return DeliveryError(reason, "dns", "hub")


def _failure(host: str, error: OSError, lack: str | None) -> DeliveryError:
    """Whose fault it is that a lookup failed; `lack` is what our machine was out of meanwhile."""
    words = error.strerror or str(error)
    if not isinstance(error, socket.gaierror):
        # EAI_SYSTEM of getaddrinfo(3): our own system failed before any name server could answer. A full
        # descriptor table is reported so, by more than one errno.
        return DeliveryError(f"the hub could not look up a name: {words}", "dns", "hub")
    if lack:
        return DeliveryError(f"the hub could not look up a name: {lack}", "dns", "hub")
    if error.errno in NO_SUCH_NAME and not is_nearly_short():
        return DeliveryError(f"the name {host} could not be resolved: {words}", "dns")
    return DeliveryError(f"the hub could not look up the name {host}: {words}", "dns", "hub")
