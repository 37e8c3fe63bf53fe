"""Tries to sign in that failed: how many in a row, and when the last one was.

Owns their table; a key names an account or an address. How long the next try must wait is judged by
`rules.sign_in`.
"""

from collections.abc import Sequence
from typing import Any

from hub.rules import sign_in
from hub.store import models
from hub.store.database import Database


def locked(database: Database, keys: Sequence[str]) -> dict[str, tuple[int, float]]:
    """Key → failures in a row, and when the last one was. Nobody else changes these until the transaction
    ends.
    """
    table = models.SignInTry
    new: Any = [{"key": key, "failures": 0, "tried_at": 0} for key in sorted(keys)]
    table.insert_many(new).on_conflict_ignore().execute()
    query = table.select().where(table.key.in_(list(keys))).order_by(table.key)
    return {row.key: (row.failures, row.tried_at) for row in database.for_update(query)}


def put(key: str, failures: int, tried_at: float) -> None:
    table = models.SignInTry
    table.update(failures=failures, tried_at=tried_at).where(table.key == key).execute()


def take_back(key: str) -> None:
    """One failure less: it was none."""
    table = models.SignInTry
    table.update(failures=table.failures - 1).where(table.key == key, table.failures > 0).execute()


def forget(key: str) -> None:
    models.SignInTry.delete().where(models.SignInTry.key == key).execute()


def forget_over(now: float) -> None:
    """Delete what no longer counts."""
    table = models.SignInTry
    table.delete().where(table.tried_at < now - sign_in.FORGET_S).execute()
