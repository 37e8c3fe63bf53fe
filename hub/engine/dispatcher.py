"""The way out: claim, hand to the senders, record what came back; over and over.

Owns the one thread that claims and records, in one transaction a turn. It sends nothing by itself (`senders`
do), and loses no outcome: what could not be written is written on a later turn. Between turns `runs` begins
what was leased ahead. Step before: whoever made work sets the alarm, or a retry is due. Step after:
`delivery.attempt` in a sender's thread.
"""

import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue

from connectors.base import Batch
from hub.engine import attempt_log, worker
from hub.engine.alarm import Alarm
from hub.engine.arrivals import Arrivals
from hub.engine.attempt_log import Ended
from hub.engine.cores import stay_on_one_core
from hub.engine.delivery import Shipment
from hub.engine.destinations import Destinations
from hub.engine.hook_states import HookStates
from hub.engine.in_flight import InFlight
from hub.engine.network import Network
from hub.engine.runs import Item, Runs
from hub.engine.senders import Senders
from hub.errors import StoreUnavailable, StoreUndecided
from hub.rules.fairness import Ahead
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store import audit, batches, deliveries, lanes, leases, settings, workers
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
BEGUN_AFTER_S = 0.1
"""A request that takes longer is written down as begun, if it was leased ahead: a crash then shows it."""
NEW_S = 10.0
"""A worker that joins others takes no more than they leave until all have counted it."""
TROUBLE_S = 1.0
TURN_WAIT_S = 2.0
TURN_MAX_S = 10.0
"""An idle dispatcher turns every `POLL_S`; one whose last turn is longer ago is stuck."""
OUTCOMES_MAX = 128
"""Of one turn, which publishers wait for."""
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
        wake: Alarm,
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
        self._runs = Runs(in_flight, database.clock, self._begin)
        self.arrivals = Arrivals(database, self.owner, self._destinations, self._runs)
        self._back: list[Claim] = []
        self._looked_at = 0.0
        self._outcomes: SimpleQueue[tuple[Claim, Outcome]] = SimpleQueue()
        self._unrecorded: list[tuple[Claim, Outcome]] = []
        self._turning = threading.Lock()
        self._workers = 1
        self._workers_counted_at = 0.0
        self._started_at = self._turned_at = 0.0
        self._has_taken = False
        self._is_stopping = False
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        self._started_at = self._turned_at = time.monotonic()
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Take nothing more, let what is under way end within `timeout_s`, record it. What has not ended is
        left to its lease.
        """
        self._is_stopping = True
        self._runs.stop()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
            self._is_over = True
            self._thread.join(2 * TROUBLE_S)
        self._senders.stop()

    def let_start(self, hook_id: str) -> None:
        """Return when every request to this hook that may still begin has begun: once a hook has ended, none
        begins after this.

        What this process has leased ahead is withdrawn. Other processes see within `LOOK_EVERY_S` that the
        hook has changed, and give theirs back; until then this waits.

        Raises:
            StoreUndecided: that cannot be said, because a turn waits for the database.
        """
        # A claim that was committed before is handed over when the turn is; later ones know of the end.
        if not self._turning.acquire(timeout=TURN_WAIT_S):
            raise StoreUndecided(
                "the change is made, but the database has not answered what is still under way"
            )
        self._turning.release()
        self._runs.withdraw([hook_id])
        self._wake.set()
        self._senders.let_start(hook_id)
        wait_for_others(self._database, hook_id, self.owner)

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
        self._count_workers()
        self._look_at_runs()
        self._back += self._runs.take_back()
        if not (self._unrecorded or self._back) and not self._has_work():
            return False
        outcomes, back = self._unrecorded[: self._recorded_at_once()], self._back[:]
        self._has_taken = False
        with self._turning:
            turn = self._exchanged(outcomes, back)
            del self._unrecorded[: len(outcomes)]
            self._runs.recorded(outcomes)
            self.network.begun((claim for claim, _ in turn.shipments), self._database.clock.now())
            self._hand_over(turn)
        self._has_taken = bool(turn.shipments)
        return bool(outcomes or back or turn.shipments)

    def _count_workers(self) -> None:
        now_s = time.monotonic()
        if now_s <= self._workers_counted_at + WORKERS_COUNT_EVERY_S:
            return
        self._workers_counted_at = now_s
        self._runs.forget_idle()
        alive = max(1, self._database.read(lambda: workers.alive(self._database.clock.now())))
        if alive != self._workers:
            self._workers = alive
            self._runs.nothing_ahead()  # until a claim has told what its part is now

    def _recorded_at_once(self) -> int:
        """How many of the outcomes one turn records: fewer where they are those of batches."""
        rows = 0
        for n, (claim, _) in enumerate(self._unrecorded[:OUTCOMES_MAX]):
            rows += len(claim.others)
            if n and rows > batches.ROWS_MAX:
                return n
        return OUTCOMES_MAX

    def _look_at_runs(self) -> None:
        """Withdraw what is not to begin any more, begin what others have made room for."""
        now_s = time.monotonic()
        if now_s < self._looked_at + LOOK_EVERY_S:
            return
        self._looked_at = now_s
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
        due_in_s = self._due_in_s()
        if did_something and self._has_taken and due_in_s <= 0.0:
            return
        most_s = LOOK_EVERY_S if self._runs.versions() else POLL_S
        self._wake.wait(max(BREATH_S, min(most_s, due_in_s)))

    def _has_work(self) -> bool:
        return self._due_in_s() <= 0.0

    def _due_in_s(self) -> float:
        """How soon there is something to claim, as far as is known; infinite while nothing may be."""
        now = self._database.clock.now()
        if self._is_stopping or not self._in_flight.has_room() or not self.network.may_claim(now):
            return math.inf
        due_at = self._database.read(lambda: deliveries.next_due(self._database))
        return math.inf if due_at is None else due_at - now

    def _exchanged(self, outcomes: list[tuple[Claim, Outcome]], back: list[Claim]) -> _Turn:
        """Record, give back and claim. Where one outcome spoils the transaction, each is recorded alone, so
        that none waits for it for ever.
        """
        try:
            begun = self._in_flight.unknown(time.monotonic(), BEGUN_AFTER_S)
            turn = self._database.write(
                lambda: self._exchange(outcomes, back, begun), waits=True, is_synced=False
            ).result()
            del self._back[: len(back)]
            self._in_flight.know(begun)
            return turn
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
                reason = (
                    f"fault of the hub: the result could not be written ({type(error).__name__}: "
                    f"{str(error)!a})"
                )

    def _record(self, load: Callable[[], Settings], outcomes: list[tuple[Claim, Outcome]]) -> None:
        now = self._database.clock.now()
        for switched in deliveries.record(self._database, load(), self.owner, outcomes, now, self._chance):
            self._hook_states.changed(switched, audit.HUB, now)

    def _exchange(
        self, outcomes: list[tuple[Claim, Outcome]], back: list[Claim], begun: Mapping[str, float]
    ) -> _Turn:
        """One transaction: outcomes in, claims out. The settings are read in it, so that a change counts from
        the next failure on.
        """
        now = self._database.clock.now()
        tuned = settings.load()
        # Only here may a turn wait for locks, and it takes them all at once in order: what follows leaves out
        # what another process holds.
        if back:
            lanes.lock(self._database, {claim.hook_id for claim in (*back, *(done for done, _ in outcomes))})
        elif not outcomes and self._is_hungry():
            lanes.lock_ready(self._database, now)
        if outcomes:
            self._record(lambda: tuned, outcomes)
        if back:
            leases.give_back(self._database, self.owner, back, now)
        leases.mark_begun(self._database, self.owner, {one: now - for_s for one, for_s in begun.items()})
        lanes.mark_slow(self._database, self._in_flight.stalled(time.monotonic()))
        due_at = deliveries.next_due(self._database)
        if due_at is None or due_at > now:  # what is new was leased as it came
            return _Turn(tuned, [])
        deliveries.promote(self._database, now)
        is_claiming = not self._is_stopping and self.network.may_claim(now)
        claims = self._claim(tuned, now) if is_claiming else []
        return _Turn(tuned, self._shipments(claims))

    def _is_hungry(self) -> bool:
        """Others may have locked what waits whenever this looks. Who has something gets the lanes with its
        record.
        """
        return self._workers > 1 and self._in_flight.is_empty() and not self._is_stopping

    def _claim(self, tuned: Settings, now: float) -> list[Claim]:
        most = tuned.max_in_flight_per_hook
        # Each worker takes an even part of what a hook may have under way. Without it the one that gets an
        # answer first takes the hook's next delivery in the same transaction, and the others nothing.
        part = None if self._workers == 1 else max(1, most // self._workers)
        taken = Counter(self._runs.waiting())
        taken.update(self._runs.unrecorded())
        room = self._in_flight.room(part, time.monotonic(), taken)
        room = replace(room, ahead=self._ahead(most, part))
        return leases.claim(self._database, tuned, self.owner, now, self.network.bounded(room, now))

    def _ahead(self, most: int, part: int | None) -> Ahead | None:
        """What may be leased ahead; nothing while several workers share less than one request for each."""
        is_new = part is not None and time.monotonic() < self._started_at + NEW_S
        if is_new or most < self._workers or not self.network.is_clear():
            self._runs.nothing_ahead()
            return None
        return self._runs.ahead(part or most, part, self._workers)

    def _shipments(self, claims: list[Claim]) -> list[tuple[Claim, Shipment | Exception]]:
        """Claims with what is to be sent, and how; read in the claim's transaction, so that it is what holds
        now.
        """
        if not claims:
            return []
        destinations = self._destinations.of({claim.hook_id: claim.hook_version for claim in claims})
        rows = leases.payloads(self._database, {part.event_id for claim in claims for part in claim.parts})
        shipments: list[tuple[Claim, Shipment | Exception]] = []
        for claim in claims:
            target = destinations[claim.hook_id]
            if isinstance(target, Exception):
                shipments.append((claim, target))
            elif claim.batch_id is not None:
                events = [replace(rows[part.event_id], project=target.project_key) for part in claim.parts]
                batch = Batch(claim.batch_id, events)
                shipments.append((claim, Shipment.of_batch(batch, claim.attempt, target)))
            else:
                event = replace(rows[claim.event_id], project=target.project_key)
                shipments.append((claim, Shipment(claim.delivery_id, claim.attempt, event, target)))
        return shipments

    def _hand_over(self, turn: _Turn) -> None:
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


def wait_for_others(database: Database, hook_id: str, owner: str = "") -> None:
    """Return when no other process has anything of this hook that it may still begin, or has for too long."""
    until = time.monotonic() + TURN_WAIT_S
    while time.monotonic() < until and database.read(
        lambda: leases.is_leased_ahead(database, hook_id, owner)
    ):
        time.sleep(0.005)
