"""The write lock: whose turn it is to write, between the processes that share a SQLite file.

Owns two files beside the database, locked by the kernel (flock), which gives a lock back when its holder ends
in whatever way. SQLite's own waiting asks again after longer and longer pauses, so whoever writes without a
break keeps the others out. Here each sleeps until its turn. Held for one transaction, by a writer's thread;
what other programs lock, SQLite still waits for by itself. Step after: `database` begins the transaction.
"""

import fcntl
from pathlib import Path
from types import TracebackType

from hub.errors import StoreUnavailable
from hub.store import private_files


class WriteLock:
    """Take it with `with`. For one thread at a time."""

    def __init__(self, database: Path) -> None:
        self._paths = [database.with_name(f"{database.name}.{name}") for name in ("next", "writing")]
        self._is_open = False

    def __enter__(self) -> None:
        """Raises: StoreUnavailable."""
        if not self._is_open:
            try:
                self._next, self._writing = (private_files.opened(path) for path in self._paths)
            except OSError as error:
                raise StoreUnavailable(
                    "the database did not take a change: no file can be made beside it", str(error)
                ) from error
            self._is_open = True
        # One lock alone would go to whoever asks first, which is the one that has just given it back: it is
        # awake. So the next to write waits for it behind a door, and whoever has written stands before it.
        fcntl.flock(self._next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._writing, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._writing, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._next.close()
            self._writing.close()
