"""Circuit breakers: one message at a time probes a connection that is down; all others are put off at once.

Owns when a connection counts as down (it cannot be connected to, or what was sent stays without an answer),
how long the pauses between two probes are, and to whom it is told. So twenty hooks on one broker neither fail
one by one nor hold a thread each. As one process sees it. Used by any thread; times are of a clock that never
steps back. Step before: `transport` is about to publish. Step after: what came of it.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from hub.errors import DeliveryError
from hub.targets.brokers.client import Broker

log = logging.getLogger("hub.targets.brokers")

FIRST_PAUSE_S = 5.0
PAUSE_MAX_S = 30.0
PROBE_MAX_S = 330.0
"""A probe whose end was never seen is forgotten after the longest attempt."""

Report = Callable[[str, str | None], None]
"""A connection's name, and why it cannot be used; None: it can again. It must not wait."""


@dataclass(slots=True)
class _Down:
    """What is known of a connection that is down."""

    reason: str
    pause_s: float
    next_at: float
    """When the next probe is due."""
    probed_at: float | None = None
    """When the probe under way began."""


class Breakers:
    """Those of all connections of a process."""

    def __init__(
        self, report: Report = lambda name, error: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._report = report
        self._clock = clock
        self._lock = threading.Lock()
        self._down: dict[Broker, _Down] = {}

    def enter(self, broker: Broker) -> bool:
        """Whether this message is the one probe of a connection that is down. Raises: DeliveryError, to be
        tried later: it is down, and this is not its next probe.
        """
        now = self._clock()
        with self._lock:
            down = self._down.get(broker)
            if down is None:
                return False
            is_under_way = down.probed_at is not None and now < down.probed_at + PROBE_MAX_S
            if not is_under_way and down.next_at <= now:
                down.probed_at = now
                return True
            after_s = down.pause_s if is_under_way else down.next_at - now
        raise DeliveryError(
            f"not tried: the connection {broker.name} is down, and one message at a time tries it for all"
            f" hooks ({down.reason})",
            "none",
            after_s=after_s,
        )

    def worked(self, broker: Broker) -> None:
        """The broker answered, whatever it said."""
        with self._lock:
            was_down = self._down.pop(broker, None) is not None
        if was_down:
            log.warning("the connection %s works again", broker.name)
        if was_down or broker.last_error is not None:
            self._report(broker.name, None)

    def failed(self, broker: Broker, error: DeliveryError, is_probe: bool) -> DeliveryError:
        """A message came to no good; `is_probe` is what `enter` said of it. What it comes to: one that failed
        beside another, which has shown already that the connection is down, is tried later and counts
        nothing.
        """
        if error.fault == "receiver" and error.phase == "head":
            self.worked(broker)
            return error
        now = self._clock()
        with self._lock:
            known = self._down.get(broker)
            if not _says_down(error):
                if known is not None and is_probe:
                    known.probed_at = None  # it says nothing: the next one probes
                return error
            if known is not None and not is_probe:
                after_s = max(0.0, known.next_at - now)
                return DeliveryError(error.reason, error.phase, was_sent=error.was_sent, after_s=after_s)
            pause_s = FIRST_PAUSE_S if known is None else min(known.pause_s * 2, PAUSE_MAX_S)
            # What was known of the connection before it was changed goes with it.
            self._down = {one: down for one, down in self._down.items() if one.name != broker.name}
            self._down[broker] = _Down(error.reason, pause_s, now + pause_s)
        if known is None:
            log.warning("the connection %s is down: %s", broker.name, error.reason)
            self._report(broker.name, error.reason)
        return error


def _says_down(error: DeliveryError) -> bool:
    return error.fault == "receiver" and error.phase in ("dns", "connect", "tls", "sent")
