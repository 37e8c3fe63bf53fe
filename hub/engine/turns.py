"""A turn: one transaction that records what came back, gives back what is not to begin, and claims.

Owns what goes into it and in which order, how many workers share what waits, and that no outcome is lost: one
that spoils the transaction is recorded alone. Used by the dispatcher's thread. Step before: `dispatcher` has
collected outcomes, or something is due. Step after: it hands the claims to `runs`.
"""

import logging
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from connectors.base import Batch
from hub.engine.delivery import Shipment
from hub.engine.destinations import Destinations
from hub.engine.hook_states import HookStates
from hub.engine.in_flight import InFlight
from hub.engine.network import Network
from hub.engine.result_counts import ResultCounts
from hub.engine.runs import Runs
from hub.errors import StoreUnavailable
from hub.rules.fairness import Ahead
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store import audit, batches, claims, deliveries, lanes, leases, settings, workers
from hub.store.database import Database
from hub.store.destinations import Destination
from hub.store.leases import Claim

log = logging.getLogger("hub.engine.turns")

BEGUN_AFTER_S = 0.1
"""A request that takes longer is written down as begun, if it was leased ahead: a crash then shows it."""
NEW_S = 10.0
"""A worker that joins others takes no more than they leave until all have counted it."""
OUTCOMES_MAX = 192
"""Of one turn, which publishers wait for."""
DEAR_MAX = 32
"""Of those, how many of hooks that are not well: each may change its hook's state, of which others are told,
and that costs as much as many results.
"""
WORKERS_COUNT_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What one transaction brought."""

    settings: Settings
    shipments: Sequence[tuple[Claim, Shipment | Exception]] = ()
    has_given_back: bool = True


class Turns:
    """Those of one process."""

    def __init__(
        self,
        database: Database,
        owner: str,
        hook_states: HookStates,
        destinations: Destinations,
        in_flight: InFlight,
        runs: Runs,
        network: Network,
        counts: ResultCounts,
    ) -> None:
        self._database = database
        self._owner = owner
        self._hook_states = hook_states
        self._destinations = destinations
        self._in_flight = in_flight
        self._runs = runs
        self._network = network
        self._counts = counts
        # Not the global generator: that belongs to the whole process.
        self._chance = random.Random().random
        self._workers = 1
        self._workers_counted_at = 0.0
        self._started_at = 0.0
        self._is_stopping = False

    def start(self) -> None:
        self._started_at = time.monotonic()

    def stop(self) -> None:
        """Nothing more is claimed."""
        self._is_stopping = True

    def count_workers(self) -> None:
        """Now and then."""
        now_s = time.monotonic()
        if now_s <= self._workers_counted_at + WORKERS_COUNT_EVERY_S:
            return
        self._workers_counted_at = now_s
        self._runs.forget_idle()
        alive = max(1, self._database.read(lambda: workers.alive(self._database.clock.now())))
        if alive != self._workers:
            self._workers = alive
            self._runs.offer_nothing()  # until a claim has told what its part is now

    def due_in_s(self) -> float:
        """How soon there is something to claim, as far as is known; infinite while nothing may be."""
        now = self._database.clock.now()
        if self._is_stopping or not self._in_flight.has_room() or not self._network.may_claim(now):
            return math.inf
        due_at = self._database.read(lambda: deliveries.next_due(self._database))
        return math.inf if due_at is None else due_at - now

    def is_silent_on_any(self) -> bool:
        """Whether a request lasts of which no row says that it has begun: others may wait to know."""
        return bool(self._in_flight.unknown(time.monotonic(), BEGUN_AFTER_S))

    def make(self, outcomes: Sequence[tuple[Claim, Outcome]], back: Sequence[Claim]) -> Turn:
        """Record, give back and claim. Where one outcome spoils the transaction, each is recorded alone, so
        that none waits for it for ever.

        Raises:
            StoreUnavailable: nothing is lost; try again later.
        """
        try:
            begun = self._in_flight.unknown(time.monotonic(), BEGUN_AFTER_S)
            turn = self._database.write(
                lambda: self._exchange(outcomes, back, begun), waits=True, is_synced=False
            ).result()
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
        return Turn(Settings(), has_given_back=False)

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

    def _record(self, load: Callable[[], Settings], outcomes: Sequence[tuple[Claim, Outcome]]) -> None:
        now = self._database.clock.now()

        def count(counted: Sequence[tuple[str, int, Outcome]]) -> None:
            self._database.after_commit(lambda: self._counts.add(counted))

        switched = deliveries.record(self._database, load(), self._owner, outcomes, now, self._chance, count)
        self._hook_states.changed(switched, audit.HUB, now)

    def _exchange(
        self, outcomes: Sequence[tuple[Claim, Outcome]], back: Sequence[Claim], begun: Mapping[str, float]
    ) -> Turn:
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
            leases.give_back(self._database, self._owner, back, now)
        leases.mark_begun(self._database, self._owner, {one: now - for_s for one, for_s in begun.items()})
        lanes.mark_slow(self._database, self._in_flight.stalled(time.monotonic()))
        due_at = deliveries.next_due(self._database)
        if due_at is None or due_at > now:  # what is new was leased as it came
            return Turn(tuned)
        deliveries.promote(self._database, now)
        is_claiming = not self._is_stopping and self._network.may_claim(now)
        taken = self._claim(tuned, now) if is_claiming else []
        return Turn(tuned, self._shipments(taken))

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
        return claims.claim(self._database, tuned, self._owner, now, self._network.bounded(room, now))

    def _ahead(self, most: int, part: int | None) -> Ahead | None:
        """What may be leased ahead; nothing while several workers share less than one request for each."""
        is_new = part is not None and time.monotonic() < self._started_at + NEW_S
        if is_new or most < self._workers or not self._network.is_clear():
            self._runs.offer_nothing()
            return None
        return self._runs.ahead(part or most, part, self._workers)

    def _shipments(self, claims: list[Claim]) -> list[tuple[Claim, Shipment | Exception]]:
        """Claims with what is to be sent, and how; read in the claim's transaction, so that it is what holds
        now.
        """
        if not claims:
            return []
        destinations = self._destinations.of({claim.hook_id: claim.hook_version for claim in claims})
        projects = {
            part.event_id: target.project_key
            for claim in claims
            if isinstance(target := destinations[claim.hook_id], Destination)
            for part in claim.parts
        }
        events = leases.payloads(self._database, projects)
        shipments: list[tuple[Claim, Shipment | Exception]] = []
        for claim in claims:
            target = destinations[claim.hook_id]
            if isinstance(target, Exception):
                shipments.append((claim, target))
            elif claim.batch_id is not None:
                batch = Batch(claim.batch_id, [events[part.event_id] for part in claim.parts])
                shipments.append((claim, Shipment.of_batch(batch, claim.attempt, target)))
            else:
                event = events[claim.event_id]
                shipments.append((claim, Shipment(claim.delivery_id, claim.attempt, event, target)))
        return shipments


def recorded_at_once(outcomes: Sequence[tuple[Claim, Outcome]]) -> int:
    """How many of these one turn records: fewer where they are those of batches, or of hooks that are not
    well.
    """
    rows = dear = 0
    for n, (claim, _) in enumerate(outcomes[:OUTCOMES_MAX]):
        rows += len(claim.others)
        dear += not claim.is_in_run
        if n and (rows > batches.ROWS_MAX or dear > DEAR_MAX):
            return n
    return OUTCOMES_MAX
