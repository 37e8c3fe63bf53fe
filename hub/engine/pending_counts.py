"""Counts between two writings: added up in memory, written together, and kept where they cannot be.

Owns the sums that are not yet in the database, and their lock; what is counted, who inherits says
(`type_counts`, `source_counts`, `result_counts`). A crash loses those of the last second, which only pages
see. Step before: `intake` or `turns` has committed. Step after: the scheduler has them written.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import islice
from typing import Generic, TypeVar

from hub.store.database import Database

AT_ONCE = 250
"""Rows of one transaction, which publishers and the dispatcher wait for."""

Key = TypeVar("Key")
Sum = TypeVar("Sum")


class PendingCounts(ABC, Generic[Key, Sum]):
    """For one process; from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._counts: dict[Key, Sum] = {}

    def write(self) -> None:
        """Write what has been counted since the last time; what cannot be written is kept for the next.
        What was counted before is on record when this returns, whoever was just writing it.

        Raises:
            StoreUnavailable: the database does not take it.
        """
        with self._writing:
            for _ in range(0, len(self._counts), AT_ONCE):
                with self._lock:
                    counts = {key: self._counts.pop(key) for key in list(islice(self._counts, AT_ONCE))}
                self._write_these(counts)

    def _write_these(self, counts: dict[Key, Sum]) -> None:
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
