"""The way out: claim, hand to the senders, record what came back; over and over.

Owns the one thread that takes turns (`turns`: one transaction each). It sends nothing by itself (`senders`
do), and loses no outcome: what could not be written is written on a later turn. Between turns `runs` begins
what was leased ahead. Step before: whoever made work sets the alarm, or a retry is due. Step after:
`delivery.attempt` in a sender's thread.
"""

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from hub.engine import attempt_log, worker
from hub.engine.alarm import Alarm
from hub.engine.arrivals import Arrivals
from hub.engine.attempt_log import Ended
from hub.engine.back_pressure import BackPressure
from hub.engine.destinations import Destinations
from hub.engine.hook_states import HookStates
from hub.engine.in_flight import InFlight
from hub.engine.network import Network
from hub.engine.result_counts import ResultCounts
from hub.engine.runs import Item, Runs
from hub.engine.senders import Senders
from hub.engine.turns import OUTCOMES_MAX, Turn, Turns, recorded_at_once
from hub.errors import StoreUnavailable, StoreUndecided
from hub.rules.outcome import Outcome
from hub.store import leases
from hub.store.database import Database
from hub.store.leases import Claim
from hub.store.secrets import SecretBox
from hub.targets.cores import stay_on_one_core
from hub.targets.outbound import Outbound

log = logging.getLogger("hub.engine.dispatcher")

POLL_S = 0.25
"""The longest sleep: events that another process has taken in are seen at the latest then."""
BREATH_S = 0.02
"""The pause after a turn that found nothing to take although something is ready: all the room that it may
have is taken.
"""
RECORD_WITHIN_S = 0.005
"""An outcome waits so long for others: a turn costs as much as many of them."""
CALM_WITHIN_S = 0.02
"""The same while few of its hook are unrecorded: most are then written with the next claim."""
CALM, HURRY = 0.125, 0.5
"""Which part of what may be unrecorded of a hook is few, and from which on its next must not be kept
waiting.
"""
LOOK_EVERY_S = 0.05
"""How often hooks of which something is leased ahead are looked at: whether they are still as they were, and
well.
"""
TROUBLE_S = 1.0
START_WAIT_S = 2.0
"""Whoever ends or moves a hook waits so long for each of those that may still begin a request to it."""
TURN_MAX_S = 10.0
"""An idle dispatcher turns every `POLL_S`; one whose last turn is longer ago is stuck."""


class Dispatcher:
    """The deliveries of one process."""

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        box: SecretBox,
        hook_states: HookStates,
        wake: Alarm,
        in_flight: InFlight,
        prepare_thread: Callable[[], None] = stay_on_one_core,
        start_wait_s: float = START_WAIT_S,
    ) -> None:
        """`wake` is set by whoever knows that there may be something to send; `prepare_thread` runs first in
        each thread of the dispatcher and its senders. `start_wait_s`: how long `let_start` waits for each.
        """
        self.owner = worker.new_name()
        self.network = Network()
        self._database = database
        self._wake = wake
        self._in_flight = in_flight
        self._prepare_thread = prepare_thread
        self._start_wait_s = start_wait_s
        destinations = Destinations(box)
        self._senders = Senders(outbound, database.clock, self._ended, prepare_thread)
        self._runs = Runs(in_flight, database.clock, self._begin)
        self.arrivals = Arrivals(database, self.owner, destinations, self._runs)
        self.back_pressure = BackPressure()
        self.result_counts = ResultCounts(database)
        self._turns = Turns(
            database,
            self.owner,
            hook_states,
            destinations,
            in_flight,
            self._runs,
            self.network,
            self.result_counts,
        )
        self._back: list[Claim] = []
        self._looked_at = 0.0
        self._outcomes: SimpleQueue[tuple[Claim, Outcome]] = SimpleQueue()
        self._unrecorded: list[tuple[Claim, Outcome]] = []
        self._turning = threading.Lock()
        self._turned_at = 0.0
        self._has_taken = False
        self._is_stopping = False
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        self._turned_at = time.monotonic()
        self._turns.start()
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Take nothing more, let what is under way end within `timeout_s`, record it. What has not ended is
        left to its lease.
        """
        self._is_stopping = True
        self._turns.stop()
        self._runs.stop()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
            self._is_over = True
            self._thread.join(2 * TROUBLE_S)
        self._senders.stop()

    def let_start(self, hook_id: str) -> None:
        """Return when every request to this hook that may still begin has begun: once a hook has ended or
        leads elsewhere, none begins after this as it was.

        What this process has leased ahead is withdrawn. Other processes see within `LOOK_EVERY_S` that the
        hook has changed, and give theirs back; until then this waits.

        Raises:
            StoreUndecided: that cannot be said, because a turn waits for the database.
        """
        # A claim that was committed before is handed over when the turn is; later ones know of the end.
        if not self._turning.acquire(timeout=self._start_wait_s):
            raise StoreUndecided(
                "the change is made, but the database has not answered what is still under way"
            )
        self._turning.release()
        self._runs.withdraw([hook_id])
        self._wake.set()
        self._senders.let_start(hook_id, self._start_wait_s)
        wait_for_others(self._database, hook_id, self.owner, self._start_wait_s)

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
        ended = self._collected()
        attempt_log.tell(
            Ended(claim.event_id, claim.hook_id, claim.delivery_id, claim.attempt, outcome)
            for claim, outcome in ended
        )
        self._unrecorded += self.network.counted(ended)
        self._turns.count_workers()
        self._look_at_runs()
        self._back += self._runs.take_back()
        is_called_for = self._unrecorded or self._back or self._turns.is_silent_on_any()
        if not is_called_for and self._turns.due_in_s() > 0.0:
            return False
        outcomes, back = self._unrecorded[: recorded_at_once(self._unrecorded)], self._back[:]
        self._has_taken = False
        with self._turning:
            turn = self._turns.make(outcomes, back)
            if turn.has_given_back:
                del self._back[: len(back)]
            del self._unrecorded[: len(outcomes)]
            self._runs.recorded(outcomes)
            self.network.begun((claim for claim, _ in turn.shipments), self._database.clock.now())
            self._hand_over(turn)
        self._has_taken = bool(turn.shipments)
        return bool(outcomes or back or turn.shipments)

    def _look_at_runs(self) -> None:
        """Withdraw what is not to begin any more, begin what others have made room for."""
        now_s = time.monotonic()
        if now_s < self._looked_at + LOOK_EVERY_S:
            return
        self._looked_at = now_s
        self.back_pressure.look(self._runs.held_up)
        held = self._runs.versions()
        if not held:
            return
        known = self._database.read(lambda: leases.may_run(self._database, held))
        changed = {hook_id for hook_id, version in held.items() if known.get(hook_id) != version}
        self._runs.withdraw(changed | self._in_flight.stalled(now_s))
        if not self.network.is_clear():
            self._runs.withdraw(list(held))
        self._runs.go_on()

    def _ended(self, claim: Claim, outcome: Outcome) -> None:
        """From any thread: an outcome is there, and the next of its hook may begin."""
        self._outcomes.put((claim, outcome))
        self._in_flight.end(claim, time.monotonic(), outcome.duration_s)
        unrecorded = self._runs.ended(claim, outcome)
        if unrecorded >= HURRY or self._outcomes.qsize() >= OUTCOMES_MAX:
            self._wake.set()
        else:
            self._wake.within(CALM_WITHIN_S if unrecorded <= CALM else RECORD_WITHIN_S)

    def _collected(self) -> list[tuple[Claim, Outcome]]:
        """What has ended since the last call."""
        found = []
        while not self._outcomes.empty():
            found.append(self._outcomes.get())
        return found

    def _run(self) -> None:
        self._prepare_thread()
        while not self._is_over and not (self._is_stopping and self._is_done()):
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

    def _is_done(self) -> bool:
        # In this order: what has ended is among the outcomes before it has left what is under way.
        if not self._in_flight.is_empty() or self._runs.has_back():
            return False
        return self._outcomes.empty() and not (self._unrecorded or self._back)

    def _rest(self, did_something: bool) -> None:
        """Sleep until there may be something to do; after a turn that took something, only where that is
        all. What another worker has left for us too is looked at with the next record.
        """
        if did_something and self._unrecorded:
            return
        due_in_s = self._turns.due_in_s()
        if did_something and self._has_taken and due_in_s <= 0.0:
            return
        most_s = LOOK_EVERY_S if self._runs.versions() else POLL_S
        self._wake.wait(max(BREATH_S, min(most_s, due_in_s)))

    def _hand_over(self, turn: Turn) -> None:
        items: list[Item] = []
        for claim, shipment in turn.shipments:
            if isinstance(shipment, Exception) and claim.is_ahead:
                self._back.append(claim)
            elif isinstance(shipment, Exception):  # its hook's row cannot be read
                self._failed(claim, shipment)
            else:
                items.append((claim, shipment, turn.settings))
        self._runs.add(items)

    def _begin(self, item: Item) -> None:
        claim, shipment, tuned = item
        self._in_flight.begin(claim, time.monotonic())
        try:
            self._senders.send(claim, shipment, tuned)
        except Exception as error:  # the system gives no more threads
            self._failed(claim, error)

    def _failed(self, claim: Claim, error: Exception) -> None:
        now = self._database.clock.now()
        self._ended(claim, Outcome("fault", now, 0.0, reason=f"fault of the hub: {error}"))


def wait_for_others(database: Database, hook_id: str, owner: str = "", most_s: float = START_WAIT_S) -> None:
    """Return when no other process has anything of this hook that it has leased before and may still begin,
    or has for too long. What is leased meanwhile knows of the change.
    """

    def look() -> set[str]:
        return database.read(lambda: leases.not_begun(database, hook_id, owner, database.clock.now()))

    until = time.monotonic() + most_s
    held = look()
    while held and time.monotonic() < until:
        time.sleep(0.005)
        held &= look()
