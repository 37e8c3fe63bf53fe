"""The database's files are their owner's alone, and are never opened where SQLite holds locks on them."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hub.store.private_files import keep_private, locked, opened
from tests.rigs.waiting import DEADLINE_S


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_is_private_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    keep_private(path)
    assert (mode(path), path.read_bytes()) == (0o600, b"")


@pytest.mark.parametrize("name", ["hub.db", "hub.db-wal", "hub.db-shm"])
def test_a_file_that_others_may_read_is_tightened_and_keeps_what_is_in_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("kept")
    path.chmod(0o644)
    keep_private(tmp_path / "hub.db")
    assert (mode(path), path.read_text()) == (0o600, "kept")


def test_a_lock_that_sqlite_holds_outlives_it(tmp_path: Path) -> None:
    """Closing a second descriptor of the file would drop it: another process could write then."""
    path = tmp_path / "hub.db"
    keep_private(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    keep_private(path)
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    done = subprocess.run(
        [sys.executable, "-c", other, str(path)], capture_output=True, text=True, timeout=DEADLINE_S
    )
    holder.close()
    assert "database is locked" in done.stderr


def test_one_at_a_time_holds_the_lock_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.lock"
    asks = (
        "import fcntl, sys\n"
        "try: fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: print('held')\n"
        "else: print('free')"
    )

    def asked() -> str:
        command = [sys.executable, "-c", asks, str(path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S).stdout.strip()

    with locked(path):
        assert (asked(), mode(path)) == ("held", 0o600)
    assert asked() == "free"


def test_what_stands_in_a_file_beside_stays_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with opened(path) as handle:
        handle.write("kept")
    with opened(path) as handle:
        assert handle.read() == "kept"
