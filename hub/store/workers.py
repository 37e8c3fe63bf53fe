"""Workers: the processes that send, and when each was last seen.

Owns the heartbeat rows. They say who lives; whose work is taken back, leases say.
"""

from collections.abc import Callable

from hub.store.models import Worker

ALIVE_S = 20.0
"""A worker that has not been seen for so long is taken for gone by the readiness check."""


def beat(worker_id: str, now: float) -> None:
    Worker.insert(id=worker_id, started_at=now, seen_at=now).on_conflict(
        conflict_target=[Worker.id], update={Worker.seen_at: now}
    ).execute()


def leave(worker_id: str) -> None:
    """It stops, or is known to be dead."""
    Worker.delete().where(Worker.id == worker_id).execute()


def leave_dead(is_dead: Callable[[str], bool]) -> None:
    for worker in Worker.select(Worker.id):
        if is_dead(str(worker.id)):
            leave(str(worker.id))


def alive(now: float, but: str = "") -> int:
    """How many were seen lately, `but` not counted. One seen in the future was seen by a clock that was wrong."""
    lately = Worker.seen_at.between(now - ALIVE_S, now + ALIVE_S)
    return int(Worker.select().where(lately, Worker.id != but).count())
