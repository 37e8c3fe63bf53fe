"""The senders: threads that make one attempt each, and hand its outcome back.

Owns the threads and the way in and out of them. They are started as they are needed, and cheap while they
wait for an answer. Nothing here touches the database: outcomes are recorded by the one thread that claims.
Step before: `dispatcher` has claimed. Step after: `delivery.attempt`, then the dispatcher is told.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from hub.engine import delivery
from hub.engine.delivery import Shipment
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store.clock import Clock
from hub.store.leases import Claim
from hub.targets.outbound import Outbound

START_WAIT_S = 2.0


class Senders:
    """The sending threads of one process."""

    def __init__(
        self,
        outbound: Outbound,
        clock: Clock,
        ended: Callable[[Claim, Outcome], None],
        prepare_thread: Callable[[], None],
    ) -> None:
        """`ended` is told each outcome at once, on the thread that sent it, and may `send` the next from
        there; `prepare_thread` is called first in each thread.
        """
        self._outbound = outbound
        self._clock = clock
        self._ended = ended
        self._prepare_thread = prepare_thread
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._work: SimpleQueue[tuple[Claim, Shipment, Settings] | None] = SimpleQueue()
        self._unstarted: dict[str, str] = {}

    def send(self, claim: Claim, shipment: Shipment, settings: Settings) -> None:
        """Make an attempt on a thread of its own. From any thread; returns before the attempt has ended.

        Raises:
            RuntimeError: the system gives no more threads.
        """
        if not self._idle.acquire(blocking=False):
            thread = threading.Thread(target=self._run, name=f"sender-{len(self._threads)}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self._unstarted[claim.delivery_id] = claim.hook_id
        self._work.put((claim, shipment, settings))

    def let_start(self, hook_id: str) -> None:
        """Return when each attempt for this hook that was handed over has begun."""
        deadline = time.monotonic() + START_WAIT_S
        while hook_id in list(self._unstarted.values()) and time.monotonic() < deadline:
            time.sleep(0.001)

    def stop(self) -> None:
        """Let every thread end after what it is at."""
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        self._prepare_thread()
        while (work := self._work.get()) is not None:
            claim, shipment, settings = work
            self._unstarted.pop(claim.delivery_id, None)
            outcome = delivery.attempt(shipment, self._outbound, settings, self._clock)
            self._idle.release()
            self._ended(claim, outcome)
            delivery.log_attempt(shipment, outcome)
