"""Readiness: whether the database takes a change now, as deliveries need it, and who sends.

Owns the change that is tried: one row of the hub's own, so that asking again and again adds nothing. Step
before: `web.health` is asked. Step after: it judges what came back in time.
"""

from concurrent.futures import Future

from hub.store import settings, workers
from hub.store.database import Database

NOTE = "_ready"


def tried(database: Database, but: str) -> "Future[int]":
    """Change something; the future has how many workers are alive, `but` not counted, or StoreUnavailable."""

    def write() -> int:
        now = database.clock.now()
        settings.put(NOTE, now)
        return workers.alive(now, but=but)

    return database.write(write)
