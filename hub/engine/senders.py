"""The senders: two loops with any number of requests under way, a few threads for what is no HTTP, and one
that renders what takes long.

Owns which of them makes an attempt. Hooks that are slow, failing or not yet proven have a loop of their own:
what they cost (handshakes, hanging connections, libcurl's look through them) holds up nobody else. Neither
does a costly template: a loop gets its request ready-made. Nothing here touches the database: outcomes are
recorded by the one thread that claims. Step before: `runs` begins what is leased. Step after:
`delivery.Attempt` on a sender's thread, then the dispatcher is told.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from hub.engine.delivery import Attempt, Shipment
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store.clock import Clock
from hub.store.leases import Claim
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request

RENDERED_APART_BYTES = 16_384
"""Templates of larger events, and larger batches, are rendered beside the loops: each may take a tenth of a
second.
"""
RENDERED_APART_S = 0.002
"""So are those of hooks whose last rendering took longer."""
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
        self._quick = outbound.loop("sender-quick", prepare_thread, has_helper=True)
        self._slow = outbound.loop("sender-slow", prepare_thread)
        self._threads = _Threads("sender", THREADS_MAX, self._wait_for, prepare_thread)
        self._renderer = _Threads("renderer", 1, self._render, prepare_thread)

    def send(self, claim: Claim, shipment: Shipment, settings: Settings) -> None:
        """Make an attempt. From any thread; returns before the attempt has ended.

        Raises:
            RuntimeError, OSError: the system gives no thread, or no descriptor for its bell.
        """
        attempt = Attempt(shipment, settings, self._clock, self._outbound.origin)
        job = _Job(claim, shipment, attempt, self._ended)
        if not self._outbound.takes_jobs(shipment.destination.url):
            self._threads.submit(job)
        elif job.is_costly:
            self._renderer.submit(job)
        else:
            self._submit(job)

    def let_start(self, hook_id: str, most_s: float) -> None:
        """Return when each attempt for this hook that was handed over has begun, or after so long."""
        deadline = time.monotonic() + most_s
        self._renderer.let_start(hook_id, deadline)
        for begun in (self._quick.has_begun(), self._slow.has_begun()):
            begun.wait(max(0.0, deadline - time.monotonic()))
        self._threads.let_start(hook_id, deadline)

    def stop(self) -> None:
        """Let every thread end after what it is at."""
        self._quick.close()
        self._slow.close()
        self._threads.stop()
        self._renderer.stop()

    def _submit(self, job: "_Job") -> None:
        (self._slow if job.claim.is_slow else self._quick).submit(job)

    def _render(self, job: "_Job") -> None:
        job.render()
        self._submit(job)

    def _wait_for(self, job: "_Job") -> Receipt:
        self._threads.started(job)
        return self._outbound.send(job.request())


class _Job:
    """An attempt as whoever sends sees it."""

    __slots__ = ("_attempt", "_ended", "_request", "_shipment", "claim")

    def __init__(self, claim: Claim, shipment: Shipment, attempt: Attempt, ended: Ended) -> None:
        self.claim = claim
        self._shipment = shipment
        self._attempt = attempt
        self._ended = ended
        self._request: Request | None = None

    @property
    def is_costly(self) -> bool:
        """Whether making its request may hold up others."""
        if self._shipment.destination.template is None and self._shipment.batch is None:
            return False
        is_large = sum(len(event.data) for event in self._shipment.events) > RENDERED_APART_BYTES
        return is_large or self._attempt.rendered_in_s > RENDERED_APART_S

    def render(self) -> None:
        """Make the request before it is asked for. Raises as that does."""
        self._request = self._attempt.request()

    def request(self) -> Request:
        return self._request or self._attempt.request()

    def answered(self, receipt: Receipt) -> None:
        self._end(self._attempt.answered(receipt))

    def failed(self, error: Exception) -> None:
        self._end(self._attempt.failed(error))

    def _end(self, outcome: Outcome) -> None:
        self._ended(self.claim, outcome)


class _Threads:
    """A few threads that each have one job at a time, started as they are needed."""

    def __init__(
        self,
        name: str,
        most: int,
        work: Callable[[_Job], Receipt | None],
        prepare_thread: Callable[[], None],
    ) -> None:
        """The job is told what `work` returns or raises."""
        self._name = name
        self._most = most
        self._do = work
        self._prepare_thread = prepare_thread
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._work: SimpleQueue[_Job | None] = SimpleQueue()
        self._unstarted: dict[_Job, str] = {}

    def submit(self, job: _Job) -> None:
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        self._unstarted[job] = job.claim.hook_id
        self._work.put(job)

    def started(self, job: _Job) -> None:
        """It is under way: nobody needs to wait until it is."""
        self._unstarted.pop(job, None)

    def let_start(self, hook_id: str, deadline: float) -> None:
        while hook_id in list(self._unstarted.values()) and time.monotonic() < deadline:
            time.sleep(0.001)

    def stop(self) -> None:
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        self._prepare_thread()
        while (job := self._work.get()) is not None:
            try:
                receipt = self._do(job)
            except Exception as error:
                job.failed(error)
            else:
                if receipt is not None:
                    job.answered(receipt)
            self.started(job)
            self._idle.release()
