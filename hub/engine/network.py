"""Whether this process suspects its own network, and what it sends then: one probe a host.

Owns what is known of the network (`rules.outage`) and the probes under way. Each process judges by its own
attempts alone. Used by the dispatcher's thread, but for `is_suspected`. Times are by the hub's clock. Step
before: outcomes came back. Step after: they are recorded as they count here, and a claim takes what may be
probed.
"""

import logging
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from hub.rules import outage
from hub.rules.fairness import Load, Room
from hub.rules.outcome import Outcome
from hub.store.leases import Claim

log = logging.getLogger("hub.engine.network")

LOOK_EVERY_S = 1.0
"""While it suspects itself, a process claims no more often."""
PROBE_EVERY_S = 5.0
"""No host is probed again sooner."""
PROBE_MAX_S = 330.0
"""A probe whose end was never seen is forgotten after the longest attempt."""


class Network:
    """As one process sees it."""

    def __init__(self) -> None:
        self._outage = outage.CLEAR
        self._looked_at = 0.0
        self._probes: dict[str, tuple[float, bool]] = {}
        """Host → when its last probe began, and whether it has ended."""

    def is_suspected(self) -> bool:
        return self._outage.is_suspected

    def is_clear(self) -> bool:
        """Nothing speaks against leasing ahead."""
        return self._outage.suspected_since is None and self._outage.allowed is None

    def counted(self, outcomes: Sequence[tuple[Claim, Outcome]]) -> list[tuple[Claim, Outcome]]:
        """The outcomes as they count, in the order in which they ended. Each is to be shown here once."""
        shown = []
        for claim, outcome in sorted(outcomes, key=lambda item: item[1].ended_at):
            self._become(outage.after(self._outage, outcome), outcome.ended_at)
            shown.append((claim, outage.as_counted(self._outage, outcome)))
            if claim.host in self._probes:
                self._probes[claim.host] = (self._probes[claim.host][0], True)
        return shown

    def may_claim(self, now: float) -> bool:
        """Always, but in turns of `LOOK_EVERY_S` while it suspects itself."""
        self._become(outage.at(self._outage, now), now)
        return not self.is_suspected() or not self._looked_at <= now < self._looked_at + LOOK_EVERY_S

    def bounded(self, room: Room, now: float) -> Room:
        """The room that is left of it."""
        if self.is_suspected():
            self._looked_at = now
            self._probes = {host: probe for host, probe in self._probes.items() if _is_busy(probe, now)}
            return replace(room, probed_hosts=frozenset(self._probes))
        if self._outage.allowed is None:
            return room
        return replace(room, total=_at_most(room.total, self._outage.allowed))

    def begun(self, claims: Iterable[Claim], now: float) -> None:
        if self.is_suspected():
            self._probes |= {claim.host: (now, False) for claim in claims}

    def _become(self, known: outage.Outage, now: float) -> None:
        before, self._outage = self._outage, known
        if known.is_suspected and not before.is_suspected:
            log.error(
                "the hub suspects its own network: %s attempts to %s hosts failed and none got through;"
                " one probe a host goes on, and nothing is counted",
                outage.ATTEMPTS_MIN,
                outage.HOSTS_MIN,
            )
        elif before.suspected_since is not None and not known.is_suspected:
            self._probes.clear()
            log.warning(
                "the hub suspects its network no more, after %.0f s; it starts slowly",
                now - before.suspected_since,
            )


def _at_most(load: Load, requests_max: int) -> Load:
    return replace(load, requests_max=min(load.requests_max, requests_max))


def _is_busy(probe: tuple[float, bool], now: float) -> bool:
    began_at, has_ended = probe
    return abs(now - began_at) < (PROBE_EVERY_S if has_ended else PROBE_MAX_S)
