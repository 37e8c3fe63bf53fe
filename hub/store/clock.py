"""The hub's clock: one time for all machines, that no step of a wall clock moves.

Owns how "now" is known. Not for `webhook-timestamp`, which receivers compare with their own wall clock.
"""

import time

SANE_S = 1_767_225_600.0
"""2026-01-01: a clock that says less has not been set since its machine was switched on."""


class Clock:
    """Epoch seconds that never step back: the database's time when it was last asked, plus time passed since.

    Leases and due times of many machines must agree, so PostgreSQL's clock is theirs; SQLite's is this
    machine's at start. Between two syncs only a monotonic clock is read, so that a step of the wall clock
    neither stalls a hook nor lets a lease end early. Only a clock that was not set yet when the hub started
    (1970) follows the wall once that is: `unset_for_s`.
    """

    def __init__(self, boot_epoch_s: float | None = None) -> None:
        """`boot_epoch_s`: as another process of this machine has it, whose now is to be the same."""
        self.boot_epoch_s = time.time() - _uptime_s() if boot_epoch_s is None else boot_epoch_s
        """When this machine was started, by this clock."""

    def sync(self, epoch_s: float) -> None:
        self.boot_epoch_s = epoch_s - _uptime_s()

    def unset_for_s(self, wall_s: float) -> float | None:
        """How far this clock is behind a wall clock that has been set since; None when there is nothing to
        mend.
        """
        now = self.now()
        return wall_s - now if now < SANE_S <= wall_s else None

    def now(self) -> float:
        return self.boot_epoch_s + _uptime_s()


def _uptime_s() -> float:
    # CLOCK_BOOTTIME goes on while a machine sleeps; CLOCK_MONOTONIC does not.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
