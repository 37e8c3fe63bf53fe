"""The way out: claim, hand to the senders, record what came back; over and over.

Owns the one thread that claims and records, in one transaction a turn. It must never send by itself
(`senders` do), and never keep an outcome from being recorded: what could not be written is written on a later
turn. Fair by the claim (per-hook room, least tried first) and by the senders' share: hooks that are slow,
failing or not yet proven have at most half of them, so that a hundred hanging targets leave the other half to
everybody else. Step before: `intake` or a due retry wakes it. Step after: `delivery.attempt` in a sender's
thread.
"""

import logging
import math
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from hub.engine.delivery import Shipment
from hub.engine.hook_states import HookStates
from hub.engine.senders import Senders, stay_on_one_core
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store import audit, deliveries, destinations, lanes, leases, settings, workers
from hub.store.database import Database, StoreUnavailable
from hub.store.destinations import Destination
from hub.store.leases import Claim
from hub.store.secrets import SecretBox
from hub.targets.outbound import Outbound

log = logging.getLogger("hub.engine.dispatcher")

SENDERS = 512
"""Threads at the most: they are cheap while they wait. Requests in flight = rate × time a receiver takes."""
SLOW_SHARE = 0.5
STALLED_S = 1.0
"""A request that is under way for longer makes its hook a slow one before it has even ended."""
POLL_S = 0.25
"""The longest sleep: events that another process has taken in are seen at the latest then."""
BREATH_S = 0.02
"""The pause after a turn that found nothing to take although something is ready: every sender that it may
have is busy.
"""
TROUBLE_S = 1.0
OUTCOMES_MAX = 500
CREW_COUNT_EVERY_S = 5.0
TARGETS_MAX = 20_000
"""Opened targets kept in memory."""

PROCESS = f"{os.uname().nodename}/{os.getpid()}/{os.urandom(4).hex()}"
"""Names this process among all that ever were: a process id alone is given out again."""


@dataclass(frozen=True, slots=True)
class _Busy:
    hook_id: str
    is_slow: bool
    since: float


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
        senders: int = SENDERS,
    ) -> None:
        """`wake` is set by whoever knows that there may be something to send."""
        self.owner = f"{PROCESS}/{os.urandom(4).hex()}"
        # Not the global generator: that belongs to the whole process.
        self._chance = random.Random().random
        self._database = database
        self._box = box
        self._hook_states = hook_states
        self._wake = wake
        self._senders_max = senders
        self._senders = Senders(outbound, database.clock, wake.set)
        self._unrecorded: list[tuple[Claim, Outcome]] = []
        self._busy: dict[str, _Busy] = {}
        self._turning = threading.Lock()
        self._crew = 1
        self._crew_counted_at = 0.0
        self._targets: dict[str, Destination] = {}
        self._is_stopping = False
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
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
        """
        with self._turning:  # a claim that was committed before is handed over when the turn is
            pass
        self._senders.let_start(hook_id)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def turn(self) -> bool:
        """Record what came back, claim what is ready, hand it to the senders; False when there was nothing to
        do.

        Raises:
            StoreUnavailable: nothing is lost; call again later.
        """
        self._unrecorded += self._senders.collect()
        if not self._unrecorded and not self._has_work():
            return False
        outcomes = self._unrecorded[:OUTCOMES_MAX]
        with self._turning:
            turn = self._exchanged(outcomes)
            for claim, _ in outcomes:
                self._busy.pop(claim.delivery_id, None)
            del self._unrecorded[: len(outcomes)]
            for claim, shipment in turn.shipments:
                self._hand_over(claim, shipment, turn.settings)
        return bool(outcomes or turn.shipments)

    def _run(self) -> None:
        stay_on_one_core()
        while not self._is_over and not (
            self._is_stopping and not self._busy and not self._senders.has_outcomes()
        ):
            try:
                self._rest(self.turn())
            except StoreUnavailable as error:
                log.warning("%s; trying again", error)
                time.sleep(TROUBLE_S)
            except (
                Exception
            ):  # a bug must not end the deliveries; it is logged, and the leases bring back what it dropped
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
        if self._is_stopping or len(self._busy) >= self._senders_max:
            return False
        due_at = self._database.read(lambda: deliveries.next_due(self._database))
        return due_at is not None and due_at <= self._database.clock.now()

    def _exchanged(self, outcomes: list[tuple[Claim, Outcome]]) -> _Turn:
        """Record and claim. Where one outcome spoils the transaction, each is recorded alone, so that none
        waits for it for ever.
        """
        try:
            return self._database.write(lambda: self._exchange(outcomes)).result()
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
                self._database.write(partial(self._record, settings.load, [(claim, known)])).result()
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
        tuned = settings.load_quickly(self._database)
        # Only `record` may wait for locks, and it takes them all at once in order: what follows leaves out
        # what another process holds.
        if outcomes:
            self._record(lambda: tuned, outcomes)
        lanes.mark_slow(self._database, self._stalled())
        deliveries.promote(self._database, now)
        claims = self._claim(tuned, now, outcomes)
        return _Turn(tuned, self._shipments(claims))

    def _claim(self, tuned: Settings, now: float, outcomes: list[tuple[Claim, Outcome]]) -> list[Claim]:
        if self._is_stopping:
            return []
        slow_since = time.monotonic() - STALLED_S
        slow_busy = sum(busy.is_slow or busy.since < slow_since for busy in self._busy.values())
        free = self._senders_max - len(self._busy) + len(outcomes)
        free_for_slow = max(0, int(self._senders_max * SLOW_SHARE) - slow_busy)
        own_room = self._own_room(tuned, now, outcomes)
        return leases.claim(self._database, tuned, self.owner, now, free, free_for_slow, own_room)

    def _own_room(
        self, tuned: Settings, now: float, outcomes: list[tuple[Claim, Outcome]]
    ) -> Callable[[str], int]:
        """How many more requests to one hook this worker may take: an even part of what the hook may have
        under way.

        Without it the worker that gets an answer first takes the hook's next delivery in the same
        transaction, and the others nothing.
        """
        if now > self._crew_counted_at + CREW_COUNT_EVERY_S:
            self._crew, self._crew_counted_at = max(1, workers.alive(now)), now
        if self._crew == 1:
            return lambda hook_id: leases.UNBOUNDED
        part = math.ceil(tuned.max_in_flight_per_hook / self._crew)
        under_way = Counter(busy.hook_id for busy in self._busy.values())
        under_way.subtract(claim.hook_id for claim, _ in outcomes)
        return lambda hook_id: part - under_way[hook_id]

    def _stalled(self) -> set[str]:
        since = time.monotonic() - STALLED_S
        return {busy.hook_id for busy in self._busy.values() if not busy.is_slow and busy.since < since}

    def _shipments(self, claims: list[Claim]) -> list[tuple[Claim, Shipment | Exception]]:
        """Claims with what is to be sent, and how; read in the claim's transaction, so that it is what holds
        now.
        """
        if not claims:
            return []
        found = self._targets_of(claims)
        rows = leases.payloads(self._database, {claim.event_id for claim in claims})
        shipments: list[tuple[Claim, Shipment | Exception]] = []
        for claim in claims:
            target = found[claim.hook_id]
            if isinstance(target, Exception):
                shipments.append((claim, target))
            else:
                event = replace(rows[claim.event_id], project=target.project_key)
                shipments.append((claim, Shipment(claim.delivery_id, claim.attempt, event, target)))
        return shipments

    def _targets_of(self, claims: list[Claim]) -> dict[str, Destination | Exception]:
        """From memory where the version is still the same: opening sealed secrets costs more than sending."""
        versions = {claim.hook_id: claim.hook_version for claim in claims}
        known = {
            h: self._targets[h]
            for h, version in versions.items()
            if h in self._targets and self._targets[h].version == version
        }
        missing = [hook_id for hook_id in versions if hook_id not in known]
        read = destinations.load(self._box, missing) if missing else {}
        if len(self._targets) > TARGETS_MAX:
            self._targets.clear()
        self._targets.update(
            {hook_id: target for hook_id, target in read.items() if isinstance(target, Destination)}
        )
        return {**known, **read}

    def _hand_over(self, claim: Claim, shipment: Shipment | Exception, tuned: Settings) -> None:
        self._busy[claim.delivery_id] = _Busy(claim.hook_id, claim.is_slow, time.monotonic())
        try:
            if isinstance(shipment, Exception):
                raise shipment
            self._senders.send(claim, shipment, tuned)
        except Exception as error:  # its row cannot be read, or the system gives no more threads
            self._senders.settle(
                claim, Outcome("fault", self._database.clock.now(), 0.0, reason=f"fault of the hub: {error}")
            )
