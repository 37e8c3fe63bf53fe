"""The way out: claim, hand to the senders, record what came back; over and over.

Owns the one thread that claims and records, in one transaction a turn. It sends nothing by itself (`senders`
do), and loses no outcome: what could not be written is written on a later turn. Step before: whoever made
work sets the wake-up, or a retry is due. Step after: `delivery.attempt` in a sender's thread.
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue

from hub.engine import worker
from hub.engine.cores import stay_on_one_core
from hub.engine.delivery import Shipment
from hub.engine.destinations import Destinations
from hub.engine.hook_states import HookStates
from hub.engine.in_flight import InFlight
from hub.engine.network import Network
from hub.engine.senders import Senders
from hub.errors import StoreUnavailable, StoreUndecided
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store import audit, deliveries, lanes, leases, settings, workers
from hub.store.database import Database
from hub.store.leases import Claim
from hub.store.secrets import SecretBox
from hub.targets.outbound import Outbound

log = logging.getLogger("hub.engine.dispatcher")

POLL_S = 0.25
"""The longest sleep: events that another process has taken in are seen at the latest then."""
BREATH_S = 0.02
"""The pause after a turn that found nothing to take although something is ready: all the room that it may
have is taken.
"""
TROUBLE_S = 1.0
TURN_WAIT_S = 2.0
TURN_MAX_S = 10.0
"""An idle dispatcher turns every `POLL_S`; one whose last turn is longer ago is stuck."""
OUTCOMES_MAX = 500
WORKERS_COUNT_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one transaction brought."""

    settings: Settings
    shipments: list[tuple[Claim, Shipment | Exception]]


class Dispatcher:
    """The deliveries of one process."""

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        box: SecretBox,
        hook_states: HookStates,
        wake: threading.Event,
        in_flight: InFlight,
        prepare_thread: Callable[[], None] = stay_on_one_core,
    ) -> None:
        """`wake` is set by whoever knows that there may be something to send; `prepare_thread` runs first in
        each thread of the dispatcher and its senders.
        """
        self.owner = worker.new_name()
        self.network = Network()
        # Not the global generator: that belongs to the whole process.
        self._chance = random.Random().random
        self._database = database
        self._hook_states = hook_states
        self._wake = wake
        self._in_flight = in_flight
        self._prepare_thread = prepare_thread
        self._destinations = Destinations(box)
        self._senders = Senders(outbound, database.clock, self._ended, prepare_thread)
        self._outcomes: SimpleQueue[tuple[Claim, Outcome]] = SimpleQueue()
        self._unrecorded: list[tuple[Claim, Outcome]] = []
        self._turning = threading.Lock()
        self._workers = 1
        self._workers_counted_at = 0.0
        self._turned_at = 0.0
        self._is_stopping = False
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        self._turned_at = time.monotonic()
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Take nothing more, let what is under way end within `timeout_s`, record it. What has not ended is
        left to its lease.
        """
        self._is_stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
            self._is_over = True
            self._thread.join(2 * TROUBLE_S)
        self._senders.stop()

    def let_start(self, hook_id: str) -> None:
        """Return when every request to this hook that has been claimed has begun: once a hook has ended, none
        begins after this.

        Raises:
            StoreUndecided: that cannot be said, because a turn waits for the database.
        """
        # A claim that was committed before is handed over when the turn is.
        if not self._turning.acquire(timeout=TURN_WAIT_S):
            raise StoreUndecided(
                "the change is made, but the database has not answered what is still under way"
            )
        self._turning.release()
        self._senders.let_start(hook_id)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def is_turning(self) -> bool:
        """Its turns go well: the last one ended lately. False for one that is stuck, or that cannot write."""
        return self.is_alive() and time.monotonic() - self._turned_at < TURN_MAX_S

    def turn(self) -> bool:
        """Record what came back, claim what is ready, hand it to the senders; False when there was nothing to
        do.

        Raises:
            StoreUnavailable: nothing is lost; call again later.
        """
        self._unrecorded += self.network.counted(self._collected())
        if not self._unrecorded and not self._has_work():
            return False
        outcomes = self._unrecorded[:OUTCOMES_MAX]
        with self._turning:
            turn = self._exchanged(outcomes)
            self._in_flight.end(claim for claim, _ in outcomes)
            del self._unrecorded[: len(outcomes)]
            self.network.begun((claim for claim, _ in turn.shipments), self._database.clock.now())
            for claim, shipment in turn.shipments:
                self._hand_over(claim, shipment, turn.settings)
        return bool(outcomes or turn.shipments)

    def _ended(self, claim: Claim, outcome: Outcome) -> None:
        """From any thread: an outcome is there."""
        self._outcomes.put((claim, outcome))
        self._wake.set()

    def _collected(self) -> list[tuple[Claim, Outcome]]:
        """What has ended since the last call."""
        found = []
        while not self._outcomes.empty():
            found.append(self._outcomes.get())
        return found

    def _run(self) -> None:
        self._prepare_thread()
        while not self._is_over and not (
            self._is_stopping and self._in_flight.is_empty() and self._outcomes.empty()
        ):
            try:
                did_something = self.turn()
                self._turned_at = time.monotonic()
                self._rest(did_something)
            except StoreUnavailable as error:
                log.warning("%s (%s); trying again", error, error.detail)
                time.sleep(TROUBLE_S)
            except Exception:  # a bug ends no deliveries: it is logged, and leases bring back what it dropped
                log.exception("fault in a turn")
                time.sleep(TROUBLE_S)

    def _rest(self, did_something: bool) -> None:
        """Sleep until there may be something to do; not at all after a turn that did something."""
        if did_something:
            return
        due_at = self._database.read(lambda: deliveries.next_due(self._database))
        wait_s = POLL_S
        if due_at is not None:
            wait_s = max(BREATH_S, min(POLL_S, due_at - self._database.clock.now()))
        self._wake.wait(wait_s)
        self._wake.clear()

    def _has_work(self) -> bool:
        if self._is_stopping or not self._in_flight.has_room():
            return False
        now = self._database.clock.now()
        if not self.network.may_claim(now):
            return False
        due_at = self._database.read(lambda: deliveries.next_due(self._database))
        return due_at is not None and due_at <= now

    def _exchanged(self, outcomes: list[tuple[Claim, Outcome]]) -> _Turn:
        """Record and claim. Where one outcome spoils the transaction, each is recorded alone, so that none
        waits for it for ever.
        """
        try:
            return self._database.write(
                lambda: self._exchange(outcomes), waits=True, is_synced=False
            ).result()
        except StoreUnavailable:
            raise
        except Exception:
            if not outcomes:
                raise
            log.exception("fault in recording %s results; one by one now", len(outcomes))
        for claim, outcome in outcomes:
            self._record_alone(claim, outcome)
        return _Turn(Settings(), [])

    def _record_alone(self, claim: Claim, outcome: Outcome) -> None:
        """Record one outcome; as a fault of the hub if it cannot be written, and if not even that can, it is
        left to its lease.
        """
        reason = ""
        for _ in range(2):
            known = (
                replace(outcome, kind="fault", reason=reason, response_headers=[], request_headers={})
                if reason
                else outcome
            )
            try:
                self._database.write(
                    partial(self._record, settings.load, [(claim, known)]), waits=True, is_synced=False
                ).result()
                return
            except StoreUnavailable:
                raise
            except Exception as error:
                log.exception(
                    "the result of delivery %s attempt %s cannot be written", claim.delivery_id, claim.attempt
                )
                reason = f"fault of the hub: the result could not be written ({type(error).__name__}: {str(error)!a})"

    def _record(self, load: Callable[[], Settings], outcomes: list[tuple[Claim, Outcome]]) -> None:
        now = self._database.clock.now()
        for switched in deliveries.record(self._database, load(), self.owner, outcomes, now, self._chance):
            self._hook_states.changed(switched, audit.HUB, now)

    def _exchange(self, outcomes: list[tuple[Claim, Outcome]]) -> _Turn:
        """One transaction: outcomes in, claims out. The settings are read in it, so that a change counts from
        the next failure on.
        """
        now = self._database.clock.now()
        tuned = settings.load()
        # Only `record` may wait for locks, and it takes them all at once in order: what follows leaves out
        # what another process holds.
        if outcomes:
            self._record(lambda: tuned, outcomes)
        lanes.mark_slow(self._database, self._in_flight.stalled(time.monotonic()))
        deliveries.promote(self._database, now)
        is_claiming = not self._is_stopping and self.network.may_claim(now)
        claims = self._claim(tuned, now, outcomes) if is_claiming else []
        return _Turn(tuned, self._shipments(claims))

    def _claim(self, tuned: Settings, now: float, outcomes: list[tuple[Claim, Outcome]]) -> list[Claim]:
        if time.monotonic() > self._workers_counted_at + WORKERS_COUNT_EVERY_S:
            self._workers, self._workers_counted_at = max(1, workers.alive(now)), time.monotonic()
        # Each worker takes an even part of what a hook may have under way. Without it the one that gets an
        # answer first takes the hook's next delivery in the same transaction, and the others nothing.
        hook_part = None if self._workers == 1 else math.ceil(tuned.max_in_flight_per_hook / self._workers)
        room = self._in_flight.room((claim for claim, _ in outcomes), hook_part, time.monotonic())
        return leases.claim(self._database, tuned, self.owner, now, self.network.bounded(room, now))

    def _shipments(self, claims: list[Claim]) -> list[tuple[Claim, Shipment | Exception]]:
        """Claims with what is to be sent, and how; read in the claim's transaction, so that it is what holds
        now.
        """
        if not claims:
            return []
        destinations = self._destinations.of(claims)
        rows = leases.payloads(self._database, {claim.event_id for claim in claims})
        shipments: list[tuple[Claim, Shipment | Exception]] = []
        for claim in claims:
            target = destinations[claim.hook_id]
            if isinstance(target, Exception):
                shipments.append((claim, target))
            else:
                event = replace(rows[claim.event_id], project=target.project_key)
                shipments.append((claim, Shipment(claim.delivery_id, claim.attempt, event, target)))
        return shipments

    def _hand_over(self, claim: Claim, shipment: Shipment | Exception, tuned: Settings) -> None:
        self._in_flight.begin(claim, time.monotonic())
        try:
            if isinstance(shipment, Exception):
                raise shipment
            self._senders.send(claim, shipment, tuned)
        except Exception as error:  # its row cannot be read, or the system gives no more threads
            self._ended(
                claim, Outcome("fault", self._database.clock.now(), 0.0, reason=f"fault of the hub: {error}")
            )
