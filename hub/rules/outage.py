"""Is it the receivers, or is it us: when so many fail on the way at once, the hub suspects its own network.

Owns when it does, what an outcome counts meanwhile, and how it goes on afterwards: with slow start. One
receiver that cannot be found or connected to is its own fault (`health`); twenty attempts to five hosts in a
minute, with nobody reached since, are not. Pure; times are epoch seconds by the hub's clock. Step before: an
attempt came back. Step after: `retry` and `health` judge the outcome as it counts.
"""

import msgspec
from msgspec.structs import replace

from hub.rules.outcome import Outcome

ATTEMPTS_MIN = 20
HOSTS_MIN = 5
WINDOW_S = 60.0
"""So many attempts, to so many hosts, within so long."""

QUIET_MAX_S = 660.0
"""Without an attempt for so long, twice the longest pause after a fault of the hub, there is nothing left to
suspect by.
"""

SLOW_START_END = 64
"""Requests under way at which slow start is over."""

_ON_THE_WAY = ("dns", "connect")


class Outage(msgspec.Struct, frozen=True):
    """What is known of the network since somebody was last reached."""

    failures: tuple[float, ...] = ()
    """When the last attempts ended that came no further than the connection, newest last, `ATTEMPTS_MIN` at
    most.
    """
    hosts: tuple[tuple[str, float], ...] = ()
    """The last `HOSTS_MIN` hosts of such attempts, each with when, newest last."""
    suspected_since: float | None = None
    allowed: int | None = None
    """How many requests may be under way during slow start; None = no bound."""

    @property
    def is_suspected(self) -> bool:
        return self.suspected_since is not None


CLEAR = Outage()


def after(outage: Outage, outcome: Outcome) -> Outage:
    """What is known after one more outcome, as it came."""
    if _got_through(outcome):
        return _after_success(outage)
    if not _failed_on_the_way(outcome):
        return outage
    at = outcome.ended_at
    failures = (*outage.failures, at)[-ATTEMPTS_MIN:]
    others = [(host, when) for host, when in outage.hosts if host != outcome.host]
    hosts = (*others, (outcome.host, at))[-HOSTS_MIN:]

    are_many = len(failures) == ATTEMPTS_MIN and len(hosts) == HOSTS_MIN
    if not outage.is_suspected and are_many and min(failures[0], hosts[0][1]) > at - WINDOW_S:
        return Outage(failures, hosts, suspected_since=at)
    return replace(outage, failures=failures, hosts=hosts)


def at(outage: Outage, now: float) -> Outage:
    """What is known now: a suspicion that nothing has confirmed for long is dropped."""
    if outage.is_suspected and outage.failures[-1] < now - QUIET_MAX_S:
        return Outage(allowed=1)
    return outage


def as_counted(outage: Outage, outcome: Outcome) -> Outcome:
    """The outcome as it counts: while the hub suspects itself, a failure on the way is its own fault."""
    if not outage.is_suspected or outcome.kind != "failure" or not _failed_on_the_way(outcome):
        return outcome
    return replace(
        outcome, kind="fault", reason=f"{outcome.reason} (not counted: the hub suspects its own network)"
    )


def _after_success(outage: Outage) -> Outage:
    """Nobody suspects what has just reached somebody. One more per success is twice as many per round, as a
    hook's slow start.
    """
    if outage.is_suspected:
        return Outage(allowed=1)
    if outage.allowed is None:
        return CLEAR
    grown = outage.allowed + 1
    return Outage(allowed=grown if grown < SLOW_START_END else None)


def _got_through(outcome: Outcome) -> bool:
    """It was connected: whatever became of it then, the network is there."""
    return outcome.phase in ("tls", "sent", "head", "body")


def _failed_on_the_way(outcome: Outcome) -> bool:
    return outcome.kind in ("failure", "fault") and outcome.phase in _ON_THE_WAY
