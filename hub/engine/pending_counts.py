"""Counts between two writings: added up in memory, written together, and kept where they cannot be.

Owns the sums that are not yet in the database, and their lock; what is counted, who inherits says
(`type_counts`, `source_counts`). A crash loses those of the last second, which only pages see. Step before:
`intake` has committed. Step after: the scheduler has them written.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Generic, TypeVar

from hub.store.database import Database

Key = TypeVar("Key")
Sum = TypeVar("Sum")


class PendingCounts(ABC, Generic[Key, Sum]):
    """For one process; from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counts: dict[Key, Sum] = {}

    def write(self) -> None:
        """Write what has been counted since the last time; what cannot be written is kept for the next.

        Raises:
            StoreUnavailable: the database does not take it.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            self._database.write(lambda: self._record(counts)).result()
        except Exception:
            with self._lock:
                self._put_back(counts)
            raise

    @abstractmethod
    def _record(self, counts: Mapping[Key, Sum]) -> None:
        """Write these, in a transaction."""

    @abstractmethod
    def _put_back(self, counts: Mapping[Key, Sum]) -> None:
        """Add these to what has come meanwhile. The lock is held."""
