"""The senders: two loops that have any number of requests under way, and a few threads for what is no HTTP.

Owns which of them makes an attempt. Hooks that are slow, failing or not yet proven have a loop of their own:
what they cost (handshakes, hanging connections, libcurl's look through them) holds up nobody else. Nothing
here touches the database: outcomes are recorded by the one thread that claims. Step before: `dispatcher` has
claimed. Step after: `delivery.Attempt` on a sender's thread, then the dispatcher is told.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from hub.engine import delivery
from hub.engine.delivery import Attempt, Shipment
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store.clock import Clock
from hub.store.leases import Claim
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request

START_WAIT_S = 2.0
THREADS_MAX = 16
"""For what loops do not send. Each waits for one answer; what comes meanwhile waits for a thread."""

Ended = Callable[[Claim, Outcome], None]


class Senders:
    """The sending threads of one process."""

    def __init__(
        self, outbound: Outbound, clock: Clock, ended: Ended, prepare_thread: Callable[[], None]
    ) -> None:
        """`ended` is told each outcome at once, on the thread that sent it, and may `send` the next from
        there; `prepare_thread` is called first in each thread.
        """
        self._outbound = outbound
        self._clock = clock
        self._ended = ended
        self._quick = outbound.loop("sender-quick", prepare_thread)
        self._slow = outbound.loop("sender-slow", prepare_thread)
        self._threads = _Threads(prepare_thread)

    def send(self, claim: Claim, shipment: Shipment, settings: Settings) -> None:
        """Make an attempt. From any thread; returns before the attempt has ended.

        Raises:
            RuntimeError, OSError: the system gives no thread, or no descriptor for its bell.
        """
        attempt = Attempt(shipment, settings, self._clock, self._outbound.origin)
        job = _Job(claim, shipment, attempt, self._ended)
        if self._outbound.takes_jobs(shipment.destination.url):
            (self._slow if claim.is_slow else self._quick).submit(job)
        else:
            self._threads.submit(job, self._outbound)

    def let_start(self, hook_id: str) -> None:
        """Return when each attempt for this hook that was handed over has begun."""
        deadline = time.monotonic() + START_WAIT_S
        for begun in (self._quick.has_begun(), self._slow.has_begun()):
            begun.wait(max(0.0, deadline - time.monotonic()))
        self._threads.let_start(hook_id, deadline)

    def stop(self) -> None:
        """Let every thread end after what it is at."""
        self._quick.close()
        self._slow.close()
        self._threads.stop()


class _Job:
    """An attempt as whoever sends sees it."""

    __slots__ = ("_attempt", "_ended", "_shipment", "claim")

    def __init__(self, claim: Claim, shipment: Shipment, attempt: Attempt, ended: Ended) -> None:
        self.claim = claim
        self._shipment = shipment
        self._attempt = attempt
        self._ended = ended

    def request(self) -> Request:
        return self._attempt.request()

    def answered(self, receipt: Receipt) -> None:
        self._end(self._attempt.answered(receipt))

    def failed(self, error: Exception) -> None:
        self._end(self._attempt.failed(error))

    def _end(self, outcome: Outcome) -> None:
        self._ended(self.claim, outcome)
        delivery.log_attempt(self._shipment, outcome)


class _Threads:
    """A few threads that each wait for one answer, started as they are needed."""

    def __init__(self, prepare_thread: Callable[[], None]) -> None:
        self._prepare_thread = prepare_thread
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._work: SimpleQueue[tuple[_Job, Outbound] | None] = SimpleQueue()
        self._unstarted: dict[_Job, str] = {}

    def submit(self, job: _Job, outbound: Outbound) -> None:
        if not self._idle.acquire(blocking=False) and len(self._threads) < THREADS_MAX:
            thread = threading.Thread(target=self._run, name=f"sender-{len(self._threads)}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self._unstarted[job] = job.claim.hook_id
        self._work.put((job, outbound))

    def let_start(self, hook_id: str, deadline: float) -> None:
        while hook_id in list(self._unstarted.values()) and time.monotonic() < deadline:
            time.sleep(0.001)

    def stop(self) -> None:
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        self._prepare_thread()
        while (work := self._work.get()) is not None:
            job, outbound = work
            self._unstarted.pop(job, None)
            try:
                receipt = outbound.send(job.request())
            except Exception as error:
                job.failed(error)
            else:
                job.answered(receipt)
            self._idle.release()
