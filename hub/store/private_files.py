"""The files of a SQLite database and those beside it: only their owner may read them, for they hold payloads
and hashes.

Owns their modes, and the lock of a file. Step after: `database` opens what is kept private here.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with opened(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def keep_private(path: Path) -> None:
    """Only its owner reads the database: it holds payloads and hashes. SQLite gives its log the same mode.

    An existing file is never opened here: closing it again would drop the locks that SQLite holds on it for
    the whole process (sqlite.org/howtocorrupt.html §2.2).
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(OSError):
            if one.stat().st_mode & 0o077:
                one.chmod(0o600)


def opened(path: Path) -> IO[str]:
    """A file beside the database, to be locked or written anew; made its owner's alone."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
