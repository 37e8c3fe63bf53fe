"""Buckets: what is left of a hook's rate, exact over all processes, because its row keeps it.

Owns those columns of locked lanes; how a bucket fills is `rules.bucket`'s. Step before: a claim has counted
what it takes, or a receiver asks for a pause. Step after: the next claim finds no more than that.
"""

from collections.abc import Mapping

from hub.rules.bucket import Bucket
from hub.store import lanes
from hub.store.database import Database


def keep(database: Database, buckets: Mapping[str, Bucket]) -> None:
    """Write what is left in the buckets of locked lanes."""
    database.executemany(
        "UPDATE hook SET tokens = ?, tokens_at = ? WHERE id = ?",
        [(one.tokens, one.at, hook_id) for hook_id, one in sorted(buckets.items())],
    )


def take_token(database: Database, hook_id: str, now: float) -> None:
    """A request to a locked lane has not asked whether there is a token; the next ones wait for it."""
    for lane in lanes.lock(database, [hook_id]).values():
        if (left := lane.bucket(now)) is not None:
            keep(database, {hook_id: left.taken(1)})
