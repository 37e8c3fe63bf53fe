"""Workers: the processes that send, and when each was last seen.

Owns the heartbeat rows. They say who lives; whose work is taken back, leases say.
"""

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A process that sends, and when it was last heard of."""

    id: str
    started_at: float
    seen_at: float


def seen() -> list[WorkerSeen]:
    """All that were heard of in the last day, the latest first."""
    rows = Worker.select().order_by(Worker.seen_at.desc())
    return [WorkerSeen(row.id, row.started_at, row.seen_at) for row in rows]


def alive(now: float, but: str = "") -> int:
    """How many were seen lately, `but` not counted. One seen in the future was seen by a clock that was
    wrong.
    """
    lately = Worker.seen_at.between(now - ALIVE_S, now + ALIVE_S)
    return int(Worker.select().where(lately, Worker.id != but).count())
